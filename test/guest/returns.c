/* cflags: -D_GNU_SOURCE */
/* returns.c - calls and returns that do not pair: deep recursion, longjmp, coroutines, returns to other places. */
#include "check.h"
#include <setjmp.h>
#include <stdint.h>
#include <sys/resource.h>

static __attribute__((noinline)) long deep(long n)
{
	if (!n) return 0;
	long r = deep(n - 1) + (n & 3);
	__asm__ volatile("" : "+r" (r));
	return r;
}

static jmp_buf env;
static volatile int armed = 1;
static __attribute__((noinline)) void jump_from(int n)
{
	if (n) jump_from(n - 1);
	else if (armed) longjmp(env, 7);
	__asm__ volatile("");
}

/* Coroutines by hand: save the callee's registers, change stacks, return there. */
void switch_to(void **save, void *to);
__asm__(
".text\n"
"switch_to:\n"
"	push	%rbp\n	push	%rbx\n	push	%r12\n	push	%r13\n	push	%r14\n	push	%r15\n"
"	mov	%rsp, (%rdi)\n"
"	mov	%rsi, %rsp\n"
"	pop	%r15\n	pop	%r14\n	pop	%r13\n	pop	%r12\n	pop	%rbx\n	pop	%rbp\n"
"	ret\n"
);
static void *main_sp, *co_sp[2];
static unsigned long trail;
static void co_loop(int me)
{
	for (int i = 0;; i++) {
		trail = trail * 3 + me;
		if (i % 7) switch_to(&co_sp[me], co_sp[!me]);
		else switch_to(&co_sp[me], main_sp);
	}
}
static void co0(void) { co_loop(0); }
static void co1(void) { co_loop(1); }

/* pop the return address, go there by a jump; and return to a pushed address. */
__attribute__((noinline)) long odd(long x);
__asm__(
".text\n"
"odd:	pop	%rax\n"
"	lea	1f(%rip), %rcx\n"
"	push	%rcx\n"
"	lea	1(%rdi), %rdi\n"
"	ret\n"
"1:	mov	%rax, %rdx\n"
"	lea	1(%rdi), %rax\n"
"	jmp	*%rdx\n"
);

int main(void)
{
	struct rlimit rl = { 64 << 20, 64 << 20 };
	setrlimit(RLIMIT_STACK, &rl);
	long r = 0;
	for (int i = 0; i < 3; i++)
		r += deep(60000);
	say("deep %ld\n", r);
	expect(r == 3 * 60000 / 4 * 6);

	volatile int jumps = 0;
	for (int i = 0; i < 300; i++)
		if (setjmp(env) == 7) jumps++;
		else jump_from(i);
	say("longjmp %d\n", jumps);
	expect(jumps == 300);

	static void *stacks[2][4096];
	for (int i = 0; i < 2; i++) {
		stacks[i][4096 - 2] = i ? (void *)co1 : (void *)co0;
		co_sp[i] = &stacks[i][4096 - 8];
	}
	for (int i = 0; i < 600; i++)
		switch_to(&main_sp, co_sp[i & 1]);
	say("coroutines %lx\n", trail);
	long sum = 0;
	for (long i = 0; i < 1000; i++)
		sum += odd(i);
	say("odd returns %ld\n", sum);
	expect(sum == 499500 + 2000);
	return done();
}
