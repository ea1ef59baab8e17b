#!/bin/bash
# SPDX-License-Identifier: EUPL-1.2
# Runs Cedar's public integration tests through `digione cedar test`, and the detailed verdicts through their unit test.
#   tests/cedar_corpus.sh BUILD-FOLDER
# The corpus: the folder or archive that CEDAR_TESTS names, or ../shared/cedar-tests beside the checkout.  It is published
# as cedar-policy/cedar-integration-tests.  Exit 77: there is none.
set -u
cd "$(dirname "$0")/.." || exit 1
build=${1:-build/release}
given=${CEDAR_TESTS:-../shared/cedar-tests}

# The folder that holds corpus-tests/, unpacked below the build folder when there is only an archive.
find_corpus() {
    local archive
    [ -f "$given" ] && archive=$given || archive=$(ls "$given"/*.tar.gz 2>/dev/null | head -1)
    for folder in "$given" "$given"/*/; do
        [ -d "$folder/corpus-tests" ] && { (cd "$folder" && pwd); return; }
    done
    [ -n "$archive" ] || return 1
    rm -rf "$build/cedar-tests" && mkdir -p "$build/cedar-tests" && tar -xzf "$archive" -C "$build/cedar-tests" || return 1
    given=$build/cedar-tests find_corpus
}

corpus=$(find_corpus) || { echo "skipped: no Cedar corpus: neither CEDAR_TESTS nor ../shared/cedar-tests"; exit 77; }
failed=0
find "$corpus/corpus-tests" "$corpus/tests" -name '*.json' ! -name '*.entities.json' 2>/dev/null | sort |
    xargs "$build/digione" cedar test >"$build/cedar-corpus.log" || failed=1
grep -E '^FAILED' "$build/cedar-corpus.log" | head -20
awk '/^[0-9]+ passed, [0-9]+ failed/ { p += $1; f += $3 } END { print p + 0 " passed, " f + 0 " failed" }' "$build/cedar-corpus.log"
if [ -x "$build/tests/test_cedar_validate_corpus" ]; then
    CEDAR_TESTS=$corpus "$build/tests/test_cedar_validate_corpus" || failed=1
fi
if [ -x "$build/tests/test_cedar_format" ]; then
    CEDAR_CORPUS=$corpus/corpus-tests "$build/tests/test_cedar_format" the_corpus || failed=1
fi
exit $failed
