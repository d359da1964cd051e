/* cflags: -D_GNU_SOURCE */
/* sig_canon.c - addresses that are not canonical: #GP, SIGSEGV without an address; #SS, SIGBUS, where the stack's segment is
 * used; branches that go there fault themselves. With an argument the branches alone: under user-mode QEMU on x86
 * the host's own #GP hides the address of an access from its guest. */
#include "check.h"
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <ucontext.h>

static sigjmp_buf back;
static uintptr_t code, stack;

static void handler(int sig, siginfo_t *si, void *ctx)
{
	greg_t *g = ((ucontext_t *)ctx)->uc_mcontext.gregs;
	long rip = g[REG_RIP] - code, sp = g[REG_RSP] - stack;
	say("  signal %d code %x addr %p trapno %ld err %lx", sig, si->si_code, si->si_addr, (long)g[REG_TRAPNO], (long)g[REG_ERR]);
	if (rip >= 0 && rip < 64) say(" rip code+%ld", rip);
	else say(" rip %lx", (long)g[REG_RIP]);
	if (sp > -4096 && sp < 4096) say(" rsp %ld\n", sp);
	else say(" rsp %lx\n", (long)g[REG_RSP]);
	siglongjmp(back, 1);
}

/* rdi = rbp = the address, rsp on a stack of its own */
static void run(const char *what, const char *bytes, int n, uintptr_t rdi)
{
	say("%s %lx\n", what, (long)rdi);
	code += 64;
	memcpy((void *)code, bytes, n);
	if (sigsetjmp(back, 1))
		return;
	__asm__ volatile("mov %2, %%rsp\n mov %0, %%rbp\n jmp *%1\n" : : "D" (rdi), "S" (code), "d" (stack) : "memory");
	__builtin_unreachable();
}
#define RUN(what, bytes) for (int k = 0; k < 3; k++) run(what, bytes "\x0f\x0b", sizeof bytes + 1, bad[k])

int main(int argc, char **argv)
{
	static char alt[65536];
	stack_t ss = { .ss_sp = alt, .ss_size = sizeof alt };
	struct sigaction sa = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK };
	static const uint64_t bad[] = { 0x0000800000000000, 0x1234000000000000, 0xffff7fffffffff00 };
	int sigs[] = { SIGSEGV, SIGBUS, SIGILL };

	expect(!sigaltstack(&ss, 0));
	for (int i = 0; i < 3; i++)
		expect(!sigaction(sigs[i], &sa, 0));
	code = (uintptr_t)mmap(0, 12288, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	stack = code + 12288 - 256;
	if (argc == 1) {
		RUN("load [rdi]", "\x8b\x07");
		RUN("store [rdi]", "\x88\x07");
		RUN("load [rbp]", "\x8b\x45\x00");
		RUN("store [rbp+8]", "\x89\x45\x08");
		RUN("load [rsp]", "\x48\x89\xfc\x8b\x04\x24");
		RUN("load ds:[rbp]", "\x3e\x8b\x45\x00");
		RUN("load es:[rbp]", "\x26\x8b\x45\x00");
		RUN("load ss:[rdi]", "\x36\x8b\x07");
		RUN("load [rdi+rbp]", "\x31\xff\x8b\x04\x2f");
		RUN("load [rbp+rdi]", "\x31\xff\x8b\x44\x3d\x00");
		RUN("load [rbp*1+0]", "\x8b\x04\x2d\x00\x00\x00\x00");
		RUN("movups [rbp]", "\x0f\x10\x45\x00");
		RUN("push", "\x48\x89\xfc\x50");
		RUN("pop", "\x48\x89\xfc\x58");
		RUN("push [rdi]", "\xff\x37");
		RUN("pop [rdi]", "\x48\x89\xe6\x8f\x07");
		RUN("call", "\x48\x89\xfc\xe8\x00\x00\x00\x00");
		RUN("ret", "\x48\x89\xfc\xc3");
		RUN("leave", "\xc9");
		RUN("enter", "\x48\x89\xfc\xc8\x10\x00\x00");
		RUN("movs", "\x48\x89\xf9\x48\x89\xfe\xa4");
		RUN("lods", "\x48\x89\xfe\xac");
		RUN("fld [rbp]", "\xd9\x45\x00");
		RUN("lock inc [rbp]", "\xf0\xff\x45\x00");
		RUN("fxsave [rbp]", "\x0f\xae\x45\x00");
		RUN("fxsave [rdi]", "\x0f\xae\x07");
		RUN("pushf", "\x48\x89\xfc\x9c");
	}
	RUN("jmp rdi", "\xff\xe7");
	RUN("call rdi", "\xff\xd7");
	RUN("push rdi; ret", "\x57\xc3");
	RUN("push rdi; ret 16", "\x57\xc2\x10\x00");
	RUN("push rdi; cmp; ret", "\x57\x39\xc1\xc3");
	RUN("push rdi; jmp [rsp]", "\x57\xff\x24\x24");
	RUN("push rdi; call [rsp]", "\x57\xff\x14\x24");
	return done();
}
