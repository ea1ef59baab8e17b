#!/bin/bash
# SPDX-License-Identifier: EUPL-1.2
# libcedar as another project takes it: built by itself, installed, and used from outside of the tree by programs in C and
# C++, with the shared and the static library, found by pkg-config and by CMake.
#   tests/cedar_library.sh BUILD-FOLDER
set -u
cd "$(dirname "$0")/.." || exit 1
tree=$PWD build=$(mkdir -p "${1:-build/release}" && cd "${1:-build/release}" && pwd)/libcedar
for tool in cc cmake ninja nm objcopy pkg-config; do
    [ -n "$(command -v $tool)" ] || { echo "skipped: there is no $tool"; exit 77; }
done
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
launcher=()
[ -z "$(command -v ccache)" ] || launcher=(-DCMAKE_C_COMPILER_LAUNCHER=ccache)
tried=0 failed=0

say() { # WHAT COMMAND...: must succeed
    local what=$1
    shift
    tried=$((tried + 1))
    "$@" >"$work/log" 2>&1 && return
    echo "not so: $what"
    tail -20 "$work/log"
    failed=$((failed + 1))
}
same() { diff <(printf '%s\n' "$1") <(printf '%s\n' "$2"); }

# Built and installed ------------------------------------------------------------
say "it builds by itself" cmake --fresh -G Ninja -S policy/cedar/lib -B "$build" -DCMAKE_INSTALL_LIBDIR=lib "${launcher[@]}"
say "it builds by itself" cmake --build "$build" -j 2
say "it installs as a component" cmake --install "$build" --component cedar --prefix "$work/usr"
[ "$failed" -eq 0 ] || exit 1
version=$(sed -n 's/^project(libcedar VERSION \([0-9.]*\).*/\1/p' policy/cedar/lib/CMakeLists.txt)
installed=$(cd "$work/usr" && find . -type f -o -type l | sort)
say "everything is there" same "./include/cedar.h
./lib/cmake/cedar/cedar-config-version.cmake
./lib/cmake/cedar/cedar-config.cmake
./lib/libcedar.a
./lib/libcedar.so
./lib/libcedar.so.${version%%.*}
./lib/libcedar.so.$version
./lib/pkgconfig/cedar.pc
./share/doc/libcedar/CHANGELOG.md
./share/doc/libcedar/LICENSE
./share/doc/libcedar/README.md
./share/man/man3/cedar.3" "$installed"
sed -i "s#^prefix=.*#prefix=$work/usr#; s#^\(includedir\|libdir\)=.*/#\1=$work/usr/#" "$work/usr/lib/pkgconfig/cedar.pc"

# Names ------------------------------------------------------------------------
declared=$(grep -oE '^(CEDAR_API )?[^ #*/].*\bcedar_[a-z_]+\(' policy/cedar/cedar.h | grep CEDAR_API | grep -oE 'cedar_[a-z_]+\($' | tr -d '(' | sort)
say "the shared library shows what cedar.h declares, and nothing else" \
    same "$declared" "$(nm -D --defined-only --without-symbol-versions "$work/usr/lib/libcedar.so" | awk '$2 != "A" { print $3 }' | sort)"
say "so does the static one" same "$declared" "$(nm -g --defined-only "$work/usr/lib/libcedar.a" | awk 'NF == 3 { print $3 }' | sort)"
say "its symbols have a version" grep -q '@@CEDAR_0\.1$' <(nm -D --defined-only "$work/usr/lib/libcedar.so")
say "its soname has the first number" grep -q "soname: \[libcedar.so.${version%%.*}\]" <(readelf -d "$work/usr/lib/libcedar.so")
refers=$(nm --undefined-only "$work/usr/lib/libcedar.a" | grep -oE ' (abort|exit|_exit|raise|kill|printf|fprintf|__fprintf_chk|fputs|puts|perror|getenv|setlocale|open|fopen|time|clock_gettime|rand)$')
say "it ends no process, prints nothing and asks nobody" same "" "$refers"
say "its version is that of its build, of its header and of its changes" \
    same "$version $version" "$(sed -n 's/^#define CEDAR_VERSION_M[AI][JN]OR \([0-9]*\)/\1./p; s/^#define CEDAR_VERSION_PATCH \([0-9]*\)/\1/p' policy/cedar/cedar.h | tr -d '\n') $(sed -n 's/^## \([0-9.]*\)/\1/p' policy/cedar/lib/CHANGELOG.md | head -1)"

