#!/bin/sh
# SPDX-License-Identifier: EUPL-1.2
# The verifiers' codes: each that the sources use is in the list, each in the list is used, is asked for by a test, and
# stands with its rule in docs/verifying.md.  Likewise the rows of idp-adapters/refusals.def, whose documents
# tests/unit/test_cities_doc.c holds to the table.  Prints each offence and exits 1.
set -eu
cd "$(dirname "$0")/.."
bad=0
offence() { echo "$1" >&2; bad=1; }

# list FILE: "code rule" of each row, continuation and quotes taken off.
list() { sed -n 's/^ *X(\([a-z0-9_]*\), *"\(.*\)") *\\\{0,1\}$/\1 \2/p' "$1"; }

# used PREFIXES FILE…: words in quotes that begin as codes do.
used() {
    prefixes=$1
    shift
    sed 's/S("[^"]*")//g' "$@" | grep -oE "\"($prefixes)[a-z0-9_]*\"" | tr -d '"' | sort -u
}

compare() {
    def=$1 codes=$2
    list "$def" > "$dir/rows"
    cut -d' ' -f1 "$dir/rows" | sort > "$dir/listed"
    for code in $(comm -13 "$dir/listed" "$codes"); do offence "$def: $code is used and not listed"; done
    for code in $(comm -23 "$dir/listed" "$codes"); do offence "$def: $code is listed and not used"; done
    while read -r code rule; do
        grep -rqF "\"$code\"" tests/unit || [ "$code" = xml_memory ] ||
            offence "$def: no test asks for $code"
        grep -qF "| \`$code\` | $rule |" docs/verifying.md || offence "docs/verifying.md: not as in $def: $code: $rule"
    done < "$dir/rows"
}

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
{
    used 'xml_|enc_|sig_|key_weak|message_|response_|assertion_|subject_|confirmation_|conditions_|proxy_|audience|authn_|attribute_|name_id' \
        wire/xml.c wire/xmlenc.c wire/dsig.c wire/saml.c
    used 'status|city_refused|session_over|lifetime' wire/saml.c
} | sort -u > "$dir/saml"
compare wire/saml_codes.def "$dir/saml"
used 'ask_' wire/saml_ask.c > "$dir/ask"
compare wire/saml_ask_codes.def "$dir/ask"
used 'jwks_|token_|header_|alg_|claims_|key_|signature_|iss_|sub_|aud_|azp_|exp_|iat_|nbf_|not_yet|nonce_|jti_|sid_|at_hash_|auth_time_|jwk_|secret_' \
    wire/jose.c wire/jws.c wire/jwks.c wire/jose_claims.c | grep -vxE 'at_hash|auth_time|key_ops' > "$dir/jose"
compare wire/jose_codes.def "$dir/jose"

# What a sign-in is refused with: rows are named by enum, or by the word of whoever fetched; nobody writes a code by hand
# where a sign-in runs, but what every request may be refused with.
def=idp-adapters/refusals.def
sed -n '/define REFUSALS/,/define MEND_/s/^ *X(\([a-z0-9_]*\),.*/\1/p' "$def" | sort > "$dir/rows"
while read -r code; do
    grep -rqE "REFUSAL_$code\\b|\"$code\"" idp-adapters/*.c gateway/*.c gateway/session gateway/process/fetcher.c wire/fetch.c ||
        offence "$def: $code is listed and not used"
    grep -rqE "\"$code[ \"]|refused $code\\b|\b$code\b.*(code|refus)" tests/unit tests/contract tests/scenario tests/e2e ||
        offence "$def: no test asks for $code"
done < "$dir/rows"
general='temporarily_unavailable|server_error|invalid_request|too_large|busy|too_many_requests'
for code in $(sed 's/S("[^"]*")//g' idp-adapters/*.c gateway/upstream_return.c |
    tr '\n' ' ' | grep -oE '\bfail\([^,"]*, FAIL_[A-Z]*, "[a-z0-9_]+"' | grep -oE '"[a-z0-9_]+"' | tr -d '"' | sort -u |
    grep -vxE "$general"); do
    grep -qE "X\($code," "$def" || offence "$def: $code is used and not listed"
done
[ "$bad" -eq 0 ] && echo "every code is listed, used, tested and documented"
exit "$bad"
