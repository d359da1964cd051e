/* cflags: -D_GNU_SOURCE */
/* sig_frame.c - what a handler finds: registers, the rt_sigframe's fields, the floating-point state; and what
 * rt_sigreturn makes of a frame that the handler changed. */
#include "check.h"
#include <signal.h>
#include <stdint.h>
#include <ucontext.h>

static volatile int seen;
uint64_t at_entry[8];                   /* rdi rsi rdx rax rsp flags */
static ucontext_t copy;
static siginfo_t info;
unsigned char xmm_at_entry[16];
unsigned mxcsr_at_entry;

static void body(int sig, siginfo_t *si, void *ctx)
{
	ucontext_t *uc = ctx;
	seen = sig;
	info = *si;
	copy = *uc;
	copy.__fpregs_mem = *uc->uc_mcontext.fpregs;
}

/* The handler proper: notes the registers before any C code runs. */
__asm__(
"handler:\n"
"	mov	%rdi, at_entry(%rip)\n"
"	mov	%rsi, at_entry+8(%rip)\n"
"	mov	%rdx, at_entry+16(%rip)\n"
"	mov	%rax, at_entry+24(%rip)\n"
"	mov	%rsp, at_entry+32(%rip)\n"
"	movups	%xmm7, xmm_at_entry(%rip)\n"
"	stmxcsr	mxcsr_at_entry(%rip)\n"
"	pushf\n"
"	pop	%rax\n"
"	mov	%rax, at_entry+40(%rip)\n"
"	jmp	body_entry\n"
);
void handler(int, siginfo_t *, void *);
__attribute__((used)) void body_entry(int sig, siginfo_t *si, void *ctx) { body(sig, si, ctx); }

static void frame(void)
{
	struct sigaction sa = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };
	sigaddset(&sa.sa_mask, SIGUSR2);
	expect(!sigaction(SIGUSR1, &sa, 0));
	uint64_t pattern[2] = { 0x1122334455667788, 0x99aabbccddeeff00 }, after[2];
	uint64_t regs[16], sp;
	unsigned mx = 0x1f80 | 0x6000, mx_after;        /* toward zero */
	__asm__ volatile(
		"mov	%%rsp, %[sp]\n"
		"movups	%[pattern], %%xmm7\n"
		"ldmxcsr %[mx]\n"
		"mov	$0x0303030303030303, %%rbx\n"
		"mov	$0x0808080808080808, %%r8\n"
		"mov	$0x1212121212121212, %%r12\n"
		"mov	$0x1515151515151515, %%r15\n"
		"mov	$234, %%eax\n"          /* tgkill(pid, tid, SIGUSR1) */
		"mov	%[pid], %%edi\n"
		"mov	%[pid], %%esi\n"
		"mov	$10, %%edx\n"
		"std\n"
		"syscall\n"
		"cld\n"
		"mov	%%rax, (%[regs])\n"
		"mov	%%rbx, 24(%[regs])\n"
		"mov	%%rdi, 56(%[regs])\n"
		"mov	%%r8, 64(%[regs])\n"
		"mov	%%r12, 96(%[regs])\n"
		"mov	%%r15, 120(%[regs])\n"
		"movups	%%xmm7, %[after]\n"
		"stmxcsr %[mx_after]\n"
		: [sp] "=m" (sp), [after] "=m" (after), [mx_after] "=m" (mx_after)
		: [pattern] "m" (pattern), [mx] "m" (mx), [pid] "r" (getpid()), [regs] "r" (regs)
		: "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r11", "r12", "r15", "xmm7", "memory", "cc");
	__asm__ volatile("ldmxcsr %0" : : "m" ((unsigned){ 0x1f80 }));
	expect(seen == SIGUSR1);
	expect(at_entry[0] == SIGUSR1);
	expect((at_entry[4] & 15) == 8);
	expect(at_entry[1] - at_entry[4] == 312);       /* pretcode, ucontext */
	expect(at_entry[2] - at_entry[4] == 8);
	expect(at_entry[3] == 0);
	expect(!(at_entry[5] & 0x500));                 /* DF, TF */
	expect(mxcsr_at_entry == 0x1f80);
	expect(!memcmp(xmm_at_entry, (char[16]){ 0 }, 16));
	expect(sp - at_entry[4] > 128 + 440 + 512 && sp - at_entry[4] < 20000);
	greg_t *g = copy.uc_mcontext.gregs;
	expect(g[REG_RBX] == 0x0303030303030303);
	expect(g[REG_R8] == 0x0808080808080808);
	expect(g[REG_R12] == 0x1212121212121212);
	expect(g[REG_R15] == 0x1515151515151515);
	expect(g[REG_RAX] == 0);
	expect((uint64_t)g[REG_RSP] == sp);
	expect(((uint8_t *)g[REG_RIP])[-2] == 0x0f && ((uint8_t *)g[REG_RIP])[-1] == 0x05);
	expect((uint64_t)g[REG_RCX] == (uint64_t)g[REG_RIP]);
	expect(g[REG_EFL] & 0x400);
	expect((g[REG_EFL] & 0x202) == 0x202);
	expect((g[REG_R11] & ~0x10000) == (g[REG_EFL] & ~0x10000));
	say("cs %lx gs %lx fs %lx ss %lx\n", (long)(g[REG_CSGSFS] & 0xffff), (long)(g[REG_CSGSFS] >> 16 & 0xffff),
	    (long)(g[REG_CSGSFS] >> 32 & 0xffff), (long)(g[REG_CSGSFS] >> 48 & 0xffff));
	say("flags without xstate %lx link %p stack flags %d\n", copy.uc_flags & ~1ul, (void *)copy.uc_link, copy.uc_stack.ss_flags);
	expect(g[REG_OLDMASK] == (long)copy.uc_sigmask.__val[0]);
	expect(!sigismember(&copy.uc_sigmask, SIGUSR1) && !sigismember(&copy.uc_sigmask, SIGUSR2));
	expect(((uintptr_t)copy.uc_mcontext.fpregs & 63) == 0);
	struct _libc_fpstate *fp = &copy.__fpregs_mem;
	expect(!memcmp(&fp->_xmm[7], pattern, 16));
	say("cwd %x swd %x ftw %x mxcsr %x\n", fp->cwd, fp->swd, fp->ftw, fp->mxcsr);
	expect(!memcmp(after, pattern, 16));
	expect(mx_after == mx);
	expect(regs[0] == 0 && regs[3] == 0x0303030303030303 && regs[15] == 0x1515151515151515);
	say("si %d code %d from self %d\n", info.si_signo, info.si_code, info.si_pid == getpid());
}

