#!/bin/bash
# SPDX-License-Identifier: EUPL-1.2
# The Debian packages: made from this checkout, judged by lintian, installed in a copy of this machine that forgets, used and purged
# there; and what lies beside the program: man pages, completion, the unit, the AppArmor profile, the rules for Prometheus.
#   tests/packages.sh        as root for the installation; a part whose tool is not here says "skipped"
set -u
cd "$(dirname "$0")/.." || exit 1
repo=$PWD debs=$repo/build/packages
command -v dh >/dev/null || { echo "skipped: debhelper is not installed"; exit 77; }
passed=0 failed=0
work=$(mktemp -d)
trap 'umount -R -l "$work" 2>/dev/null; rm -rf --one-file-system "$work"' EXIT

say() { # WHAT COMMAND...: must succeed
    local what=$1
    shift
    if "$@" >"$work.log" 2>&1; then passed=$((passed + 1)); echo "ok $what"; else failed=$((failed + 1)); echo "FAILED $what"; tail -20 "$work.log"; fi
    rm -f "$work.log"
}
same() { diff <(printf '%s\n' "$1") <(printf '%s\n' "$2"); }
have() { command -v "$1" >/dev/null || { echo "skipped: $2: $1 is not installed"; return 1; }; }

# Made, and judged -----------------------------------------------------------------
rm -rf "$debs"
say "packages are made from the checkout" deploy/package "$debs"
[ "$failed" -eq 0 ] || exit 1
say "there are three, and their debug symbols" same "digione digione-dbgsym libcedar-dev libcedar0 libcedar0-dbgsym" \
    "$(cd "$debs" && ls -- *.deb | sed 's/_.*//' | LC_ALL=C sort | paste -sd' ')"
