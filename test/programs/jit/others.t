#!/bin/bash
# LuaJIT, PyPy, PHP with its JIT; valgrind, which translates programs as stele does.
. "$(dirname "$0")/../jit.sh"
cat > "$IN/t.lua" <<'EOF'
local ffi = require "ffi"
ffi.cdef "int snprintf(char *, size_t, const char *, ...); double pow(double, double);"
local s, t = 0, {}
for i = 1, 1000000 do s = s + i % 7 * 0.5 end
for i = 1, 20000 do t[i] = (i * 7919) % 10007 end
table.sort(t)
local b = ffi.new("char[64]")
ffi.C.snprintf(b, 64, "%.3f %s", ffi.C.pow(2, 0.5), "c")
print(s, t[1], t[10000], ffi.string(b), bit.bxor(0xff00ff, 0x123456), 2^53, -7 % 3, math.floor(-3.5), 1ULL - 2)
local a = ffi.new("struct { float x; int16_t y; }[100]")
for k = 1, 300 do for i = 0, 99 do a[i].x = a[i].x + i * 0.1; a[i].y = a[i].y + i * k end end
print(a[99].x, a[99].y, pcall(error, "e"), select("#", string.byte("stele", 1, -1)), ("x"):rep(3, ","))
local co = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i) end end)
print(co(), co(), co(), jit.arch, jit.status())
EOF
LIMIT=300 twin "luajit" luajit t.lua
LIMIT=300 twin "luajit, with its optimizer off" luajit -O0 t.lua
cat > "$IN/t.py" <<'EOF'
import hashlib, json, math, re, sys, threading
def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)
print(fib(22), sys.implementation.name)
s = 0
for i in range(300000): s += i % 13 ^ i >> 3
print(s, sum(math.sin(i) for i in range(100000)), pow(3, 1000, 10**9 + 7), 2**200 // 3**50)
h = hashlib.sha1()
for i in range(2000): h.update(b"%d" % i)
print(h.hexdigest(), json.dumps({"a": [1.5, None, "é"]}), re.findall(r"(\w)\1", "aabbcd" * 3))
try: [][0]
except IndexError as e: print(e)
def deep(): deep()
try: deep()
except RecursionError: print("deep")
d = {}
for i in range(100000): d[i % 997] = d.get(i % 997, 0) + i
print(max(d.values()), sorted(d)[:5])
n, lock = [0], threading.Lock()
def add():
    for _ in range(3000):
        with lock: n[0] += 1
ts = [threading.Thread(target=add) for _ in range(3)]
for t in ts: t.start()
for t in ts: t.join()
print(n)
EOF
LIMIT=900 twin "pypy3" pypy3 t.py
cat > "$IN/t.php" <<'EOF'
<?php
function fib(int $n): int { return $n < 2 ? $n : fib($n - 1) + fib($n - 2); }
$s = 0.0; $a = [];
for ($i = 0; $i < 300000; $i++) { $s += sqrt($i) * ($i % 3); $a[$i % 100] = ($a[$i % 100] ?? 0) + ($i ^ 5); }
printf("%d %.6f %d %s\n", fib(22), $s, array_sum($a), md5(serialize($a)));
echo PHP_INT_MAX + 1, " ", intdiv(-7, 2), " ", -7 % 3, " ", 0.1 + 0.2, " ", preg_replace('/(\w+) (\w+)/', '$2 $1', 'quick fox'), "\n";
try { intdiv(1, 0); } catch (DivisionByZeroError $e) { echo $e->getMessage(), "\n"; }
usort($a, fn($x, $y) => $y <=> $x); echo $a[0], " ", opcache_get_status()['jit']['on'] ? "jit" : "no jit", "\n";
EOF
for mode in tracing function; do
	LIMIT=300 twin "php, $mode JIT" php8.2 -d zend_extension=opcache -d opcache.enable_cli=1 -d opcache.jit_buffer_size=16M -d opcache.jit=$mode t.php
done
LIMIT=900 WELL= FILTER="sed -E 's/==[0-9]+==/==PID==/; /Valgrind-|LibVEX/d'" twin "valgrind" valgrind /bin/echo translated twice
finish
