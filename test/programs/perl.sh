# perl.sh - sourced by the perl/ tests: perl's own test suite (its source package, without what needs perl's build
# directory), run by the perl of this machine. Every "ok N" is compared.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
src=$top/build/src/perl
[ -d "$src/t" ] || { echo "Bail out! no $src: tool/setup programs"; exit 1; }

# ../lib as the tests want it: this machine's library, with the tests' own modules from the source.
v=$(perl -e 'printf "%vd", $^V')
mkdir "$T/lib"
for d in $root/usr/share/perl/$v $root/usr/lib/x86_64-linux-gnu/perl/$v $root/usr/lib/x86_64-linux-gnu/perl-base; do
	[ ! -d "$d" ] || cp -rsn "$d/." "$T/lib/"
done
cp -rn "$src/lib/." "$T/lib/"
cp -r "$src/t/." "$IN/"
# They need the build directory, a mistyped locale, or many minutes even natively.
LEFT_OUT=" op/coreamp op/coresubs op/goto_xs op/magic op/readdir op/signatures op/taint op/utftaint re/substT
	re/uniprops01 re/uniprops02 re/uniprops03 re/uniprops04 re/uniprops05 re/uniprops06 re/uniprops07 re/uniprops08
	re/uniprops09 re/uniprops10 re/regexp_qr_embed_thr re/user_prop_race_thr re/anyof io/crlf_through io/through "

# scripts GLOB...: a twin for each of perl's test scripts.
scripts() {
	local f
	for f in $(cd "$IN" && ls $*); do
		case $LEFT_OUT in *[[:space:]]${f%.t}[[:space:]]*) continue ;; esac
		LIMIT=900 FILTER="sed -nE 's/^((not )?ok [0-9]+).*/\\1/p; /^1[.][.]/p'" twin "$f" perl -I../lib $f
	done
}
