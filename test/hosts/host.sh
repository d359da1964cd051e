#!/bin/bash
# The instruction tests on one kind of ARM64 host, under QEMU: rows, random sequences, x87 and MMX programs.
#
#   test/hosts/host.sh GROUP         a line of the table below, by its first word
#   test/hosts/host.sh               prints the groups
# COUNT=N random sequences a setting (4000). Without FEAT_AFP what doc/float.md says is given up by default, so there rows
# are tested twice: by default but for that, and all of it under STELE_FP=exact; and random sequences without floating
# point, then with it under STELE_FP=exact.
cd "$(dirname "$0")/../.." || exit 1
table='
all       max          -
none      max          -all
lse       max          -lse
lrcpc     max          -lrcpc
lrcpc2    max          -lrcpc2
flagm     max          -flagm
flagm2    max          -flagm2
afp       max          -afp
frintts   max          -frintts
fcma      max          -fcma
mops      max          -mops
cssc      max          -cssc
crc32     max          -crc32
crypto    max          -aes,-pmull,-sha1,-sha2
a53       cortex-a53   -
a76       cortex-a76   -
v1        neoverse-v1  -
'
[ $# -eq 1 ] || { awk 'NF { print $1 }' <<< "$table"; exit; }
read -r cpu mask <<< "$(awk -v g="$1" '$1 == g { print $2, $3 }' <<< "$table")"
[ "$cpu" ] || { echo "Bail out! no group $1"; exit 1; }
[ "$(uname -m)" = x86_64 ] || { echo "1..0 # skip: needs an x86-64 CPU to compare with"; exit; }

TMPDIR=$(mktemp -d) && export TMPDIR || exit 1
trap 'rm -rf "$TMPDIR"' EXIT
n=0 bad=0 seed=${SEED:-$RANDOM}
runs=(build/qemu10/qemu-aarch64 -cpu "$cpu" build/stele)
host=
[ "$mask" = - ] || host=STELE_HOST=$mask
case $cpu,$mask in max,-) afp=1 ;; max,*afp*|max,-all) afp= ;; max,*) afp=1 ;; *) afp= ;; esac

result() {                              # result STATUS NAME: $TMPDIR/log says more
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then echo "ok $n - $2: $(tail -1 "$TMPDIR/log" | cut -c1-120)"; return; fi
	bad=$((bad + 1))
	echo "not ok $n - $2"
	tail -60 "$TMPDIR/log" | cut -c1-300 | sed 's/^/# /'
	cat "$TMPDIR"/found/*[0-9a-f].txt 2>/dev/null | sed 's/^/#   /'
}

check() {                               # check NAME ARGUMENTS...
	local name=$1
	shift
	timeout 7200 build/host/mktest -o "$TMPDIR/found" -r "${runs[*]}" "$@" > "$TMPDIR/log" 2>&1
	result $? "$name"
}

# A program that prints what the x87 or MMX leaves, here and there.
twin() {                                # twin NAME PROGRAM ARGUMENTS...
	local name=$1
	shift
	{
		X87_POINTERS=0 timeout 300 "build/guest/$1" "${@:2}" > "$TMPDIR/want" &&
		X87_POINTERS=0 env $host timeout 600 "${runs[@]}" "build/guest/$1" "${@:2}" > "$TMPDIR/got" &&
		cmp "$TMPDIR/want" "$TMPDIR/got" && [ -s "$TMPDIR/want" ] && wc -l < "$TMPDIR/want"
	} > "$TMPDIR/log" 2>&1
	result $? "$name"
}

if [ $afp ]; then
	check "rows" -c "$host" rows
	[ "$mask" != - ] || check "rows, exact" -x -c "STELE_FP=exact" rows
else
	check "rows, but for what is given up" -a -c "$host" rows
	check "rows, exact" -x -c "$host STELE_FP=exact" rows
fi
for how in STELE_HOT=0 "STELE_ORDER=tso STELE_HOT=0"; do
	if [ $afp ]; then
		check "random sequences, $how" -n "${COUNT:-4000}" -s $((seed + ++k)) -c "$host $how" random
	else
		check "random sequences of integers, $how" -f -n "${COUNT:-4000}" -s $((seed + ++k)) -c "$host $how" random
		check "random sequences, exact, $how" -x -n "${COUNT:-4000}" -s $((seed + ++k)) -c "$host STELE_FP=exact $how" random
	fi
done
twin "x87" x87_all
twin "x87, sequences" x87_seq 0 2000
twin "MMX" x87_mmx
echo "1..$n"
exit $((bad > 0))
