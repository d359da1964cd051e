#!/bin/bash
# Interpreters beyond the machine's own: ruby, tclsh, guile; and a static program of musl's.
SYSTEM=more; . "$(dirname "$0")/../lib.sh"
cat > "$IN/t.rb" <<'R'
require 'set'; require 'json'; require 'digest'; require 'zlib'; require 'stringio'; require 'open3'
puts (1..20).map { |i| i * i }.select(&:even?).inject(:+), 2**200, 10.fdiv(3), 7.divmod(-2).inspect, 1e-320, Rational(3, 4) + 1, Complex(1, 2)**3
h = Hash.new(0); "the quick brown fox jumps over the lazy dog the end".split.each { |w| h[w] += 1 }
p h.sort_by { |k, v| [-v, k] }, "aXbX".gsub(/X(?=b)/) { "<#{$&}>" }, "héllo".unpack("U*"), [3, 1, 2].sort { |a, b| b <=> a }, Set[1, 2] | [3]
puts JSON.generate({ a: [1, 2.5, nil], "b" => "é" }), JSON.parse('{"x": [1e3, true]}').inspect, Digest::SHA256.hexdigest("x"), Zlib.crc32("hello"), Zlib::Inflate.inflate(Zlib::Deflate.deflate("z" * 1000)).size
f = Fiber.new { 3.times { |i| Fiber.yield i }; :done }; p 4.times.map { f.resume }
e = Enumerator.new { |y| a, b = 0, 1; loop { y << a; a, b = b, a + b } }; p e.lazy.select(&:odd?).first(8)
Thread.report_on_exception = false; p [5, 3].map { |n| Thread.new { (1..n).sum } }.map(&:value), (Thread.new { raise "in thread" }.join rescue $!.message)
q = Queue.new; c = Thread.new { r = []; while (x = q.pop) != :end; r << x; end; r }; 50.times { |i| q << i }; q << :end; p c.value.sum
p Open3.capture2("tr a-z A-Z", stdin_data: "pipe")[0], `echo sub; exit 3`, $?.exitstatus, Process.wait2(fork { exit 7 })[1].exitstatus
trap("USR1") { puts "usr1" }; Process.kill("USR1", $$); sleep 0.1
begin; Integer("zz"); rescue ArgumentError => x; puts x.message; ensure puts "ensured"; end
def deep(n) = deep(n + 1); begin; deep(0); rescue SystemStackError; puts "stack level"; end
p catch(:t) { throw :t, 5 }, ObjectSpace.garbage_collect, [1, 2, 3].each_slice(2).to_a, "%05.2f|%-5s|%x" % [3.14159, "ab", 255], Struct.new(:a, :b).new(1, 2)
a = (1..50000).map { |i| "s#{i * 7919 % 50021}" }; p a.sort[12345], a.uniq.size, a.map(&:hash).uniq.size; GC.start; GC.compact rescue p $!.class
case { k: [1, { z: 2 }] }
in { k: [Integer => i, { z: }] } then p i, z
end
R
LIMIT=300 twin "ruby" ruby t.rb
cat > "$IN/t.tcl" <<'T'
proc fib n { if {$n < 2} { return $n }; expr {[fib [expr {$n - 1}]] + [fib [expr {$n - 2}]]} }
puts [fib 18]; puts [expr {2 ** 100 + 1}] ; puts [expr {sin(1) + 1.0 / 3}] ; puts [lsort -integer {5 3 9 1}] ; puts [regsub -all {(\w)(\d)} "a1 b2" {\2\1}]
set d [dict create a 1 b 2]; dict for {k v} $d { puts "$k=$v" }; puts [string map {a X} banana] ; puts [format %08.3f 3.14159] ; puts [clock format 0 -gmt 1]
set c [coroutine co apply {{} { yield; for {set i 0} {$i < 3} {incr i} { yield $i }; return end }}]; puts [list [co] [co] [co] [co]]
oo::class create P { variable n; constructor x { set n $x }; method get {} { return $n } }; puts [[P new 42] get]
after 50 { set done 1 }; vwait done; puts [exec echo sub | tr a-z A-Z]; catch { error oops } m; puts $m; puts [binary encode hex [zlib compress hello]]
set s [socket -server {apply {{ch h p} { puts $ch "served"; close $ch; set ::end 1 }}} -myaddr 127.0.0.1 0]; set k [socket 127.0.0.1 [lindex [fconfigure $s -sockname] 2]]; vwait end; puts [gets $k]
try { expr {1 / 0} } on error m { puts $m } finally { puts done }; puts [string length [string repeat é 1000]]; for {set i 0} {$i < 20000} {incr i} { lappend l [expr {$i * 7919 % 20011}] }; puts [lindex [lsort -integer $l] 777]
T
twin "tclsh" tclsh8.6 t.tcl
cat > "$IN/t.scm" <<'S'
(use-modules (srfi srfi-1) (ice-9 format) (ice-9 threads) (ice-9 popen) (ice-9 rdelim))
(define (fact n) (if (zero? n) 1 (* n (fact (- n 1)))))
(format #t "~a ~a ~,4f ~s\n" (fact 50) (/ 3 9) (sqrt 2) (map (lambda (x) (* x x)) (iota 10)))
(display (call/cc (lambda (k) (for-each (lambda (x) (if (> x 3) (k x))) '(1 2 5 7)) 'none))) (newline)
(display (catch 'misc-error (lambda () (error "oops" 1)) (lambda (k . a) (list k (cadr a))))) (newline)
(define h (make-hash-table)) (do ((i 0 (+ i 1))) ((= i 20000)) (hashq-set! h i (* i i))) (display (hash-fold (lambda (k v a) (+ a v)) 0 h)) (newline)
(display (par-map (lambda (n) (apply + (iota n))) '(10 100 1000))) (newline)
(let* ((p (open-input-pipe "echo from a pipe")) (l (read-line p))) (close-pipe p) (display l) (newline))
(define-syntax swap! (syntax-rules () ((_ a b) (let ((t a)) (set! a b) (set! b t))))) (let ((x 1) (y 2)) (swap! x y) (display (list x y))) (newline)
S
LIMIT=900 ENV="GUILE_AUTO_COMPILE=0" twin "guile" guile-3.0 t.scm
cat > "$IN/m.c" <<'C'
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <regex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static int sum;
static __thread int own;
static void *run(void *a) { for (int i = 0; i < 1000; i++) { pthread_mutex_lock(&m); sum += (long)a; own++; pthread_mutex_unlock(&m); } return (void *)(long)own; }
static void got(int s) { write(1, "signal\n", 7); }
static int less(const void *a, const void *b) { return *(int *)a - *(int *)b; }
int main(int argc, char **argv)
{
	pthread_t t[4]; void *r; long n = 0; int v[999], st; regex_t x; wchar_t w[9]; char b[64]; time_t z = 86400 * 365;
	for (long i = 0; i < 4; i++) pthread_create(t + i, 0, run, (void *)i);
	for (int i = 0; i < 4; i++) { pthread_join(t[i], &r); n += (long)r; }
	for (int i = 0; i < 999; i++) v[i] = i * 7919 % 1009;
	qsort(v, 999, sizeof *v, less);
	signal(SIGUSR1, got); raise(SIGUSR1);
	strftime(b, sizeof b, "%c", gmtime(&z));
	printf("%d %ld %d %s %.17g %Lg %a\n", sum, n, v[500], b, sin(1), expl(1), 1.0 / 3);
	n = regcomp(&x, "^a(b|c)*d$", REG_EXTENDED); printf("%ld %d %zu %s\n", n, regexec(&x, "abcbd", 0, 0, 0), mbstowcs(w, "h\303\251", 9), strerror(ENOENT));
	fflush(stdout);
	if (!fork()) { execlp("sh", "sh", "-c", "echo child $0; exit 3", "of musl", (char *)0); _exit(1); }
	wait(&st); FILE *p = popen("echo popen", "r"); fgets(b, 64, p); printf("%d %s%s\n", WEXITSTATUS(st), b, getenv("TZ")); return pclose(p) + argc;
}
C
m=$root/usr/lib/x86_64-linux-musl cc=x86_64-linux-gnu-gcc
for pie in "-no-pie $m/crt1.o" "-static-pie -fPIE $m/rcrt1.o"; do
	$cc -O1 -w -nostdinc -nostdlib -static -isystem "$root/usr/include/x86_64-linux-musl" $pie "$m/crti.o" -o "$IN/m" "$IN/m.c" "$m/libc.a" -lgcc "$m/crtn.o"
	twin_sh "a static program of musl's, ${pie%% *}" './m a b; s=$?; rm m; exit $s'
done
twin_sh "musl's loader, as a static program" '/lib/ld-musl-x86_64.so.1; echo $?; /lib/ld-musl-x86_64.so.1 /nowhere; echo $?'
finish
