#!/bin/bash
# SPDX-License-Identifier: EUPL-1.2
# Does what policy/cedar/README.md says, in a folder that holds nothing but policy/cedar/ and base/: each program of the
# README is compiled and linked by its command line and must print what stands below it.
#   tests/cedar_readme.sh
set -u
cd "$(dirname "$0")/.." || exit 1
[ -n "$(command -v cc)" ] || { echo "skipped: there is no cc"; exit 77; }
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/policy" && cp -r policy/cedar "$work/policy/" && cp -r base "$work/" || exit 1

# Programs in order, one file each: a block of C that has a main() in it.
awk -v folder="$work" '
    /^```c$/ { inside = 1; text = ""; next }
    /^```$/ && inside { inside = 0; if (text ~ /int main\(/) printf "%s", text > (folder "/program" ++n ".c") }
    inside { text = text $0 "\n" }' policy/cedar/README.md
# Commands ("    $ …") and the lines that follow each.
awk -v folder="$work" '
    /^    \$ cc / { n++; printf "%s\n", substr($0, 7) > (folder "/command" n); lines = 1; next }
    /^    / && lines { printf "%s\n", substr($0, 5) > (folder "/expected" n); next }
    { lines = 0 }' policy/cedar/README.md

cd "$work" || exit 1
tried=0 failed=0
for program in program*.c; do
    n=${program//[!0-9]/}
    source=$(grep -o '[a-z]*\.c ' "command$n" | head -1)
    cp "$program" "${source% }"
    bash "command$n" >"got$n" 2>&1
    tried=$((tried + 1))
    diff "expected$n" "got$n" || failed=$((failed + 1))
done
echo "$tried programs of the README tried, $failed failed"
[ "$tried" -gt 0 ] && [ "$failed" -eq 0 ]
