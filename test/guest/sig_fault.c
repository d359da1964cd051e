/* cflags: -D_GNU_SOURCE */
/* sig_fault.c - exceptions: signal, si_code, si_addr, trapno, err, cr2 and rip of each kind. Misaligned LOCK: with an
 * argument, since user-mode QEMU rounds the address of a fault in an atomic instruction. */
#include "check.h"
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <ucontext.h>

static sigjmp_buf back;
static uintptr_t base;                  /* addresses are printed relative to it */
static uintptr_t code;

static void handler(int sig, siginfo_t *si, void *ctx)
{
	greg_t *g = ((ucontext_t *)ctx)->uc_mcontext.gregs;
	long addr = (uintptr_t)si->si_addr;
	const char *rel = "";
	long rip = g[REG_RIP] - code;
	if (addr && (uintptr_t)addr - base < 0x100000) { addr -= base; rel = "map+"; }
	else if (addr && (uintptr_t)addr - code < 64) { addr -= code; rel = "code+"; }
	say("  signal %d code %x addr %s%lx trapno %ld err %lx", sig, si->si_code, rel, addr, (long)g[REG_TRAPNO], (long)g[REG_ERR]);
	expect(!(g[REG_EFL] & 0x10000) == (g[REG_TRAPNO] == 1 || g[REG_TRAPNO] == 3 || g[REG_TRAPNO] == 4));    /* RF */
	if (g[REG_TRAPNO] == 14)
		expect(g[REG_CR2] == (long)si->si_addr);
	if (rip >= 0 && rip < 64) say(" rip code+%lx\n", rip);
	else if ((uintptr_t)g[REG_RIP] - base < 0x100000) say(" rip map+%lx\n", (long)(g[REG_RIP] - base));
	else say(" rip %lx\n", (long)g[REG_RIP]);
	siglongjmp(back, 1);
}

