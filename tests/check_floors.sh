#!/bin/sh
# SPDX-License-Identifier: EUPL-1.2
# A file includes its own folder and lower floors only; a foreign library comes in through one door; proof types are
# made by their makers alone.  Prints each offence and exits 1, or says how many files obey.   check_floors.sh [TREE]
set -eu
cd "${1:-$(dirname "$0")/..}"
bad=0
offence() { echo "$1" >&2; bad=1; }

sources=$(find base model wire certs idp-adapters policy audit alarms registry frame launcher console portal gateway -name '*.[ch]' | sort)

# Inner floors of gateway/, and the room on each: rooms of one floor do not know one another.  What runs has an order of
# its own: the command line starts processes, a process turns lanes.
offences=$(grep -H '^#include "' $sources | sed 's/:#include "\([^"]*\)".*/ \1/' | awk '
function floor_of(top) {
    if (top == "base") return 0
    if (top == "model" || top == "wire") return 1
    if (top == "certs") return 2
    if (top == "idp-adapters" || top == "policy" || top == "audit" || top == "alarms") return 3
    if (top == "registry" || top == "frame") return 4
    if (top == "launcher" || top == "console" || top == "portal") return 5
    if (top == "gateway") return 6
    return -1
}
function room_of(path) {    # "a http": inner floor and room; "" for none
    if (path ~ /^gateway\/(http\/|routes\.|answer\.|errors\.|flood\.|pace\.|notice\.|metrics\.|tally\.|pulse\.|trace\.|nodes\.|letters\.|mail\.|post\.|reminders\.)/) return "a http"
    if (path ~ /^gateway\/session\//) return "b session"
    if (path ~ /^gateway\/(flow\.|once\.|whose\.|beside\.|service_keys\.|consent\.|explain\.|plea\.|passes\.|joining\.|registrar\.|protocol\.|protocols\.def|release\.|tested\.|trial_ways\.|logout[a-z_]*\.|farewell[a-z_]*\.|will\.|vigil\.|upstream_)/) return "c flow"
    if (path ~ /^gateway\/gate\//) return "c gate"
    if (match(path, /^gateway\/(oidc|saml|lti|link|api|pages|me|console|vendor)\//)) return "d " substr(path, 9, RLENGTH - 9)
    if (path ~ /^gateway\/node\//) return "e node"
    if (path ~ /^gateway\/process\//) return "f process"
    if (path ~ /^gateway\/cli\//) return "g cli"
    return ""
}
function folder_of(path) { sub(/\/[^\/]*$/, "", path); return path }
function is_shown(path) {   # to other folders: what a folder keeps to itself is its own
    if (path ~ /^audit\//) return path == "audit/audit.h" || path == "audit/find.h" || path == "audit/heads.h" || path == "audit/proof.h" || path == "audit/index.h"
    if (path ~ /^registry\//) return path == "registry/registry.h" || path == "registry/change.h" || path == "registry/edit.h" || path == "registry/tell.h" || path == "registry/people.h" || path == "registry/pleas.h" || path == "registry/consents.h" || path == "registry/wards.h" || path == "registry/vendors.h" || path == "registry/contacts.h" || path == "registry/gates.h" || path == "registry/known.h" || path == "registry/links.h" || path == "registry/uses.h" || path == "registry/mails.h" || path == "registry/idp_probes.h" || path == "registry/members.h" || path == "registry/class_links.h" || path == "registry/shadow.h" || path == "registry/desk.h" || path == "registry/ends.h" || path == "registry/targets.h" || path == "registry/versions.h" || path == "registry/readiness.h" || path == "registry/permissions.h" || path == "registry/opened.h" || path == "registry/service_ends.h" || path == "registry/own_names.h" || path == "registry/urls.h" || path == "registry/kinds.h" || path == "registry/stores.h"
    return path !~ /\/int\.h$/
}
{
    file = $1; inc = $2
    split(file, f, "/"); split(inc, g, "/")
    mine = floor_of(f[1]); theirs = floor_of(g[1])
    if (theirs < 0) {       # files made at build time stand without a folder
        if (g[1] == "tests") print file ": product code includes " inc
        next
    }
    if (f[1] != g[1] && theirs >= mine) print file ": floor " mine " includes " inc " from floor " theirs
    if (folder_of(file) != folder_of(inc) && !is_shown(inc)) print file ": includes " inc ", which its folder keeps to itself"
    if (file ~ /^policy\/cedar\// && inc !~ /^(base|policy\/cedar)\//)   # the policy language stands on base/ alone
        print file ": policy/cedar includes " inc
    if (f[1] != "gateway" || g[1] != "gateway") next
    from = room_of(file); to = room_of(inc)
    if (file ~ /^gateway\/oidc\// && inc ~ /^gateway\/oidc\//) {   # its rooms: client knows no other, tokens knows client, the upper ones not one another
        a = folder_of(file); b = folder_of(inc); sub(/^gateway\/oidc\/?/, "", a); sub(/^gateway\/oidc\/?/, "", b)
        if (a != "" && b != "" && a != b && b !~ /^(client|tokens)$/) print file ": room oidc/" a " includes " inc " of the room oidc/" b
        if (a == "client" && b == "tokens") print file ": room oidc/" a " includes " inc " of the room beside it"
    }
    if (from == "" || to == "") print (from == "" ? file : inc) ": stands in no room of gateway/ (" file " includes " inc ")"
    else if (from != to && substr(from, 1, 1) == substr(to, 1, 1)) print file ": room " from " includes " inc " of the room beside it, " to
    else if (substr(to, 1, 1) > substr(from, 1, 1)) print file ": inner floor " substr(from, 1, 1) " includes " inc " from inner floor " substr(to, 1, 1)
}')
[ -z "$offences" ] || { echo "$offences" >&2; bad=1; }

# door PATTERN FILES-REGEX: only these may include it.
door() {
    for f in $(grep -lE "^#include <($1)" $sources || true); do
        echo "$f" | grep -qxE "$2" || offence "$f: includes <$1> outside its door ($2)"
    done
}
door 'microhttpd' 'gateway/http/library\.c'
door 'hiredis' 'wire/kv_link\.c'
door 'openssl/ssl' 'wire/kv_tls\.c'
door 'libxml/' 'wire/(xml|dsig|saml|svg)[a-z_]*\.[ch]|wire/xmlenc\.[ch]'
door 'oauth2/|cjose/' 'wire/jose\.c'
door 'jansson' 'wire/json\.c'
door 'yaml' 'wire/yaml\.c'
door 'sqlite3|libpq' 'wire/db[a-z_]*\.c'
door 'curl/' 'gateway/process/fetch(er|_mail)\.[ch]'
door 'argon2' 'idp-adapters/password\.c'
door 'png' 'wire/logo\.c'
door 'fido(\.h|/)' 'wire/passkey\.c'
door 'qrencode' 'wire/qr\.c'
door 'utf8proc' 'base/text\.c'
door 'seccomp|linux/landlock' '(base|gateway/process|certs)/(sandbox|landlock|signer)[a-z_]*\.c'
# Signatures, key agreement and encryption: who does them by hand is one of these, and is asked by all others.
door 'openssl/(evp|hmac|ec|ecdsa|rsa|param_build)\.h' 'base/crypt\.c|certs/[a-z_]*\.c|wire/(jwks|jwe|jose_ed25519|cert|dsig|xmlenc|xmlenc_seal)\.c'
door 'openssl/pem' 'certs/.*\.c|wire/(cert|jose|saml|dsig)[a-z_]*\.c'

# malloc and friends belong to base/ (and to a callback that a library defines).
for f in $(grep -lE '[^a-z_](malloc|calloc|realloc|strdup|strndup)\(' $(echo "$sources" | grep -v '^base/') || true); do
    if grep -vE '^ *(/\*|\*)' "$f" | grep -E '[^a-z_](malloc|calloc|realloc|strdup|strndup)\(' >/dev/null; then
        grep -q 'floors: malloc' "$f" || offence "$f: allocates outside base/"
    fi
done
for f in $(grep -lE '[^a-z_](time|gettimeofday|rand|random|getrandom)\(' $(echo "$sources" | grep -v '^base/') || true); do
    if grep -nE '[^a-z_](time|gettimeofday|rand|random|getrandom)\(' "$f" | grep -vE 'world_|kv_|_random\(' >/dev/null; then
        offence "$f: time or randomness not through base/world.h"
    fi
done

# Only the verifier makes a proven element; only html.c makes trusted markup.
for f in $(grep -lE '\(struct signed_xml\) *\{' $sources || true); do
    case "$f" in wire/dsig.c) ;; *) offence "$f: makes a struct signed_xml" ;; esac
done

# One writer: rows of the federation are written by a change alone (and rules of earlier versions become policies).
for f in $(grep -lE -- '->(insert|remove),' $(echo "$sources" | grep '^registry/') | grep -vxE 'registry/(change|old_rules)\.c' || true); do
    offence "$f: writes rows; registry/change.c does"
done

# Inside of the policy language nothing is found without a code for programs (a name of cedar.h, or one that is handed on).
for f in $(grep -lE '\bcedar_error\(|cedar_(fault|warn)\([^,]*,[^,]*CEDAR_FINDING_NONE' $(echo "$sources" | grep '^policy/cedar/' | grep -vE '/diag\.[ch]$') || true); do
    offence "$f: finds something without a code (cedar_fault, cedar_warn)"
done

for d in base model wire certs idp-adapters policy policy/cedar audit alarms registry frame launcher console portal gateway gateway/* tests bench deploy docs; do
    [ -d "$d" ] && [ ! -f "$d/README.md" ] && offence "$d: has no README.md"
done
for f in $(awk 'FNR == 1 && !/SPDX-License-Identifier: EUPL-1.2/ { print FILENAME }' $sources); do offence "$f: no SPDX line"; done
for f in $(grep -lE '\b(TODO|FIXME|XXX)\b' $sources || true); do offence "$f: holds a note to self"; done

# A README's map is true: what it links to is there.
for f in $(git ls-files '*.md' 2>/dev/null); do
    for link in $(grep -oE '\]\([^)#]+' "$f" | sed 's/^](//' | grep -vE '^https?:' || true); do
        [ -e "$(dirname "$f")/$link" ] || offence "$f: links to $link, which is not there"
    done
done

[ "$bad" -eq 0 ] && echo "$(echo "$sources" | wc -l) files obey the floors"
exit "$bad"
