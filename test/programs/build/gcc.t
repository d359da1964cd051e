#!/bin/bash
# gcc: preprocess, compile, assemble, archive, link and run a program of several files; then C++ if it is there, and what
# goes wrong. Every object and executable is compared.
. "$(dirname "$0")/../lib.sh"
cat > "$IN/list.h" <<'C'
#ifndef LIST_H
#define LIST_H
#include <stddef.h>
struct node { struct node *next; double value; char name[16]; };
struct node *list_add(struct node *, const char *, double);
struct node *list_sort(struct node *);
double list_sum(const struct node *);
#endif
C
cat > "$IN/list.c" <<'C'
#include <stdlib.h>
#include <string.h>
#include "list.h"
struct node *list_add(struct node *l, const char *name, double v)
{
	struct node *n = calloc(1, sizeof *n);
	n->next = l; n->value = v; strncpy(n->name, name, sizeof n->name - 1);
	return n;
}
static struct node *merge(struct node *a, struct node *b)
{
	struct node head = { 0 }, *t = &head;
	for (; a && b; t = t->next)
		if (a->value <= b->value) { t->next = a; a = a->next; } else { t->next = b; b = b->next; }
	t->next = a ? a : b;
	return head.next;
}
struct node *list_sort(struct node *l)
{
	struct node *slow = l, *fast;
	if (!l || !l->next) return l;
	for (fast = l->next; fast && fast->next; fast = fast->next->next) slow = slow->next;
	fast = slow->next; slow->next = NULL;
	return merge(list_sort(l), list_sort(fast));
}
C
cat > "$IN/sum.c" <<'C'
#include "list.h"
double list_sum(const struct node *l) { double s = 0; for (; l; l = l->next) s += l->value; return s; }
C
cat > "$IN/main.c" <<'C'
#include <stdio.h>
#include <math.h>
#include "list.h"
extern unsigned rotate(unsigned, unsigned);
int main(int argc, char **argv)
{
	struct node *l = NULL;
	char name[16];
	for (int i = 0; i < 1000; i++) { snprintf(name, sizeof name, "n%d", i); l = list_add(l, name, sin(i) * 100); }
	l = list_sort(l);
	printf("%s %.10g %.10g %#x %d\n", l->name, l->value, list_sum(l), rotate(0x12345678, 8), argc);
	return argc > 1 ? 3 : 0;
}
C
cat > "$IN/rotate.s" <<'S'
	.globl rotate
	.type rotate, @function
rotate:	movl %edi, %eax
	movl %esi, %ecx
	roll %cl, %eax
	ret
	.section .note.GNU-stack,"",@progbits
S
printf 'objs = list.o sum.o main.o rotate.o\nCFLAGS = -O2 -Wall\nprog: $(objs)\n\t$(CC) -o $@ $^ -lm\nmain.o list.o sum.o: list.h\nclean:\n\trm -f prog $(objs)\n' > "$IN/Makefile"

LIMIT=600
for o in -O0 -O2 "-O3 -march=x86-64-v3 -ffast-math" "-Os -flto -frandom-seed=1" "-O2 -g -fsanitize=undefined"; do
	twin_sh "gcc $o" "gcc $o -Wall -c list.c sum.c main.c rotate.s && gcc $o -o prog *.o -lm && ./prog; ./prog x; echo \$?"
done
twin_sh "stage by stage" 'gcc -E main.c | grep -v "^#" | md5sum; gcc -S -O2 list.c -o l.s; as -o l.o l.s; gcc -c sum.c main.c rotate.s; ar rcsD lib.a l.o sum.o rotate.o; gcc -static -o s main.o lib.a -lm && ./s; gcc -shared -fPIC -o libx.so list.c sum.c rotate.s; gcc -no-pie -o d main.c ./libx.so -lm && ./d
	nm -g l.o; objdump -d --no-show-raw-insn l.o | head -40; readelf -Wl s | head -30; size d; strip d && ./d; strings -n 8 libx.so | head -5; ldd d | grep -vc vdso; objcopy -O binary -j .text l.o t.bin; c++filt _ZN3fooEv; addr2line -e s -f 0x401000'
twin_sh "make" 'make && ./prog; make; touch list.h; make -j3; make -n clean; make clean; ls; make nothing; echo $?'
twin_sh "errors" 'echo "int main( { return x; }" > bad.c; gcc bad.c; echo $?; gcc -Wall -Wextra -c -x c - -o w.o <<< "int f(int a) { int b; return b; } "; echo $?; gcc -o none main.c 2>&1 | sed "s,/[^ ]*/cc[^ :]*,TMP,g"; gcc nofile.c; echo "foo bar" | as -o z.o; echo $?; ld -o y nofile.o; echo $?'
if [ -x "$root/usr/bin/g++" ]; then
	# Few headers: cc1plus is the largest program here, and translating is slow under QEMU.
	cat > "$IN/t.cc" <<-'C'
	#include <cstdio>
	#include <map>
	#include <memory>
	#include <pthread.h>
	#include <stdexcept>
	#include <string>
	#include <vector>
	struct base { virtual ~base() {} virtual int f(int) = 0; };
	template <int N> struct der : base { int f(int x) override { if (x > 5) throw std::runtime_error("x" + std::to_string(N)); return x * N; } };
	static long sums[4];
	static void *run(void *p) { long *s = (long *)p; try { for (long k = 0;; k++) { *s += k % 3; if (k > 1000) throw k; } } catch (long k) { *s += k; } return nullptr; }
	int main() {
		std::vector<std::unique_ptr<base>> v;
		v.emplace_back(new der<3>); v.emplace_back(new der<7>);
		std::map<std::string, int> m;
		for (const char *w : { "the", "quick", "brown", "fox", "the" }) m[w]++;
		for (auto &[k, n] : m) std::printf("%s=%d ", k.c_str(), n);
		for (auto &p : v) for (int i = 4; i < 8; i++) try { std::printf("%d ", p->f(i)); } catch (const std::exception &e) { std::printf("caught %s ", e.what()); }
		pthread_t t[4];
		for (int i = 0; i < 4; i++) pthread_create(t + i, nullptr, run, sums + i);
		for (int i = 0; i < 4; i++) { pthread_join(t[i], nullptr); std::printf("%ld ", sums[i]); }
		std::puts("");
	}
	C
	twin_sh "g++" 'g++ -std=c++17 -O1 -pthread -o t t.cc && ./t'
fi
finish
