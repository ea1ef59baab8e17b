#!/bin/sh
# SPDX-License-Identifier: EUPL-1.2
# A second opinion: xmlsec1 on the answers that the unit tests accept.  What it calls unsigned and we accepted would be
# a hole.  usage: differential.sh TEST_SAML_PROGRAM
set -eu
command -v xmlsec1 > /dev/null || { echo "skipped: xmlsec1 is not installed"; exit 77; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
DIGIONE_SAML_DUMP="$dir" "$1" > /dev/null
checked=0 bad=0
for answer in "$dir"/ok-var-*.xml "$dir"/ok-*-[0124567]-*.xml "$dir"/ok-values-*.xml; do
    case "$answer" in *-enc-*) continue ;; esac
    [ "$(cat "${answer%.xml}.expected")" = ok ] || continue
    if ! xmlsec1 --verify --id-attr:ID urn:oasis:names:tc:SAML:2.0:protocol:Response \
        --id-attr:ID urn:oasis:names:tc:SAML:2.0:assertion:Assertion --pubkey-cert-pem "$dir/idp-rsa.pem" \
        --enabled-key-data rsa "$answer" > "$dir/said" 2>&1; then
        echo "xmlsec1 refuses what we accept: ${answer##*/}" >&2
        tail -2 "$dir/said" >&2
        bad=1
    fi
    checked=$((checked + 1))
done
echo "$checked answers verified by xmlsec1 as well"
[ "$checked" -gt 100 ] || { echo "too few answers to compare" >&2; exit 1; }
exit $bad
