#!/bin/bash
# Round trips of 20 MB through every compressor: the compressed file is compared too, byte for byte.
. "$(dirname "$0")/../lib.sh"
# 20 MB, half text and half hard to compress; the same on every run and every machine.
perl -e '
	my $s = 12345; my $n = 0; my @w = map { "word" . $_ * 7919 % 1009 } 0 .. 255;
	while ($n < 20_000_000) {
		my $l = ""; my $x;
		for (1 .. 16) { $s = ($s * 1103515245 + 12345) & 0x7fffffff; $l .= $w[$s >> 16 & 255] . " " }
		for (1 .. 16) { $s = ($s * 1103515245 + 12345) & 0x7fffffff; $x .= pack "N", $s ^ $s << 7 }
		$l .= "\n" . $x; print $l; $n += length $l;
	}' | head -c 20000000 > "$IN/data"

trip() {                                # trip NAME COMPRESS DECOMPRESS SUFFIX
	LIMIT=1200 twin_sh "$1, 20 MB" "$2 < data > data.$4 && $3 < data.$4 | cmp - data && rm data && md5sum data.$4"
}
trip "gzip -1"   "gzip -1 -n"      "gzip -d"  gz
trip "gzip -6"   "gzip -6 -n"      "gzip -d"  gz
trip "bzip2 -3"  "bzip2 -3"        "bzip2 -d" bz2
trip "xz -0"     "xz -0"           "xz -d"    xz
trip "xz -T2 -1" "xz -T2 -1"       "xz -d -T2" xz
trip "zstd -3"   "zstd -q -3 --single-thread" "zstd -q -d" zst
trip "zstd -T2"  "zstd -q -T2 -6"  "zstd -q -d" zst
LIMIT=600 twin_sh "damaged files" 'head -c 1000000 data > d; for c in gzip bzip2 xz "zstd -q"; do
	$c -c < d > e; head -c 5000 e | $c -dc | md5sum; echo "$?"; printf XXXX | dd of=e bs=1 seek=2000 conv=notrunc status=none; $c -dc < e > /dev/null; echo "$?"; done'
finish
