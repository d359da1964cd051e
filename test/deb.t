#!/bin/bash
# The Debian packages: what is in them, that they agree with stelectl, and that the same sources give the same bytes.
set -u
top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top" || exit 1
version=$(cat VERSION)
T=$(mktemp -d) || exit 1
trap 'rm -rf "$T"' EXIT
n=0

check() {                               # check NAME COMMAND...
	local name=$1
	shift
	n=$((n + 1))
	if "$@" > "$T/log" 2>&1; then echo "ok $n - $name"; else echo "not ok $n - $name"; sed 's/^/# /' "$T/log"; fi
}
deb() { echo "$top/build/deb/$1_${version}_$2.deb"; }
unpack() { dpkg-deb -R "$(deb "$1" "$2")" "$T/$1-$2"; }
machine() { file -b "$1" | grep -q "$2"; }
field() { [ "$(dpkg-deb -f "$(deb "$1" "$2")" "$3")" = "$4" ]; }
sums() { (cd "$T/$1" && md5sum --quiet -c DEBIAN/md5sums); }
# what stelectl writes, in C's spelling
c_string() { sed -n "/^const char $1\[\]/,/;/{s/^.*\"\(.*\)\".*/\1/p}" src/ctl/binfmt.c | sed 's/\\\\/\\/g'; }
same_magic() {
	grep -Fxq ":stele:M::$(c_string binfmt_magic):$(c_string binfmt_mask):/usr/lib/stele/stele:POCF" guest/stele.conf &&
		grep -Fxq "magic $(c_string binfmt_magic)" guest/stele.binfmts &&
		grep -Fxq "mask $(c_string binfmt_mask)" guest/stele.binfmts
}
again() {
	[ "$(uname -m)" = aarch64 ] || export A64STRIP=aarch64-linux-gnu-strip
	tool/mkdeb stele arm64 build/stele "$T/again" && cmp "$T/again"/*.deb "$(deb stele arm64)"
}
scripts() { for s in guest/*.postinst guest/*.prerm; do sh -n "$s" || return 1; done; }
# without systemd and binfmt-support, as in a container, there is nothing to do
no_registrar() { PATH=/nowhere /bin/sh guest/stele.postinst configure; }

for p in stele:arm64 stelectl:arm64 stelectl:amd64; do
	check "$p: unpacks"      unpack "${p%:*}" "${p#*:}"
	check "$p: its sums"     sums "${p%:*}-${p#*:}"
	check "$p: version"      field "${p%:*}" "${p#*:}" Version "$version"
	check "$p: architecture" field "${p%:*}" "${p#*:}" Architecture "${p#*:}"
	check "$p: nothing to depend on" field "${p%:*}" "${p#*:}" Depends ""
done
check "stele is for ARM64"              machine "$T/stele-arm64/usr/lib/stele/stele" "ARM aarch64"
check "stelectl is for ARM64"           machine "$T/stelectl-arm64/usr/sbin/stelectl" "ARM aarch64"
check "stelectl is for x86-64"          machine "$T/stelectl-amd64/usr/sbin/stelectl" "x86-64"
check "what registers it is there"      test -s "$T/stele-arm64/usr/lib/binfmt.d/stele.conf" -a -s "$T/stele-arm64/usr/share/binfmts/stele"
check "the scripts are shell"           scripts
check "magic, mask and flags are stelectl's" same_magic
check "the postinst leaves a container alone" no_registrar
check "the same bytes again"            again
echo "1..$n"
