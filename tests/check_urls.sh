#!/bin/sh
# SPDX-License-Identifier: EUPL-1.2
# Addresses with parameters are made by url_to() and url_query() (wire/form.h) alone: a value that is pasted behind "name=" could
# lead on its own.  Found are string literals that end with "?name=" or "&name=", or go on with a format.
#   check_urls.sh [FOLDER…]
cd "$(dirname "$0")/.." || exit 1
[ $# -gt 0 ] || set -- gateway idp-adapters launcher console registry wire lti alarms audit certs policy frame model
found=$(find "$@" -name '*.c' 2>/dev/null | xargs grep -nE '"[^"]*[?&][A-Za-z_]+=(%|")' |
    # A number leads nowhere, and what is looked for is not made.
    grep -vE '=%lld"|str_find\(')
[ -z "$found" ] && exit 0
echo "$found"
echo 'an address is made by hand: url_to() or url_query() of wire/form.h escape what stands behind "="'
exit 1
