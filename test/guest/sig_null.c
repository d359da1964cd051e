/* cflags: -D_GNU_SOURCE */
/* sig_null.c - calls and jumps to address 0, before anything else and among thousands of functions. */
#include "check.h"
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <ucontext.h>

enum { FUNCTIONS = 6000 };

static sigjmp_buf back;
static int faults;

static void handler(int sig, siginfo_t *si, void *ctx)
{
	greg_t *g = ((ucontext_t *)ctx)->uc_mcontext.gregs;
	faults += !si->si_addr && !g[REG_RIP] && g[REG_ERR] == 0x14;
	siglongjmp(back, 1);
}

static void null(void)
{
	void (*volatile f)(void) = 0;
	if (!sigsetjmp(back, 1))
		f();
}

int main(void)
{
	struct sigaction sa = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };
	unsigned char *p;
	long sum = 0;

	sigaction(SIGSEGV, &sa, 0);
	null();
	p = mmap(0, FUNCTIONS * 16, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (int i = 0; i < FUNCTIONS; i++) {           /* mov eax, i; ret */
		memcpy(p + i * 16, "\xb8\0\0\0\0\xc3", 6);
		memcpy(p + i * 16 + 1, &i, 4);
	}
	for (int i = 0; i < FUNCTIONS; i++) {
		sum += ((int (*)(void))(p + i * 16))();
		if (i % 1000 == 0)
			null();
	}
	say("faults %d sum %ld\n", faults, sum);
	expect(faults == 7 && sum == FUNCTIONS * (FUNCTIONS - 1l) / 2);
	return done();
}
