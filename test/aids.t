#!/bin/bash
# The aids: -x, STELE_DUMP, STELE_TRACE, STELE_STOP with tool/bisect, STELE_STATS, STELE_PERF.
top=$(cd "$(dirname "$0")/.." && pwd)
T=$(mktemp -d) || exit 1
trap 'rm -rf "$T"' EXIT
n=0 bad=0
stele=("$top/build/host/execwatch" "$top/build/stele")

check() {                               # check NAME COMMAND...: the command's status says it
	local name=$1
	shift
	n=$((n + 1))
	if "$@" > "$T/log" 2>&1; then echo "ok $n - $name"; else bad=$((bad + 1)); echo "not ok $n - $name"; sed 's/^/# /' "$T/log" | head -20; fi
}
has() { grep -Eq -- "$1" "$2" || { head -30 "$2"; return 1; }; }
run() { timeout 120 "${stele[@]}" "$@" > "$T/out" 2> "$T/err" < /dev/null; }

cat > "$T/deep.c" <<'C'
int f(int *p, int n) { return n ? f(p, n - 1) + 1 : *p; }
int main(int argc, char **argv) { return argc > 1 ? 3 : f((int *)16, 5); }
C
case $(uname -m) in x86_64) cc=gcc ;; *) cc=x86_64-linux-gnu-gcc ;; esac
$cc -O0 -static -o "$T/deep" "$T/deep.c" || { echo "1..0 # skip: no compiler for x86-64"; exit 0; }

run -x "48 01 c8 c3"
check "-x: the instruction"            has '^401000  48 01 c8 +add rax, rcx$' "$T/out"
check "-x: flags that nobody reads"    has 'reads -, writes OSZAPC, live -' "$T/out"
check "-x: code without them"          has '^ +8b090108  add x8, x8, x9$' "$T/out"
run -x "48 01 c8"
check "-x: flags that are read"        has 'reads -, writes OSZAPC, live OSZAPC' "$T/out"
check "-x: code with them"             has '^ +ab090108  adds x8, x8, x9$' "$T/out"
run --order=tso -x "48 8b 07 c3"
check "-x: in the mode asked for"      has 'ldapu?r x8, \[x0\]' "$T/out"
run -x "48 0"
check "-x: half a byte is refused"     has 'not a pair of hexadecimal digits' "$T/err"

entry=$(LC_ALL=C readelf -h "$T/deep" | sed -n 's/.*Entry point address: *0x//p')
run --dump=xla:$entry "$T/deep" x
check "dump: by address"               has "^region 0 at $entry deep\\+[0-9a-f]+, cold: " "$T/err"
check "dump: nothing else"             test "$(grep -c '^region' "$T/err")" -ge 1 -a "$(grep -c '^region [1-9][0-9]\{2\}' "$T/err")" = 0
run --dump=x:#7 "$T/deep" x
check "dump: by number, x86 alone"     test "$(grep -c '^region' "$T/err") $(grep -c 'flags:\|^        ' "$T/err")" = "1 0"
run --dump=q "$T/deep" x
check "dump: unknown letters"          has '"q" is none of' "$T/err"

run --trace=5 "$T/deep"
status=$?
check "trace: the guest's own death"   test $status = 139
check "trace: the last regions"        has "^> [0-9]+  [0-9a-f]{12}  rsp [0-9a-f]{12}  deep\\+" "$T/err"
check "trace: as many as asked for"    test "$(grep -c '  rsp ' "$T/err")" = 5

"${stele[@]}" --perf=map "$T/deep" x & pid=$!
wait $pid
map=$(grep -l "x86:deep+" /tmp/perf-*.map 2>/dev/null | head -1)
check "perf: names code"               test -n "$map"
[ -n "$map" ] && rm -f "$map"

run --stats="$T/stats" /usr/bin/python3 -c 'print(1)'
own=$(sed -n 's/^stele: \([0-9]*\) KiB of own memory resident$/\1/p' "$T/stats")
check "stats: counters"                has '^stele: [0-9]+ regions translated' "$T/stats"
check "stats: own memory in python3 is at most 8 MiB (${own:-none} KiB)" test "${own:-0}" -gt 100 -a "${own:-99999}" -le 8192