# Programs outside of the tree -----------------------------------------------------
cp tests/library/host.c tests/library/host.cc "$work/"
cd "$work" || exit 1
export PKG_CONFIG_PATH=$work/usr/lib/pkgconfig
# shellcheck disable=SC2046
pc() { pkg-config "$@" cedar; }
strict=(-Wall -Wextra -Wpedantic -Wconversion -Werror)
echo '#include <cedar.h>' >alone.c && cp alone.c alone.cc
# shellcheck disable=SC2046
{
    say "the header stands alone in C11" cc -std=c11 "${strict[@]}" $(pc --cflags) -fsyntax-only alone.c
    say "a host in C takes the shared library" cc -std=c11 -Wall -Wextra -Werror $(pc --cflags) host.c -o shared $(pc --libs)
    say "a host in C takes the static library" cc -std=c11 -Wall -Wextra -Werror $(pc --cflags) host.c -o static usr/lib/libcedar.a
    if [ -n "$(command -v c++)" ]; then
        say "the header stands alone in C++11" c++ -std=c++11 "${strict[@]}" $(pc --cflags) -fsyntax-only alone.cc
        say "a host in C++ takes the shared library" c++ -std=c++11 -Wall -Wextra -Werror $(pc --cflags) host.cc -o shared-cc $(pc --libs)
        say "a host in C++ takes the static library" c++ -std=c++11 -Wall -Wextra -Werror $(pc --cflags) host.cc -o static-cc usr/lib/libcedar.a
    fi
}
export LD_LIBRARY_PATH=$work/usr/lib
for host in shared static; do
    say "$host: everything, memory failing at each call, limits, misuse" ./$host "$version"
    say "$host: it lives when the process may have no more memory" bash -c "ulimit -v 120000 && exec ./$host exhausted"
    [ ! -e $host-cc ] || say "$host, in C++" ./$host-cc
done
mkdir found && cat >found/CMakeLists.txt <<'END'
cmake_minimum_required(VERSION 3.16)
project(host LANGUAGES C)
find_package(cedar 0.1 REQUIRED)
add_executable(one ../host.c)
target_link_libraries(one PRIVATE cedar::cedar)
add_executable(two ../host.c)
target_link_libraries(two PRIVATE cedar::static)
END
say "CMake finds it" cmake -G Ninja -S found -B found/build -DCMAKE_PREFIX_PATH="$work/usr"
say "CMake builds with it" cmake --build found/build
say "and it runs" found/build/one "$version"
say "and it runs, static" found/build/two "$version"

# The manual ----------------------------------------------------------------------
if [ -n "$(command -v man)" ]; then
    say "the manual page has no mistake in its markup" same "" "$(LC_ALL=C.UTF-8 MANWIDTH=100 man --warnings -l -Tutf8 usr/share/man/man3/cedar.3 2>&1 >/dev/null)"
fi
say "the manual page names every function" same "" "$(for f in $declared; do grep -q "$f" "$work/usr/share/man/man3/cedar.3" || echo "$f"; done)"
# The table of codes is in all three.
codes=$(awk '/#define CEDAR_FINDINGS/ { inside = 1; next } inside { print; if (!/\\$/) exit }' "$tree/policy/cedar/cedar.h" | grep -oE '"[a-z0-9-]+"' | tr -d '"')
say "there are codes" test "$(wc -w <<<"$codes")" -gt 40
say "the manual page and the README explain every code" same "" "$(for c in $codes; do
    grep -qx "\.B $c" "$work/usr/share/man/man3/cedar.3" && grep -q "^| \`$c\` | ..*|$" "$tree/policy/cedar/lib/README.md" || echo "$c"
done)"
# Programs of the README, and what stands below their commands.
awk -v folder="$work" '
    /^```c$/ { inside = 1; text = ""; next }
    /^```$/ && inside { inside = 0; if (text ~ /int main\(/) printf "%s", text > (folder "/program" ++n ".c") }
    inside { text = text $0 "\n" }' "$tree/policy/cedar/lib/README.md"
awk -v folder="$work" '
    /^    \$ cc / { n++; printf "%s\n", substr($0, 7) > (folder "/command" n); lines = 1; next }
    /^    / && lines { printf "%s\n", substr($0, 5) > (folder "/expected" n); next }
    { lines = 0 }' "$tree/policy/cedar/lib/README.md"
programs=0
for program in program[0-9]*.c; do
    [ -e "$program" ] || continue
    n=${program//[!0-9]/}
    source=$(grep -o '[a-z]*\.c ' "command$n" | head -1)
    cp "$program" "${source% }"
    say "program $n of the README prints what it says" same "$(cat "expected$n")" "$(bash "command$n" 2>&1)"
    programs=$((programs + 1))
done
say "the README has its programs" [ "$programs" -ge 2 ]

echo "$((tried - failed)) passed, $failed failed"
[ "$failed" -eq 0 ]