/* Runs code bytes with rdi = an address, rsi = a value. */
static void run(const char *what, const char *bytes, int n, uintptr_t rdi, uintptr_t rsi)
{
	say("%s\n", what);
	code += 64;                             /* each its own address */
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
	struct sigaction sa = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK };
	int sigs[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP };
	expect(!sigaltstack(&ss, 0));
	for (int i = 0; i < 5; i++)
		expect(!sigaction(sigs[i], &sa, 0));
	code = (uintptr_t)mmap(0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	/* read-only, none, hole, read-write; then a file that ends */
	base = (uintptr_t)mmap(0, 0x10000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uintptr_t ro = base + 0x1000, none = base + 0x2000, hole = base + 0x3000, rw = base + 0x4000, file = base + 0x8000;
	memset((void *)base, 1, 0x8000);        /* present, which is one bit of err */
	mprotect((void *)ro, 4096, PROT_READ);
	mprotect((void *)none, 4096, PROT_NONE);
	munmap((void *)hole, 4096);
	int fd = memfd_create("f", 0);
	expect(fd >= 0 && !ftruncate(fd, 100));
	expect(mmap((void *)file, 8192, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) == (void *)file);

	RUN("load, null", "\x8b\x07", 0, 0);
	RUN("load byte, 0x123", "\x0f\xb6\x07", 0x123, 0);
	RUN("load, hole", "\x8b\x07", hole + 8, 0);
	RUN("load, no protection", "\x0f\xb6\x07", none + 5, 0);
	RUN("load, across", "\x48\x8b\x07", none - 4, 0);
	RUN("store, read-only", "\x89\x37", ro + 12, 7);
	RUN("store, hole", "\x66\x89\x37", hole, 7);
	RUN("store byte, null", "\x40\x88\x37", 0, 7);
	RUN("store, immediate", "\xc7\x07\x01\x00\x00\x00", ro, 0);
	RUN("read-modify-write, read-only", "\x83\x07\x01", ro + 4, 0);
	RUN("lock inc, read-only", "\xf0\xff\x07", ro + 4, 0);
	RUN("xchg, read-only", "\x87\x37", ro + 4, 0);
	RUN("lock cmpxchg that fails, read-only", "\xb8\x63\x00\x00\x00\xf0\x0f\xb1\x37", ro + 4, 5);
	RUN("lock cmpxchg8b that fails, read-only", "\xb8\x63\x00\x00\x00\xf0\x0f\xc7\x0f", ro + 16, 0);
	RUN("lock cmpxchg16b that fails, read-only", "\xb8\x63\x00\x00\x00\xf0\x48\x0f\xc7\x0f", ro + 16, 0);
	RUN("cmpxchg that fails, read-only", "\xb8\x63\x00\x00\x00\x0f\xb1\x37", ro + 4, 5);
	if (argc > 1) {
		RUN("lock inc, misaligned, read-only", "\xf0\xff\x07", ro + 5, 0);
		RUN("lock inc across 8 bytes, hole", "\xf0\xff\x07", hole + 6, 0);
		RUN("lock xadd word, misaligned, hole", "\x66\xf0\x0f\xc1\x37", hole + 21, 0);
		RUN("lock cmpxchg that fails, misaligned, read-only", "\xb8\x63\x00\x00\x00\xf0\x0f\xb1\x37", ro + 7, 5);
		RUN("lock cmpxchg8b that fails, misaligned, read-only", "\xb8\x63\x00\x00\x00\xf0\x0f\xc7\x0f", ro + 19, 0);
	}
	RUN("cmpxchg, hole", "\xf0\x0f\xb1\x37", hole + 4, 0);
	RUN("movups load, hole", "\x0f\x10\x07", hole + 16, 0);
	RUN("movups store, read-only", "\x0f\x11\x07", ro + 16, 0);
	RUN("push to a bad stack", "\x48\x89\xe0\x48\x89\xfc\x50\x48\x89\xc4", 0x1000, 0);
	RUN("enter, new rsp in a hole", "\x48\x89\xe0\x48\x89\xfc\xc8\xf8\x10\x00\x48\x89\xc4", hole + 0x1100, 0);
	RUN("enter, new rsp read-only", "\x48\x89\xe0\x48\x89\xfc\xc8\xf8\x20\x02\x48\x89\xc4", rw + 0x108, 0);
	RUN("load, kernel", "\x8b\x07", 0xffffffff80000000, 0);
	RUN("store, kernel", "\x89\x07", 0xffff888000000000, 0);
	RUN("load, past the end of a file", "\x8b\x07", file + 4096, 0);
	RUN("store, past the end of a file", "\x89\x07", file + 4100, 0);
	RUN("divide by zero", "\x31\xd2\x31\xc9\xf7\xf1", 0, 0);
	RUN("idiv overflow", "\xb8\x00\x00\x00\x80\x99\xb9\xff\xff\xff\xff\xf7\xf9", 0, 0);
	RUN("div 64 overflow", "\xba\x02\x00\x00\x00\xb9\x02\x00\x00\x00\x48\xf7\xf1", 0, 0);
	RUN("ud2", "\x90\x0f\x0b", 0, 0);
	RUN("int3", "\x90\xcc", 0, 0);
	RUN("int 3, two bytes", "\x90\xcd\x03", 0, 0);
	RUN("mov ds, 0x2210", "\xb8\x10\x22\x00\x00\x8e\xd8", 0, 0);
	RUN("mov ss, 0", "\x31\xc0\x8e\xd0", 0, 0);
	RUN("mov ss, 0x33", "\xb8\x33\x00\x00\x00\x8e\xd0", 0, 0);
	RUN("mov gs, a word", "\x8e\x2f", base, 0);
	RUN("lss", "\x0f\xb2\x07", base, 0);
	RUN("jmp far", "\xff\x2f", base, 0);
	RUN("call far", "\xff\x1f", base, 0);
	RUN("retf", "\x57\x56\x48\x89\xe5\x48\x8d\x64\x24\x08\x6a\x57\x56\xcb", 1, 2);
	RUN("int 4", "\x90\xcd\x04", 0, 0);
	RUN("int 0x70", "\xcd\x70", 0, 0);
	RUN("hlt", "\x90\xf4", 0, 0);
	RUN("cli", "\xfa", 0, 0);
	RUN("in al, dx", "\xec", 0, 0);
	RUN("mov cr0, rax", "\x0f\x22\xc0", 0, 0);
	RUN("rdmsr", "\x0f\x32", 0, 0);
	RUN("jump to null", "\xff\xe7", 0, 0);
	RUN("jump to the last byte", "\xff\xe7", -1, 0);
	RUN("jump to the last page", "\xff\xe7", -4096, 0);
	RUN("return to the last byte", "\x57\xc3", -1, 0);
	RUN("return to the first address that is not canonical", "\x57\xc3", 1ull << 63, 0);
	RUN("a copy, then an addition", "\x89\xc1\x03\x0f", none, 0);
	RUN("a copy, later an addition", "\x0f\x28\xc1\x89\xd0\x0f\x58\x07", none, 0);
	RUN("jump to a hole", "\xff\xe7", hole, 0);
	RUN("jump to data", "\xff\xe7", rw, 0);
	RUN("jump to no protection", "\xff\xe7", none + 3, 0);
	RUN("call to null", "\xff\xd7", 0, 0);
	/* an instruction that runs over the end of its page */
	uintptr_t x = (uintptr_t)mmap(0, 8192, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	munmap((void *)(x + 4096), 4096);
	base = x;
	memcpy((void *)(x + 4094), "\x48\x8b", 2);
	say("fetch across into a hole\n");
	if (!sigsetjmp(back, 1))
		((void (*)(void))(x + 4094))();
	return done();
}
