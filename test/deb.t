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
conf=$T/stele-arm64/usr/lib/binfmt.d/stele.conf binfmts=$T/stele-arm64/usr/share/binfmts/stele
# binfmt.d's line and binfmt-support's file say the same
same() {
	local name type offset magic mask interpreter flags
	IFS=: read -r _ name type offset magic mask interpreter flags < <(grep ^: "$conf")
	[ "$name:$type:$offset:$interpreter:$flags" = "stele:M::/usr/lib/stele/stele:POCF" ] && [ -n "$magic" ] && [ -n "$mask" ] &&
		diff "$binfmts" <(printf '%s\n' "package stele" "interpreter $interpreter" "magic $magic" "mask $mask" "offset 0" \
			"credentials yes" "preserve yes" "fix_binary yes")
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
check "what registers it is there"      test -s "$conf" -a -s "$binfmts"
check "the scripts are shell"           scripts
check "both registrars are told the same" same
check "the postinst leaves a container alone" no_registrar
check "the same bytes again"            again
echo "1..$n"
