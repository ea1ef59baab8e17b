#!/bin/bash
# SPDX-License-Identifier: EUPL-1.2
# clang-tidy over the product's files.   tests/tidy.sh [--all] BUILD_DIR CACHE_DIR
#
# A file that passed is not judged again before something it is made of changes: CACHE_DIR keeps, per file, a hash of what the
# compiler sees of it (its own text, every header, the macros, the flags), of the checks and of the tool.  Files that failed
# leave nothing, and are judged each time.
#
# Where a file has never been judged, as in a fresh clone, those that differ from the commit that this branch left its upstream
# at (DIGIONE_BASE names another) come first, then those whose last commit is youngest, $first_max of them; the last line says
# how many are left.  --all judges whatever has not passed.
set -u
first_max=48
jobs=$(nproc)
self=$(cd "$(dirname "$0")" && pwd)/tidy.sh

# The flags of a file, without what is made of it.
command_of() { # FILE
    sed -n -e '/"command": /h' -e "\\|\"file\": \"$PWD/$1\"|{x;s/^ *\"command\": \"//;s/\",\$//;s/\\\\\"/\"/g;s/\\\\\\\\/\\\\/g;s/ -o [^ ]* -c .*//;p;q}" \
        "$build/compile_commands.json"
}

hash_of() { # FILE
    local command
    command=$(command_of "$1")
    [ -n "$command" ] || { echo "$1 is not in $build/compile_commands.json" >&2; return 1; }
    { clang-tidy --version; cat .clang-tidy; echo "$command"; eval "$command -E -C -dD $1"; } | sha256sum | cut -d' ' -f1
}

stamp_of() { echo "$cache/${1//\//,}"; }

case "${1:-}" in
--hash) # prints "FILE HASH" for each; for xargs
    build=$2
    shift 2
    for f; do echo "$f $(hash_of "$f")"; done
    exit ;;
--judge) # PLACE FILE HASH; for xargs
    build=$2 cache=$3
    echo "[$4] $5"
    clang-tidy -p "$build" --quiet --warnings-as-errors='*' "$5" 2>&1 || { echo "$5 is refused"; exit 1; }
    echo "$6" >"$(stamp_of "$5")"
    exit ;;
esac

all=no
[ "${1:-}" = --all ] && { all=yes; shift; }
[ $# -eq 2 ] || { echo "usage: tests/tidy.sh [--all] BUILD_DIR CACHE_DIR" >&2; exit 2; }
build=$1 cache=$2
cd "$(dirname "$self")/.." || exit 1
mkdir -p "$cache" || exit 1

folders='^(base|model|wire|certs|idp-adapters|policy|audit|registry|launcher|console|gateway)/'
mapfile -t files < <(git ls-files '*.c' | grep -E "$folders")
[ ${#files[@]} -gt 0 ] || { echo "git names no file to judge" >&2; exit 1; }

declare -A hash_now=() is_known=() is_chosen=()
while read -r f h; do hash_now[$f]=$h; done < <(printf '%s\n' "${files[@]}" | xargs -P "$jobs" -n 8 "$self" --hash "$build")

changed=() never=() passed=0
for f in "${files[@]}"; do
    [ -n "${hash_now[$f]:-}" ] || { echo "$f cannot be preprocessed" >&2; exit 1; }
    is_known[$f]=yes
    stamp=$(stamp_of "$f")
    if [ ! -f "$stamp" ]; then never+=("$f")
    elif [ "$(cat "$stamp")" = "${hash_now[$f]}" ]; then passed=$((passed + 1))
    else changed+=("$f"); fi
done

# Of those that were never judged: which come first.
chosen=("${changed[@]}")
take() { # FILE
    [ -n "${is_known[$1]:-}" ] && [ -z "${is_chosen[$1]:-}" ] && [ ! -f "$(stamp_of "$1")" ] || return 0
    is_chosen[$1]=yes
    chosen+=("$1")
}
if [ "$all" = yes ]; then
    for f in "${never[@]}"; do take "$f"; done
else
    base=$(git merge-base HEAD "${DIGIONE_BASE:-@{upstream\}}" 2>/dev/null) || base=
    if [ -n "$base" ]; then while read -r f; do take "$f"; done < <(git diff --name-only "$base" -- '*.c'); fi
    while read -r f; do
        [ ${#is_chosen[@]} -lt $first_max ] || break
        take "$f"
    done < <(git log --format= --name-only -- '*.c'; git ls-files '*.c')
fi
left=$((${#files[@]} - passed - ${#chosen[@]}))

status=0 place=0
if [ ${#chosen[@]} -gt 0 ]; then
    for f in "${chosen[@]}"; do
        place=$((place + 1))
        printf '%s %s %s\n' "$place/${#chosen[@]}" "$f" "${hash_now[$f]}"
    done | xargs -P "$jobs" -L 1 "$self" --judge "$build" "$cache" || status=1
fi
rest=
[ $left -eq 0 ] || rest=", $left left to ./check tidy-all"
[ $status -eq 0 ] && echo "tidy: ${#chosen[@]} files passed, $passed as before$rest" || echo "tidy: files were refused; see above$rest"
exit $status
