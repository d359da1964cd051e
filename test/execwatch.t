#!/bin/bash
# The watch itself: a translator that lets its program run natively must be caught, one that re-enters itself must not.
cd "$(dirname "$0")/.." || exit 2
fake=$PWD/build/arm/nativeexec
n=0 bad=0
T=$(mktemp -d); trap 'rm -rf "$T"' EXIT
expect() {                              # expect NAME STATUS REPORT PROGRAM...
	local name=$1 status=$2 report=$3 got; shift 3
	: > "$T/report"
	timeout 20 build/host/execwatch -o "$T/report" "$@" > "$T/out" 2>&1 < /dev/null
	got=$? n=$((n + 1))
	if [ $got = "$status" ] && grep -qx "$report" "$T/report" || { [ $got = "$status" ] && [ -z "$report$(cat "$T/report")" ]; }; then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"; bad=1
		echo "# status $got"; sed 's/^/# /' "$T/report" "$T/out"
	fi
}
if [ "$(uname -m)" != x86_64 ]; then echo "1..0 # SKIP needs an x86-64 CPU"; exit 0; fi

expect "status of a signal"                139 "" "$fake" die 11
expect "what is left running is killed"    4 "" "$fake" leave 4
printf '#!/bin/sh\nexit 5\n' > "$T/script"; chmod +x "$T/script"
expect "an ARM64 program runs"             7 "" "$fake"
expect "and runs itself again"             7 "" "$fake" again 3
expect "an exec that fails is no exec"     127 "" "$fake" /nowhere/at/all
expect "an x86-64 child is caught"         99 "executed natively: /usr/bin/true" "$fake" /bin/true
expect "also later, and if it fails"       99 "executed natively: /usr/bin/false" "$fake" again 2 /bin/false
expect "a script run natively is caught"   99 "executed natively: $(readlink -f /bin/sh)" "$fake" "$T/script"
expect "a native translator is caught"     99 "executed natively: $(readlink -f /bin/sh)" /bin/sh -c 'exit 0'
# What a twin's stele side sees of the host's binfmt_misc and leaves there: nothing.
before=$(ls /proc/sys/fs/binfmt_misc)
build/host/execwatch -b /bin/sh -c 'cd /proc/sys/fs/binfmt_misc && echo *' > "$T/out" 2>&1
n=$((n + 1)); [ "$(cat "$T/out")" = "register status stele-arm64" ] && echo "ok $n - x86-64 files have no handler" || {
	echo "not ok $n - x86-64 files have no handler"; sed 's/^/# /' "$T/out"; bad=1; }
n=$((n + 1)); [ "$before" = "$(ls /proc/sys/fs/binfmt_misc)" ] && echo "ok $n - the host's is untouched" || { echo "not ok $n - the host's is untouched"; bad=1; }
echo "1..$n"
exit $bad
