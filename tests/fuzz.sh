#!/bin/bash
# SPDX-License-Identifier: EUPL-1.2
# Fuzzes parsers with libFuzzer, as many at once as there are cores: those named, or all.
#   tests/fuzz.sh SECONDS [TARGET ...]        tests/fuzz.sh 3600 cedar_policy cedar_validate
# What a run learns stays in build/cache/fuzz/TARGET, where the next one begins; an input that fails is named, and kept there.
set -u
cd "$(dirname "$0")/.." || exit 2
seconds=${1:-}
case "$seconds" in '' | *[!0-9]*) echo "usage: tests/fuzz.sh SECONDS [TARGET ...]" >&2; exit 2 ;; esac
shift
command -v clang >/dev/null || { echo "clang is not installed"; exit 77; }
targets=("$@")
[ ${#targets[@]} -gt 0 ] || mapfile -t targets < <(basename -s .c tests/fuzz/fuzz_*.c | sed 's/^fuzz_//')
for t in "${targets[@]}"; do
    [ -f "tests/fuzz/fuzz_$t.c" ] || { echo "fuzz.sh: there is no tests/fuzz/fuzz_$t.c" >&2; exit 2; }
done
cmake --preset fuzz >/dev/null && cmake --build --preset fuzz -j"$(nproc)" --target "${targets[@]/#/fuzz_}" | tail -1 || exit 1

one() {
    local t=$1 kept=build/cache/fuzz/$1 began=$SECONDS
    mkdir -p "$kept/learnt"
    if build/fuzz/tests/fuzz_"$t" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=3000 -print_final_stats=1 -artifact_prefix="$kept/" \
        "$kept/learnt" "tests/fuzz/seeds/$t" >"$kept/log" 2>&1; then
        echo "ok $t: $((SECONDS - began)) s, $(awk '/number_of_executed_units/ { print $2 }' "$kept/log") inputs, $(find "$kept/learnt" -type f | wc -l) kept"
    else
        echo "FAILED $t: $(grep -m1 -E 'ERROR|SUMMARY|runtime error' "$kept/log"); the input: $(find "$kept" -maxdepth 1 -name '*-*' -newer "$kept/learnt" | tail -1)"
        return 1
    fi
}
failed=0 running=0
for t in "${targets[@]}"; do
    [ "$running" -lt "$(nproc)" ] || { wait -n || failed=1; running=$((running - 1)); }
    one "$t" &
    running=$((running + 1))
done
while [ "$running" -gt 0 ]; do wait -n || failed=1; running=$((running - 1)); done
exit "$failed"