# Code that no place for an arena reaches: all around its pages is reserved.
cat > "$T/far.c" <<'C'
#include <string.h>
#include <sys/mman.h>
int main(void)
{
	char *page = (char *)0x200000000000, *lo = page - (5ull << 30);
	int sum = 0;

	if (mmap(lo, 10ull << 30, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0) != lo ||
	    mprotect(page, 200 << 12, PROT_READ | PROT_WRITE | PROT_EXEC))
		return 1;
	for (int k = 0; k < 200; k++, page += 4096) {
		memcpy(page, "\xb8\1\0\0\0\xc3", 6);         /* mov eax, 1; ret */
		sum += ((int (*)(void))page)();
	}
	return sum == 200 ? 0 : 2;
}
C
$cc -O1 -static -o "$T/far" "$T/far.c"
check "code far from all arenas runs"  run --stats="$T/stats" "$T/far"
check "and shares a few"               has '^stele: [0-9]+ KiB of code and tables in [1-4] arenas' "$T/stats"

run --stop=0 "$T/deep" x
status=$?
check "stop: all plain"                test $status = 3
cat > "$T/wrong" <<-'S'
	#!/bin/sh
	# as if the clever translation of region 21 were wrong
	[ "$STELE_STOP" -gt 21 ] && echo wrong
	exec "$@"
S
chmod +x "$T/wrong"
timeout 300 "$top/tool/bisect" -- "$T/wrong" "${stele[@]}" "$T/deep" x > "$T/out" 2>&1
check "bisect: finds the region"       has '^clever translation of region 21 changes it' "$T/out"
check "bisect: and shows it"           has '^region 21 at ' "$T/out"
STELE_HOST=-aes,-rng,-lse2 run "$top/build/guest/cpu_told"
check "host without AES, RNDR, LSE2: AES and RDRAND stay, AVX does not"  has 'all as expected' "$T/out"
STELE_HOST=-lse2 run /bin/grep -m1 ^flags /proc/cpuinfo
check "... in /proc/cpuinfo"           test "$(grep -Ewc 'avx|avx2|fma' "$T/out") $(grep -wc sse4_2 "$T/out")" = "0 1"

if [ "$(uname -m)" = x86_64 ]; then
	export STELE_HOT=0
	timeout 300 "$top/build/host/lockstep" -r "${RUNARM-$top/build/qemu10/qemu-aarch64 -cpu max} $top/build/stele" "$T/deep" x > "$T/out" 2>&1
	check "lockstep: a static program, hot"    has '^lockstep: no difference \(' "$T/out"
	unset STELE_HOT
	cat > "$T/wrong-entry" <<-'P'
		# as if a register were wrong at the 30th region
		import os, struct, subprocess, sys
		out = open(os.environ["STELE_ENTRIES"], "wb")
		mid = os.environ["STELE_ENTRIES"] + ".mid"
		os.mkfifo(mid)
		p = subprocess.Popen(sys.argv[1:], env=dict(os.environ, STELE_ENTRIES=mid))
		f = open(mid, "rb")
		os.unlink(mid)
		regions = 0
		while e := f.read(400):
		    kind = struct.unpack("Q", e[:8])[0]
		    regions += kind == 1
		    if kind == 1 and regions == 30: e = e[:40] + bytes([e[40] ^ 1]) + e[41:]
		    out.write(e)
		    while kind == 0:
		        m = f.read(32)
		        at, size, prot, n = struct.unpack("4Q", m)
		        out.write(m + f.read(n))
		        if not size: break
		    if kind == 2:
		        s = f.read(72 + 6 * 256)
		        out.write(s + f.read(struct.unpack("Q", s[64:72])[0]))
	P
	timeout 300 "$top/build/host/lockstep" -r "python3 $T/wrong-entry ${RUNARM-$top/build/qemu10/qemu-aarch64 -cpu max} $top/build/stele" "$T/deep" x > "$T/out" 2>&1
	check "lockstep: the first register that differs"  has '^DIFFERENCE at entry [0-9]+, the registers differ' "$T/out"
	check "lockstep: and which it is"          has '^  rbx   CPU [0-9a-f]{16} stele [0-9a-f]{16}$' "$T/out"
else
	check "lockstep: an x86-64 CPU # skip: needs one" true
fi
echo "1..$n"
exit $((bad > 0))
