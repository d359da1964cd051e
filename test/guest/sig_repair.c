/* cflags: -D_GNU_SOURCE -mavx2 */
/* sig_repair.c - a handler makes a page accessible and returns: the instruction that faulted, and what the translator made one of
 * with it, goes on as if nothing had happened. */
#include "check.h"
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <ucontext.h>

static char *page;                      /* two of them; `one`: at most one is there at a time */
static int faults, one;
static long rip;

static void hide(void) { expect(!mprotect(page, 8192, PROT_NONE)); faults = 0; }

static void handler(int sig, siginfo_t *si, void *ctx)
{
	char *at = (char *)((uintptr_t)si->si_addr & -4096);

	rip = ((ucontext_t *)ctx)->uc_mcontext.gregs[REG_RIP];
	if (++faults > 50) _exit(97);
	if (one) mprotect(page, 8192, PROT_NONE);
	if (mprotect(at, 4096, PROT_READ | PROT_WRITE)) _exit(96);
}

static void copies(void)
{
	float a[4] = { 1, 2, 3, 4 }, r[4];
	unsigned n = 1234;
	long from;

	hide();
	__asm__ volatile("movups %2, %%xmm1\n mov $7, %%ebx\n pxor %%xmm0, %%xmm0\n lea 1f(%%rip), %1\n"
			 "movaps %%xmm1, %%xmm0\n mov %%ebx, %%eax\n 1: addps (%3), %%xmm0\n movups %%xmm0, %0"
			 : "=m"(r), "=&r"(from) : "m"(a), "r"(page) : "rax", "rbx", "xmm0", "xmm1", "memory");
	say("a copy, later an addition: %g %g, %d fault, at +%ld\n", r[0], r[3], faults, rip - from);
	hide();
	__asm__ volatile("mov $5, %%eax\n lea 1f(%%rip), %1\n mov %%eax, %0\n 1: add (%2), %0"
			 : "=&r"(n), "=&r"(from) : "r"(page + 64) : "rax", "memory");
	say("a copy, then an addition: %u, %d fault, at +%ld\n", n, faults, rip - from);
	hide();
	__asm__ volatile("mov %%rsp, %%rbx\n lea 4104(%1), %%rsp\n lea 1f(%%rip), %0\n push $3\n 1: pop %%rax\n mov %%rbx, %%rsp"
			 : "=&r"(from) : "r"(page) : "rax", "rbx", "memory");
	say("a push: %d fault\n", faults);
	hide();
	__asm__ volatile("mov %%rsp, %%rbx\n lea 4104(%1), %%rsp\n lea 1f(%%rip), %0\n push %%rbx\n 1: push %%rbx\n mov %%rbx, %%rsp"
			 : "=&r"(from) : "r"(page) : "rax", "rbx", "memory");
	say("two pushes over a page's start: %d faults, the last at +%ld\n", faults, rip - from);
}

static void flags(void)
{
	for (int k = 3; k < 8; k += 2) {
		unsigned long f;

		hide();
		__asm__ volatile("jmp 2f\n 1: cmp $5, %1\n mov %1, (%2)\n ret\n 2: call 1b\n pushf\n pop %0"
				 : "=r"(f) : "r"(k), "r"(page) : "memory", "cc");
		say("flags that a function returns: %lx, %d fault\n", f & 0x8d5, faults);
		hide();
		__asm__ volatile("lea 1f(%%rip), %%rax\n push %%rax\n cmp $5, %1\n mov %1, 4(%2)\n ret\n 1: pushf\n pop %0"
				 : "=r"(f) : "r"(k), "r"(page) : "rax", "memory", "cc");
		say("the same, to where no call was: %lx, %d fault\n", f & 0x8d5, faults);
	}
}

static void gathers(void)
{
	int index[8] = { 0, 1024, 1, 1025, 2, 1026, 3, 1027 }, r[8];

	mprotect(page, 8192, PROT_READ | PROT_WRITE);
	for (int k = 0; k < 2048; k++)
		((int *)page)[k] = k;
	one = 1;
	hide();
	__asm__ volatile("vmovdqu %1, %%ymm1\n vpcmpeqd %%ymm2, %%ymm2, %%ymm2\n vpxor %%xmm0, %%xmm0, %%xmm0\n"
			 "vpgatherdd %%ymm2, (%2, %%ymm1, 4), %%ymm0\n vmovdqu %%ymm0, %0\n vzeroupper"
			 : "=m"(r) : "m"(index), "r"(page) : "xmm0", "xmm1", "xmm2", "memory");
	one = 0;
	say("a gather from two pages that are never both there: %d %d %d %d %d %d %d %d, %d faults\n",
	    r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7], faults);
}

int main(void)
{
	static char stack[65536];
	stack_t ss = { .ss_sp = stack, .ss_size = sizeof stack };
	struct sigaction sa = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK };
	char *p = mmap(0, 16384, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	expect(p != MAP_FAILED && !sigaltstack(&ss, 0) && !sigaction(SIGSEGV, &sa, 0));
	page = p + 4096;
	for (int k = 0; k < 32; k++)
		((float *)page)[k] = k < 16 ? 0.5f : 0;
	((int *)page)[16] = 100;
	copies();
	flags();
	gathers();
	return done();
}