lint() { # Debian's own maintainer and archive are no matter of ours.
    lintian --fail-on error --suppress-tags bad-distribution-in-changes-file "$debs"/*.deb
}
! have lintian "lintian's judgement" || say "lintian finds no error" lint

# Unpacked ---------------------------------------------------------------------------
out=$work/out
for one in digione libcedar0 libcedar-dev; do dpkg-deb -x "$debs/${one}"_*.deb "$out"; done
program=$out/usr/bin/digione
words=$("$program" --help | awk '/^  [a-z]/ { print $1 }' | LC_ALL=C sort)
say "each word of the command line has its man page, and no other has" same "digione digione-$(echo $words | sed 's/ / digione-/g')" \
    "$(cd "$out/usr/share/man/man1" && ls | sed 's/\.1\.gz$//' | LC_ALL=C sort | paste -sd' ')"
pages() {
    local page status=0
    for page in "$out"/usr/share/man/man[15]/digione*; do zcat "$page" | mandoc -Tlint -Wwarning || { echo "$page"; status=1; }; done
    return $status
}
! have mandoc "man pages" || say "mandoc has nothing to say about them" pages
settings=$("$program" serve --help | awk '/^Settings/ { on = 1; next } on && NF { print $1 }' | LC_ALL=C sort)
say "digione.yaml(5) has every setting" same "$settings" "$(zcat "$out/usr/share/man/man5/digione.yaml.5.gz" | grep -A1 '^\.TP' | sed -n 's/^\.B \([^ ]*\).*/\1/p' | sed 's/\\-/-/g' | LC_ALL=C sort)"
completes() { # WORD... : what is completed for the last of them
    bash -c '. "$1"; shift; COMP_WORDS=(digione "$@") COMP_CWORD=$#; _digione; printf "%s\n" "${COMPREPLY[@]}"' - \
        "$out/usr/share/bash-completion/completions/digione" "$@" | LC_ALL=C sort | paste -sd' '
}
say "bash completes words" same "policy" "$(completes po)"
say "... all of them" same "$(echo --help --version $words)" "$(completes '')"
say "... what comes after a word" same "create" "$(completes keys cr)"
say "... options" same "--dry-run" "$(completes import --d)"
say "... and files" same "CMakeLists.txt CMakePresets.json" "$(completes import CMa)"

# The machine's own judges --------------------------------------------------------------
exposure() { systemd-analyze security --offline=true --no-pager --threshold=20 deploy/digione.service; }
verify() { # the program and its pages are not where the unit looks for them: nothing else may be said
    [ -z "$(systemd-analyze verify deploy/digione.service 2>&1 | grep -vE "is not executable|Command 'man ")" ]
}
! have systemd-analyze "the unit" || { say "systemd counts an exposure of at most 2.0" exposure; say "systemd reads every line of the unit" verify; }
! have apparmor_parser "the AppArmor profile" || say "the AppArmor profile is read" apparmor_parser -QK "$out/etc/apparmor.d/digione"
! have promtool "the rules for Prometheus" || {
    say "promtool reads the rules" promtool check rules "$out/usr/share/digione/prometheus-rules.yaml"
    say "who is woken, and who is not" promtool test rules deploy/prometheus-rules.test.yaml
}
# What rules and pages speak of is there.
say "rules name metrics that exist" same "" "$(grep -ohE 'digione_[a-z_]+' deploy/prometheus-rules.yaml | sort -u | while read -r m; do grep -rqE "${m%_bucket}|${m%_count}" gateway --include=*.c || echo "$m"; done)"

# Installed, used and purged, in a copy that forgets ----------------------------------------
install_and_purge() {
    mount -t tmpfs -o size=1g tmpfs "$work/t" && mkdir "$work/t/upper" "$work/t/work" "$work/t/root" &&
        mount -t overlay overlay -o "lowerdir=/,upperdir=$work/t/upper,workdir=$work/t/work" "$work/t/root" || return 1
    local root=$work/t/root
    mkdir -p "$root/tmp/digione-packages" && cp "$debs"/{digione,libcedar0,libcedar-dev}_*.deb tests/library/host.c "$root/tmp/digione-packages/"
    mount -t proc proc "$root/proc" && mount --rbind /dev "$root/dev" || return 1
    rm -rf "$root/etc/digione" "$root/var/lib/digione" "$root/usr/bin/digione"
    printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d" && chmod 755 "$root/usr/sbin/policy-rc.d"
    cat >"$root/tmp/try" <<'END'
set -eux
export DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/usr/bin:/sbin:/bin
userdel digione 2>/dev/null || true
dpkg -i /tmp/digione-packages/*.deb
getent passwd digione | grep -q nologin
test "$(stat -c %U:%a /etc/digione)" = root:755
# The example is a beginning: what is missing is named, and how to mend it; then it is in order.
cp /usr/share/doc/digione/examples/digione.yaml /etc/digione/digione.yaml
! digione check -c /etc/digione/digione.yaml >/tmp/said || exit 1
grep -q "BAD.*/var/lib/haproxy/digione" /tmp/said
install -d -o digione -g digione -m 700 /var/lib/digione
sed -i 's#^listen: .*#listen: 127.0.0.1:8080#; /^trusted_proxy/d' /etc/digione/digione.yaml
echo 'format: 1' >/tmp/registry.yaml
digione import -c /etc/digione/digione.yaml /tmp/registry.yaml
cc -Wall -Wextra -Werror $(pkg-config --cflags cedar) /tmp/digione-packages/host.c -o /tmp/host $(pkg-config --libs cedar)
/tmp/host >/dev/null
# The same version again, then gone: what is the operator's own stays.
dpkg -i /tmp/digione-packages/digione_*.deb
dpkg --purge digione libcedar-dev libcedar0
! [ -e /usr/bin/digione ] && ! [ -e /lib/systemd/system/digione.service ] && ! [ -e /etc/apparmor.d/digione ]
test -e /var/lib/digione/registry.db || ls -R /var/lib/digione | grep -q registry
test -e /etc/digione/digione.yaml
END
    chroot "$root" /bin/bash /tmp/try
}
mkdir "$work/t"
if [ "$(id -u)" -ne 0 ]; then echo "skipped: installation: root alone can"
elif ! unshare --mount true 2>/dev/null; then echo "skipped: installation: mounts are not allowed here"
else
    export -f install_and_purge
    say "it is installed, used, installed again and purged, and what is the operator's own stays" \
        unshare --mount bash -c "work=$work debs=$debs; install_and_purge"
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
