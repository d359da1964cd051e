/* cflags: -D_GNU_SOURCE */
/* sig_align.c - misaligned operands of legacy SSE: #GP, which is SIGSEGV without an address. What must be aligned, what
 * need not be, and whether it is noticed after a register was found aligned and then changed. */
#include "check.h"
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <ucontext.h>

static sigjmp_buf back;
static uintptr_t code, hole;

static void handler(int sig, siginfo_t *si, void *ctx)
{
	greg_t *g = ((ucontext_t *)ctx)->uc_mcontext.gregs;
	say("  signal %d code %x addr %s trapno %ld err %lx rip code+%ld\n", sig, si->si_code, !si->si_addr ? "0" : (uintptr_t)si->si_addr == hole ? "hole" : "?",
	    (long)g[REG_TRAPNO], (long)g[REG_ERR], (long)(g[REG_RIP] - code));
	siglongjmp(back, 1);
}

/* rdi = an address, rsi = a count */
static void run(const char *what, const char *bytes, int n, uintptr_t rdi, uintptr_t rsi)
{
	say("%s\n", what);
	code += 64;
	memcpy((void *)code, bytes, n);
	((char *)code)[n] = 0xc3;
	if (!sigsetjmp(back, 1)) {
		((void (*)(uintptr_t, uintptr_t))code)(rdi, rsi);
		say("  nothing\n");
	}
}
#define RUN(what, bytes, rdi, rsi) run(what, bytes, sizeof bytes - 1, rdi, rsi)

int main(int argc, char **argv)
{
	static char stack[65536];
	stack_t ss = { .ss_sp = stack, .ss_size = sizeof stack };
	struct sigaction sa = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK };
	uintptr_t a;

	sigaltstack(&ss, 0);
	sigaction(SIGSEGV, &sa, 0);
	sigaction(SIGBUS, &sa, 0);
	code = (uintptr_t)mmap(0, 8192, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	a = (uintptr_t)mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	hole = a + 4096;
	munmap((void *)hole, 4096);

	RUN("movaps [rip+...], aligned", "\x0f\x28\x05\x09\x00\x00\x00", 0, 0);
	RUN("movaps [rip+...], misaligned", "\x90\x0f\x28\x05\x09\x00\x00\x00", 0, 0);
	RUN("addps [rip+...], misaligned", "\x0f\x58\x05\x0a\x00\x00\x00", 0, 0);
	RUN("movups [rip+...], misaligned", "\x0f\x10\x05\x0a\x00\x00\x00", 0, 0);
	if (argc > 1) {                                 /* only with STELE_ALIGN=exact */
		RUN("movaps load", "\x0f\x28\x07", a + 8, 0);
		RUN("movaps store", "\x0f\x29\x07", a + 1, 0);
		RUN("movaps load, aligned", "\x0f\x28\x07", a + 16, 0);
		RUN("movaps [rdi+8], aligned", "\x0f\x28\x47\x08", a + 8, 0);
		RUN("movaps [rdi+8], misaligned", "\x0f\x28\x47\x08", a, 0);
		RUN("movapd", "\x66\x0f\x28\x07", a + 8, 0);
		RUN("movdqa", "\x66\x0f\x6f\x07", a + 4, 0);
		RUN("movdqa store", "\x66\x0f\x7f\x07", a + 4, 0);
		RUN("movdqu", "\xf3\x0f\x6f\x07", a + 4, 0);
		RUN("movntps", "\x0f\x2b\x07", a + 4, 0);
		RUN("movntdq", "\x66\x0f\xe7\x07", a + 4, 0);
		RUN("paddd", "\x66\x0f\xfe\x07", a + 4, 0);
		RUN("pshufd", "\x66\x0f\x70\x07\x1b", a + 4, 0);
		RUN("mulpd", "\x66\x0f\x59\x07", a + 8, 0);
		RUN("sqrtps", "\x0f\x51\x07", a + 8, 0);
		RUN("cvtdq2ps", "\x0f\x5b\x07", a + 8, 0);
		RUN("addss, misaligned", "\xf3\x0f\x58\x07", a + 1, 0);
		RUN("movsd, misaligned", "\xf2\x0f\x10\x07", a + 1, 0);
		RUN("movaps [rdi+rsi*8]", "\x0f\x28\x04\xf7", a, 1);
		RUN("movaps [rdi+rsi*8], aligned", "\x0f\x28\x04\xf7", a, 2);
		RUN("misaligned in a hole", "\x0f\x28\x07", hole + 8, 0);
		RUN("aligned in a hole", "\x0f\x28\x07", hole, 0);
		RUN("aligned, then add 8", "\x0f\x28\x07\x48\x83\xc7\x08\x0f\x28\x07", a, 0);
		RUN("aligned, then add 16", "\x0f\x28\x07\x48\x83\xc7\x10\x0f\x28\x07", a, 0);
		RUN("aligned, then inc", "\x0f\x28\x07\x48\xff\xc7\x0f\x28\x07", a, 0);
		RUN("aligned, then a copy less 4", "\x0f\x28\x07\x48\x8d\x47\xfc\x0f\x28\x00", a + 16, 0);
		RUN("aligned, then edi", "\x0f\x28\x07\x01\xf7\x0f\x28\x07", a, 1);
		RUN("rsp, push, rsp", "\x48\x89\xe0\x48\x83\xe4\xf0\x0f\x28\x04\x24\x50\x0f\x28\x04\x24\x48\x89\xc4", a, 0);
		RUN("cmpxchg16b", "\x48\x0f\xc7\x0f", a + 8, 0);
		RUN("fxsave", "\x0f\xae\x07", a + 8, 0);
		if (__builtin_cpu_supports("avx")) {
			RUN("vmovaps xmm", "\xc5\xf8\x28\x07", a + 8, 0);
			RUN("vmovaps ymm at 16", "\xc5\xfc\x28\x07", a + 16, 0);
			RUN("vmovaps ymm at 32", "\xc5\xfc\x28\x07", a + 32, 0);
			RUN("vmovaps ymm store [rdi+16] at 32", "\xc5\xfc\x29\x47\x10", a + 16, 0);
			RUN("movaps, then vmovaps ymm at 16", "\x0f\x28\x07\xc5\xfc\x28\x07", a + 16, 0);
			RUN("vmovntdq ymm at 16", "\xc5\xfd\xe7\x07", a + 16, 0);
			RUN("vaddps ymm at 1", "\xc5\xfc\x58\x07", a + 1, 0);
			RUN("vmovdqu ymm at 1", "\xc5\xfe\x6f\x07", a + 1, 0);
		}
	}
	return done();
}
