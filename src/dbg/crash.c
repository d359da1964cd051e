/* crash.c - the last words after a bug of our own: one screen on stderr, then death by the signal.
 *
 * It runs in a signal handler with anything broken: raw system calls, no locks, and memory is read by the kernel
 * (a write to a pipe fails with EFAULT where a load would fault again).
 */
#include "rt/signal.h"
#include "rt/host.h"
#include "rt/thread.h"
#include "x86/insn.h"

extern const char __executable_start[], etext[] __attribute__((visibility("hidden")));

static bool peek(void *out, u64 a, size_t n)
{
	s32 p[2];
	bool ok;

	if (host_call(__NR_pipe2, p, 0)) return false;
	ok = host_call(__NR_write, (s64)p[1], a, n) == (s64)n && host_call(__NR_read, (s64)p[0], out, n) == (s64)n;
	host_call(__NR_close, (s64)p[0]);
	host_call(__NR_close, (s64)p[1]);
	return ok;
}

static void hexdump(const char *what, u64 a, size_t n)
{
	u8 b[32];

	if (!peek(b, a, n)) return;
	rt_print(2, "  %s %lx:", what, a);
	for (size_t i = 0; i < n; i++)
		rt_print(2, " %02x", b[i]);
	rt_print(2, "\n");
}

static void instruction(gaddr rip)
{
	struct insn i;
	char text[128];
	u8 b[15];

	if (!peek(b, rip, sizeof b) || x86_decode(&i, b, sizeof b, rip, rt.x86) != X86_OK) return;
	x86_text(text, sizeof text, &i);
	rt_print(2, "> %lx  %s\n", rip, text);
}

static void guest(struct thread *t, const struct host_context *uc, gaddr rip, bool live)
{
	static const char names[16][4] = { "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11",
					   "r12", "r13", "r14", "r15" };
	extern const u8 tr_greg[16];

	rt_print(2, "  guest rip %lx%s\n", rip, live ? "" : " (in C: as saved)");
	for (int i = 0; i < 16; i++)
		rt_print(2, "%s%3s %016lx", i % 4 ? "  " : "  ", names[i], live ? (u64)uc->mc.regs[tr_greg[i]] : t->cpu.r[i]),
		rt_print(2, i % 4 == 3 ? "\n" : "");
	hexdump("code", rip, 16);
	instruction(rip);
}

_Noreturn void dbg_crash(int sig, const struct siginfo *si, const struct host_context *uc, struct thread *t)
{
	static int again;
	u64 pc = uc->mc.pc;
	gaddr rip = 0;
	bool own = pc >= (u64)__executable_start && pc < (u64)etext, live;

	if (__atomic_exchange_n(&again, 1, __ATOMIC_RELAXED)) sig_die(sig);
	rt_print(2, "stele: own bug: signal %d code %d at %lx", sig, si->code, pc);
	if (own) rt_print(2, " (stele+%lx)", pc - (u64)__executable_start);
	rt_print(2, ", address %lx, thread %d of %s\n", (u64)si->fault.addr, t ? t->tid : 0, rt.exe ? rt.exe : "?");
	for (int i = 0; i < 31; i++)
		rt_print(2, "  x%d %lx%s", i, (u64)uc->mc.regs[i], i % 5 == 4 ? "\n" : "");
	rt_print(2, "  sp %lx  lr stele+%lx  pstate %lx\n", (u64)uc->mc.sp, (u64)uc->mc.regs[30] - (u64)__executable_start,
		 (u64)uc->mc.pstate);
	hexdump("host", pc - 8, 16);
	live = t && !own && rt_code_rip(pc, &rip);
	if (t) guest(t, uc, live ? rip : t->cpu.rip, live);
	sig_die(sig);
}
