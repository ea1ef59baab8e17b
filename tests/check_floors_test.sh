#!/bin/sh
# SPDX-License-Identifier: EUPL-1.2
# The check of the floors can fail: each include that must not be, planted in a copy of the sources, is refused and both
# files are named.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
cd "$here"
cp -r --parents base model wire certs idp-adapters policy audit alarms registry frame launcher console portal gateway "$tree"
mkdir -p "$tree/tests" "$tree/bench" "$tree/deploy" "$tree/docs"
for d in tests bench deploy docs; do touch "$tree/$d/README.md"; done
passed=0 failed=0

tests/check_floors.sh "$tree" >/dev/null || { echo "the tree itself does not obey"; exit 1; }

# plant FILE INCLUDED WHY: the first line says why.
plant() {
    cp "$tree/$1" "$tree/kept"
    printf '#include "%s"\n' "$2" >> "$tree/$1"
    if said=$(tests/check_floors.sh "$tree" 2>&1); then
        echo "$1 includes $2 ($3), and nothing was said"; failed=$((failed + 1))
    elif ! echo "$said" | grep -F "$1" | grep -qF "$2"; then
        echo "$1 includes $2 ($3), and the offence names not both: $said"; failed=$((failed + 1))
    else
        passed=$((passed + 1))
    fi
    mv "$tree/kept" "$tree/$1"
}

plant gateway/flow.c gateway/oidc/oidc.h "flow knows no protocol"
plant gateway/release.c gateway/oidc/oidc.h "release knows no protocol"
plant gateway/session/session.c gateway/flow.h "a session knows no flow"
plant gateway/session/login_cookie.c gateway/pages/favourites.h "a login knows no page"
plant gateway/answer.c gateway/flow.h "an answer knows no flow"
plant gateway/http/server.c gateway/session/session.h "bytes know no session"
plant gateway/oidc/grants/token.c gateway/pages/favourites.h "a protocol knows no page"
plant gateway/pages/launch.c gateway/oidc/oidc.h "a page knows no protocol"
plant gateway/oidc/grants/token.c gateway/oidc/request/request.h "rooms of the provider do not know one another"
plant gateway/oidc/client/auth.c gateway/oidc/grants/grants.h "who a service is hangs on no grant"
plant gateway/link/link.c gateway/oidc/oidc.h "a protocol knows no other"
plant gateway/pages/sign_in.c gateway/node/node.h "a page knows no node"
plant gateway/node/node.c gateway/process/supervisor.h "a node knows no process"
plant gateway/process/supervisor.c gateway/cli/cli.h "a process knows no command line"
plant gateway/flow.c gateway/session/int.h "a folder's own header"
plant gateway/cli/import.c registry/schema.h "a folder's own header"
plant gateway/flow.c audit/line.h "a folder's own header"
plant registry/import.c gateway/flow.h "the registry knows no gateway"
plant audit/audit.c registry/registry.h "the audit log knows no registry"
plant audit/audit.c policy/policy.h "folders of one floor do not know one another"
plant launcher/tiles.c gateway/flow.h "a page's looks know no gateway"
plant launcher/tiles.c console/pages.h "the launcher knows no console"
plant console/pages.c launcher/pages.h "the console knows no launcher"
plant gateway/console/door.c gateway/pages/favourites.h "the console's endpoints know no other page's"
plant gateway/pages/launch.c gateway/console/door.h "a page knows no console"
plant frame/page.c registry/registry.h "what pages share knows no registry"

cp "$tree/policy/cedar/parse.c" "$tree/kept"
echo 'bool f(void) { return cedar_error(d, span, "something"); }' >> "$tree/policy/cedar/parse.c"
if tests/check_floors.sh "$tree" 2>&1 | grep -q 'policy/cedar/parse.c: finds something without a code'; then
    passed=$((passed + 1))
else
    echo "a finding without a code, and nothing was said"; failed=$((failed + 1))
fi
mv "$tree/kept" "$tree/policy/cedar/parse.c"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
