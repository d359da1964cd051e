#!/bin/bash
# A Debian ARM64 machine with systemd, three boots of one disk: test/vm/guest/systemd says what each does.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
image=$top/build/vm-disk.$$
trap 'rm -f "$image"' EXIT
"$top/test/vm/image" "$image" || exit 1
for boot in 1 2 3; do
	"$top/test/vm/run" -d "$image" -e 1800 systemd stele x86 repo amd64
done
