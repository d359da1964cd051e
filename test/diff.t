#!/bin/sh
# Every translated row of the table against this machine's CPU: see tool/mktest.c.
cd "$(dirname "$0")/.." || exit 1
echo 1..1
if [ "$(uname -m)" != x86_64 ]; then
	echo "ok 1 # skip: needs an x86-64 CPU"
	exit
fi
TMPDIR=$(mktemp -d) && export TMPDIR || exit 1
trap 'rm -rf "$TMPDIR"' EXIT
if timeout 600 build/host/mktest rows > "$TMPDIR/log" 2>&1; then
	echo "ok 1 - $(tail -1 "$TMPDIR/log")"
else
	echo "not ok 1 - rows against the CPU"
	sed 's/^/# /' "$TMPDIR/log"
fi
