/* cflags: -D_GNU_SOURCE */
/* sig_canon.c - addresses that are not canonical: SIGSEGV without an address, as after any #GP. Under user-mode QEMU
 * on x86 the host's own #GP hides the address from its guest; this test is for a real ARM64 kernel. */
#include "check.h"
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <ucontext.h>

static sigjmp_buf back;

static void handler(int sig, siginfo_t *si, void *ctx)
{
	greg_t *g = ((ucontext_t *)ctx)->uc_mcontext.gregs;
	say("  signal %d code %x addr %p trapno %lld err %llx\n", sig, si->si_code, si->si_addr, g[REG_TRAPNO], g[REG_ERR]);
	expect(sig == SIGSEGV && si->si_code == 0x80 && !si->si_addr && g[REG_TRAPNO] == 13 && !g[REG_ERR]);
	siglongjmp(back, 1);
}

int main(void)
{
	struct sigaction sa = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };
	static const uint64_t bad[] = { 0x0000800000000000, 0x0000900000000000, 0x00ff000000000000, 0x1234000000000000,
					0x8000000000000000, 0xffff7fffffffffff };
	sigaction(SIGSEGV, &sa, 0);
	for (int i = 0; i < 6; i++)
		for (int write = 0; write < 2; write++) {
			say("%s %lx\n", write ? "store" : "load", (long)bad[i]);
			if (sigsetjmp(back, 1)) continue;
			if (write) *(volatile char *)bad[i] = 1;
			else (void)*(volatile char *)bad[i];
			expect(!"reached");
		}
	return done();
}
