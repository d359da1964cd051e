#!/bin/bash
# The way of doc/qemu.md as a whole: stelectl share on the host, its options for QEMU, stelectl register in the guest, an
# x86-64 program. Both virtiofsd programs serve one share each, as root and as a user without rights, to one machine.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
T=$(mktemp -d) || exit 1
trap 'kill $(cat "$T/shares" 2> /dev/null) 2> /dev/null; rm -rf "$T"' EXIT
chmod 755 "$T"
. "$top/test/ctl.sh"                    # $nobody

# ---- what is shared, and the guest's file system
mkdir "$T/d" && cp "$top/build/stele" "$top/build/stelectl" "$T/d"
cp "$top/build/host/stelectl" "$T/stelectl"
mkdir -p "$T/root"/{bin,dev,proc,sys,tmp,etc,t}
cp "$top/build/vm/busybox/bin/busybox" "$top/build/stelectl" "$T/root/bin"
cp "$top/build/guest/vm_static" "$T/root/t"
for m in virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci fuse virtiofs binfmt_misc; do
	find "$top/build/vm/kernel" -name "$m.ko" -exec cp {} "$T/root/t" \;
	echo $m >> "$T/root/t/modules"
done
cp "$top/test/vm/share.init" "$T/root/init"

# ---- the shares
options=()
share() {                               # share TAG PREFIX... -- VIRTIOFSD
	local tag=$1 by=() at
	shift
	while [ "$1" != -- ]; do by+=("$1"); shift; done
	at=$T/$(echo "$tag" | tr -c 'a-z0-9\n' _)
	mkdir -m 777 "$at"
	"${by[@]}" "$T/stelectl" share "$T/d" --tag "$tag" --socket "$at/socket" --virtiofsd "$2" > "$at/out" 2> "$at/err" < /dev/null &
	echo $! >> "$T/shares"
	for _ in $(seq 300); do grep -q '^# in the guest' "$at/out" && break; sleep 0.1; done
	eval "set -- $(sed -n '/^# QEMU/,/^# in/{/^#/!p}' "$at/out")"
	[ $# -ge 4 ] || { echo "Bail out! no share $tag: $(cat "$at/err")"; exit 1; }
	[ ${#options[@]} = 0 ] && options=("$@") || options+=("${@: -4}")       # memory is given once
	printf '%s\n' "$tag" >> "$T/root/t/tags"
}
C=/usr/lib/qemu/virtiofsd rust=/usr/libexec/virtiofsd
[ ! -x "$top/build/virtiofsd/virtiofsd" ] || { cp -r "$top/build/virtiofsd" "$T/rust" && rust=$T/rust/virtiofsd; }
share "rust, of a user" "${nobody[@]}" -- "$rust"
[ ! -x $C ] || share c-user "${nobody[@]}" -- $C
[ "$(id -u)" != 0 ] || share rust-root -- "$rust"
[ "$(id -u)" != 0 ] || [ ! -x $C ] || share c-root-of-36-bytes-abcdefghijklmnopq -- $C

"$top/test/vm/boot" "$T/root" 180 60 "${options[@]}" | tr -d '\r' | sed -u 's/^.*\(not ok [0-9]* - \)/\1/; t; s/^.*\(ok [0-9]* - \)/\1/'
for _ in $(seq 50); do                  # the VM is gone: so are they
	left=$(for p in $(cat "$T/shares"); do [ -d /proc/$p ] && ! grep -q '^State:.Z' /proc/$p/status && echo $p; done)
	[ -z "$left" ] && break
	sleep 0.1
done
[ -z "$left" ] || { echo "Bail out! a share has outlived its VM"; exit 1; }
