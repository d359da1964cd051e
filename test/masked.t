#!/bin/bash
# What the translator emits for a host that lacks a feature has no instruction of it: every word that translations of the
# test cases are made of (mktest words) goes through objdump. ALL=1: each feature taken away alone, too.
cd "$(dirname "$0")/.." || exit 1
TMPDIR=$(mktemp -d) && export TMPDIR || exit 1
trap 'rm -rf "$TMPDIR"' EXIT
objdump=objdump
[ "$(uname -m)" = aarch64 ] || objdump=aarch64-linux-gnu-objdump
n=0 bad=0

ok() {                                  # ok TRUE-OR-FALSE NAME FILE-TO-SHOW
	n=$((n + 1))
	if $1; then echo "ok $n - $2"; return; fi
	bad=$((bad + 1))
	echo "not ok $n - $2"
	head -20 "$3" | sed 's/^/# /'
}

# Instructions of a feature, as objdump writes them: mnemonic and operands.
pattern() {
	local ops='add|clr|eor|set|smax|smin|umax|umin'
	case $1 in
	lse)     echo "^(casp?|swp|ld($ops))(a|l|al)?[bh]? |^st($ops)l?[bh]? " ;;
	crc32)   echo '^crc32' ;;
	aes)     echo '^aes' ;;
	pmull)   echo '^pmull2? .*\.1q' ;;
	sha1)    echo '^sha1' ;;
	sha2)    echo '^sha256' ;;
	sha512)  echo '^sha512' ;;
	sha3)    echo '^(eor3|bcax|rax1|xar) ' ;;
	rdm)     echo '^sqrdml[as]h' ;;
	dotprod) echo '^[us]dot ' ;;
	flagm)   echo '^(cfinv|rmif|setf8|setf16)( |$)' ;;
	flagm2)  echo '^(axflag|xaflag)$' ;;
	rng)     echo '^mrs .*rndr' ;;
	jscvt)   echo '^fjcvtzs' ;;
	lrcpc)   echo '^ldaprs?[bhw]* ' ;;
	lrcpc2)  echo '^(ldapurs?[bhw]*|stlur[bh]?) ' ;;
	frintts) echo '^frint(32|64)[xz]' ;;
	fcma)    echo '^fc(add|mla) ' ;;
	sb)      echo '^sb$' ;;
	i8mm)    echo '^(usdot|sudot|[us]mmla|usmmla) ' ;;
	mops)    echo '^(cpyf?[pme]|setg?[pme])' ;;
	cssc)    echo '^(ctz|cnt|abs|[us](max|min)) [wx]' ;;
	fp16)    echo '^f(add|sub|mul|div|sqrt|neg|abs|cmpe?|mov|madd|msub|ml[as]|cm[egl][qte]|max|min|rint[a-z]) .*(\.[48]h|h[0-9])' ;;
	dit)     echo '^(msr|mrs) .*dit' ;;
	esac
}
# lse2 and afp have no instructions.
features="lse crc32 aes pmull sha1 sha2 sha512 sha3 rdm dotprod flagm flagm2 rng jscvt lrcpc lrcpc2 frintts fcma sb i8mm mops cssc fp16 dit"
emitted="lse crc32 aes pmull flagm flagm2 lrcpc2 frintts fcma cssc"

disassemble() { $objdump -D -b binary -m aarch64 "$1" | sed -n 's/^ *[0-9a-f]*:\t[0-9a-f]* \t//p' | tr '\t' ' ' | sed 's/ *$//'; }

words() {                               # words SPEC: their text into $TMPDIR/text
	build/host/mktest words "$TMPDIR/words" "$1" > "$TMPDIR/log" 2>&1 || { cat "$TMPDIR/log"; return 1; }
	disassemble "$TMPDIR/words" > "$TMPDIR/text"
	[ -s "$TMPDIR/text" ]
}

check() {                               # check SPEC FEATURES...
	local spec=$1 f
	shift
	words "$spec" || { ok false "translations for $spec" "$TMPDIR/log"; return; }
	for f; do grep -E "$(pattern "$f")" "$TMPDIR/text"; done > "$TMPDIR/found"
	if [ -s "$TMPDIR/found" ]; then ok false "$spec: nothing of what is not there" "$TMPDIR/found"
	else ok true "$spec: nothing of what is not there ($(tail -1 "$TMPDIR/log"))"; fi
}

words "" || ok false "translations for a host with everything" "$TMPDIR/log"
for f in $emitted; do                   # the patterns find what there is
	grep -qE "$(pattern "$f")" "$TMPDIR/text" && found=true || found=false
	ok $found "with everything: $f is found" "$TMPDIR/log"
done
# shellcheck disable=SC2086
check -all $features
if [ "$ALL" ]; then
	for f in $features; do
		case $f in
		aes)    check -aes aes pmull ;;
		sha2)   check -sha2 sha2 sha512 ;;
		flagm)  check -flagm flagm flagm2 ;;
		lrcpc)  check -lrcpc lrcpc lrcpc2 ;;
		*)      check "-$f" "$f" ;;
		esac
	done
fi
# The runtime itself runs on ARMv8.0.
$objdump -d build/stele | sed -n 's/^ *[0-9a-f]*:\t[0-9a-f]* \t//p' | tr '\t' ' ' > "$TMPDIR/text"
for f in $features; do grep -E "$(pattern "$f")" "$TMPDIR/text"; done > "$TMPDIR/found"
[ -s "$TMPDIR/text" ] && [ ! -s "$TMPDIR/found" ] && plain=true || plain=false
ok $plain "the runtime's own code needs nothing" "$TMPDIR/found"
echo "1..$n"
exit $((bad > 0))
