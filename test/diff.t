#!/bin/bash
# Every translated row of the table, kept cases and random sequences against this machine's CPU: see tool/mktest.c.
cd "$(dirname "$0")/.." || exit 1
TMPDIR=$(mktemp -d) && export TMPDIR || exit 1
trap 'rm -rf "$TMPDIR"' EXIT
n=0 bad=0

check() {                               # check SECONDS NAME ARGUMENTS...
	local limit=$1 name=$2
	shift 2
	n=$((n + 1))
	if timeout "$limit" build/host/mktest -o "$TMPDIR/found" "$@" > "$TMPDIR/log" 2>&1; then
		echo "ok $n - $name: $(tail -1 "$TMPDIR/log")"
	else
		bad=$((bad + 1))
		echo "not ok $n - $name"
		sed 's/^/# /' "$TMPDIR/log"
		cat "$TMPDIR"/found/*[0-9a-f].txt 2>/dev/null | sed 's/^/#   /'
	fi
}

truth=test/diff/truth.txt               # what an x86-64 CPU left: make truth
if [ "$(uname -m)" != x86_64 ]; then
	if [ -f $truth ]; then
		check 900 "rows and random sequences, by stored truth" stored $truth
		echo "1..$n"
		exit $((bad > 0))
	fi
	echo "1..0 # skip: needs an x86-64 CPU"
	exit
fi
check 600 "rows" rows
crypto=-aes,-pmull,-sha1,-sha2
check 120 "rows of ciphers, digests and GFNI on a host without any of it" -n 4 -c STELE_HOST=$crypto -c "STELE_HOST=$crypto STELE_HOT=0" rows \
	aesenc aesenclast aesdec aesdeclast aesimc aeskeygenassist pclmulqdq sha1rnds4 sha1nexte sha1msg1 sha1msg2 sha256rnds2 \
	sha256msg1 sha256msg2 gf2p8mulb gf2p8affineqb gf2p8affineinvqb
check 120 "cases kept" case test/diff/cases/*.txt
check 120 "cases kept, without FEAT_AFP" -c STELE_HOST=-afp -c "STELE_HOST=-afp STELE_HOT=0" case test/diff/cases/*.txt
check 120 "cases kept, exact on a host without any feature" -x -c "STELE_HOST=-all,+lse2 STELE_FP=exact STELE_HOT=0" case test/diff/cases/*.txt
check 300 "random sequences, always the same" -n 12000 -s 1 random
check 300 "random sequences, new ones" -t 30 -n 12000 random
check 300 "random sequences without FEAT_FLAGM, LSE, LRCPC, crypto, in ordered code" -n 3000 -s 2 \
	-c "STELE_HOST=-flagm,-flagm2,-lse,-lrcpc,$crypto STELE_HOT=0" -c "STELE_ORDER=tso STELE_HOT=0" \
	-c "STELE_ORDER=tso-scalar STELE_HOT=0" random
if grep -qw AuthenticAMD /proc/cpuinfo; then
	check 300 "rows and random sequences, by what an Intel CPU left" stored $truth
else
	n=$((n + 1))
	log=$(timeout 300 build/host/mktest -1 stored $truth 2>&1)
	case $log in
	*": 0 groups differ, 0 lines without truth, 0 rows are newer") echo "ok $n - stored truth is what this CPU leaves" ;;
	*": 0 groups differ,"*)     echo "ok $n - # skip: stored truth is of another table: make truth" ;;
	*)                          echo "not ok $n - stored truth is what this CPU leaves"; bad=$((bad + 1)); echo "$log" | sed 's/^/# /' ;;
	esac
fi
echo "1..$n"
exit $((bad > 0))
