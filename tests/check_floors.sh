#!/bin/sh
# SPDX-License-Identifier: EUPL-1.2
# A file includes its own folder and lower floors only; a foreign library comes in through one door; proof types are
# made by their makers alone.  Prints each offence and exits 1, or says how many files obey.
set -eu
cd "$(dirname "$0")/.."
bad=0
offence() { echo "$1" >&2; bad=1; }

floor_of() {
    case "$1" in
    base) echo 0 ;; model | wire) echo 1 ;; certs) echo 2 ;; idp-adapters | policy | audit) echo 3 ;; registry) echo 4 ;; launcher) echo 5 ;; gateway) echo 6 ;;
    *) echo none ;;
    esac
}

sources=$(find base model wire certs idp-adapters policy audit registry launcher gateway -name '*.[ch]' | sort)
for f in $sources; do
    top=${f%%/*}
    mine=$(floor_of "$top")
    for inc in $(sed -n 's/^#include "\([^"]*\)".*/\1/p' "$f"); do
        other=${inc%%/*}
        theirs=$(floor_of "$other")
        if [ "$theirs" = none ]; then
            # Files made at build time stand without a folder or under generated names of their own floor.
            case "$inc" in tests/*) offence "$f: product code includes $inc" ;; esac
            continue
        fi
        if [ "$other" != "$top" ] && [ "$theirs" -ge "$mine" ]; then
            offence "$f: floor $mine includes $inc from floor $theirs"
        fi
        # The policy language stands on base/ alone.
        case "$f" in policy/cedar/*) case "$inc" in base/* | policy/cedar/*) ;; *) offence "$f: policy/cedar includes $inc" ;; esac ;; esac
    done
done

# door PATTERN FILES-REGEX: only these may include it.
door() {
    for f in $(grep -lE "^#include <($1)" $sources || true); do
        echo "$f" | grep -qxE "$2" || offence "$f: includes <$1> outside its door ($2)"
    done
}
door 'microhttpd' 'gateway/http/library\.c'
door 'hiredis' 'wire/kv\.c'
door 'libxml/' 'wire/(xml|dsig|saml)[a-z_]*\.[ch]|wire/xmlenc\.[ch]'
door 'oauth2/|cjose/' 'wire/jose\.c'
door 'jansson' 'wire/json\.c'
door 'yaml' 'wire/yaml\.c'
door 'sqlite3|libpq' 'wire/db[a-z_]*\.c'
door 'curl/' 'gateway/process/fetcher\.c'
door 'argon2' 'idp-adapters/password\.c'
door 'seccomp|linux/landlock' '(base|gateway/process|certs)/(sandbox|landlock|signer)[a-z_]*\.c'
door 'openssl/pem' 'certs/.*\.c|wire/(jose|saml|dsig)[a-z_]*\.c'

# malloc and friends belong to base/ (and to a callback that a library defines).
for f in $(echo "$sources" | grep -v '^base/'); do
    if grep -vE '^ *(/\*|\*)' "$f" | grep -E '[^a-z_](malloc|calloc|realloc|strdup|strndup)\(' >/dev/null; then
        grep -q 'floors: malloc' "$f" || offence "$f: allocates outside base/"
    fi
    if grep -nE '[^a-z_](time|gettimeofday|rand|random|getrandom)\(' "$f" | grep -vE 'world_|kv_|_random\(' >/dev/null; then
        offence "$f: time or randomness not through base/world.h"
    fi
done

# Only the verifier makes a proven element; only html.c makes trusted markup.
for f in $(grep -lE '\(struct signed_xml\) *\{' $sources || true); do
    case "$f" in wire/dsig.c) ;; *) offence "$f: makes a struct signed_xml" ;; esac
done

for d in base model wire certs idp-adapters policy policy/cedar audit registry launcher gateway tests bench deploy docs; do
    [ -d "$d" ] && [ ! -f "$d/README.md" ] && offence "$d: has no README.md"
done
for f in $sources; do
    head -1 "$f" | grep -q 'SPDX-License-Identifier: EUPL-1.2' || offence "$f: no SPDX line"
    grep -nE '\b(TODO|FIXME|XXX)\b' "$f" >/dev/null && offence "$f: holds a note to self"
done

# A README's map is true: what it links to is there.
for f in $(git ls-files '*.md'); do
    for link in $(grep -oE '\]\([^)#]+' "$f" | sed 's/^](//' | grep -vE '^https?:' || true); do
        [ -e "$(dirname "$f")/$link" ] || offence "$f: links to $link, which is not there"
    done
done

[ "$bad" -eq 0 ] && echo "$(echo "$sources" | wc -l) files obey the floors"
exit "$bad"