/* --- a changed context */

static void changer(int sig, siginfo_t *si, void *ctx)
{
	ucontext_t *uc = ctx;
	greg_t *g = uc->uc_mcontext.gregs;
	g[REG_RAX] = 0x1234;
	g[REG_RBX] = 0x5678;
	g[REG_EFL] |= 0x8c1;            /* OF SF ZF CF */
	g[REG_EFL] &= ~0x4;             /* PF */
	uc->uc_mcontext.fpregs->_xmm[3].element[0] = 0xcafe;
	sigaddset(&uc->uc_sigmask, SIGHUP);
	extern char changed_here[];
	if (sig == SIGILL)
		g[REG_RIP] = (greg_t)changed_here;
}

static void changed(void)
{
	struct sigaction sa = { .sa_sigaction = changer, .sa_flags = SA_SIGINFO };
	uint64_t rax, rbx, fl;
	unsigned x3[4];
	sigset_t set;
	expect(!sigaction(SIGILL, &sa, 0));
	__asm__ volatile(
		"xor	%%ebx, %%ebx\n"
		"ud2\n"
		"ud2\n"
		"ud2\n"
		".globl	changed_here\n"
		"changed_here:\n"
		"mov	%%rax, %[rax]\n"
		"mov	%%rbx, %[rbx]\n"
		"pushf\n"
		"pop	%[fl]\n"
		"movups	%%xmm3, %[x3]\n"
		: [rax] "=m" (rax), [rbx] "=m" (rbx), [fl] "=r" (fl), [x3] "=m" (x3)
		: : "rax", "rbx", "xmm3", "memory", "cc");
	expect(rax == 0x1234 && rbx == 0x5678);
	expect((fl & 0xcd5) == 0x8c1);
	expect(x3[0] == 0xcafe);
	sigprocmask(SIG_BLOCK, 0, &set);
	expect(sigismember(&set, SIGHUP));
	sigemptyset(&set);
	sigprocmask(SIG_SETMASK, &set, 0);
}

/* A frame that nobody made: SIGSEGV, from the kernel, and it can be caught on another stack. */
static void bad_return(int sig, siginfo_t *si, void *ctx)
{
	say("bad frame: %d %x %p\n", sig, si->si_code, si->si_addr);
	_exit(done());
}

int main(void)
{
	static char stack[65536];
	stack_t ss = { .ss_sp = stack, .ss_size = sizeof stack };
	struct sigaction sa = { .sa_sigaction = bad_return, .sa_flags = SA_SIGINFO | SA_ONSTACK };
	frame();
	changed();
	expect(!sigaltstack(&ss, 0));
	expect(!sigaction(SIGSEGV, &sa, 0));
	__asm__ volatile("mov $16, %%rsp\n mov $15, %%eax\n syscall\n" : : : "rax", "memory");
	return 1;
}
