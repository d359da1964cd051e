/* decode_cpu_test.c - the decoder against the CPU of this machine: what is #UD, and how long is an instruction?
 *
 * Random bytes are run one instruction at a time under the trap flag, in a child process and with registers that
 * point into memory of their own. The decoder is told of the features the CPU has. What the decoder refuses and the
 * CPU runs is a difference only if Zydis does not know it either: what it knows is judged by decode_test.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#if defined __x86_64__
#include <Zydis/Zydis.h>
#include <cpuid.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "random_insn.h"
#include "x86/feature.h"

enum { CODE = 0x58000000, DATA = 0x50000000, SIZE = 0x4000 };
enum { T_DB = 1, T_BP = 3, T_UD = 6, T_GP = 13 };      /* vectors */

static struct { bool running; int vector; u64 rip; ucontext_t base; u8 fp[512]; } run;

/* First int3 of go(): note where to return to, and set out. Second signal, of whatever kind: note it, and return. Another one
 * is this program's own end. */
static void on_signal(int sig, siginfo_t *si, void *ctx)
{
	ucontext_t *u = ctx;
	greg_t *g = u->uc_mcontext.gregs;

	if (!run.running && g[REG_TRAPNO] != T_BP) {
		signal(sig, SIG_DFL);
		return;
	}
	if (!run.running) {
		run.running = true;
		memcpy(&run.base.uc_mcontext, &u->uc_mcontext, sizeof u->uc_mcontext);
		memcpy(run.fp, u->uc_mcontext.fpregs, sizeof run.fp);
		for (int k = 0; k < 16; k++)
			g[k] = DATA + SIZE / 2;         /* REG_R8.. REG_RSP: the general registers */
		g[REG_RCX] = 1;
		g[REG_RIP] = CODE;
		g[REG_EFL] = 0x302;
		return;
	}
	run.running = false;
	run.vector = g[REG_TRAPNO];
	run.rip = g[REG_RIP];
	memcpy(u->uc_mcontext.gregs, run.base.uc_mcontext.gregs, sizeof u->uc_mcontext.gregs);
	memcpy(u->uc_mcontext.fpregs, run.fp, sizeof run.fp);
}

static void __attribute__((noinline)) go(void)
{
	__asm__ volatile("int3" ::: "memory");
}

static u64 host_features(void)
{
	u64 mask = X86_BIT(BASE);
	u32 r[4], one[4] = { 0 };

#define A 0
#define B 1
#define C 2
#define D 3
#define F(name, leaf, subleaf, reg, bit, linux) \
	if (bit >= 0 && __get_cpuid_count(leaf, subleaf, &r[0], &r[1], &r[2], &r[3]) && r[reg] >> (bit & 31) & 1) \
		mask |= X86_BIT(name);
#include "x86/feature.def"
#undef F
	__get_cpuid(1, &one[0], &one[1], &one[2], &one[3]);
	if (!(one[2] >> 27 & 1))                        /* OSXSAVE */
		mask &= ~(X86_BIT(XSAVE) | X86_BIT(AVX));
	if (!__get_cpuid_count(7, 0, &r[0], &r[1], &r[2], &r[3]) || !(r[2] >> 4 & 1))
		mask &= ~X86_BIT(PKU);                  /* OSPKE */
	return mask & ~X86_BIT(CETSS);                  /* a matter of the kernel: its instructions are NOPs or #UD */
}

/* Not to be run: leaves this process, changes what the handler stands on (libc's own at FS's base), or goes to another mode. */
static bool harmful(const struct insn *i)
{
	if (i->seg == SEG_FS)
		return true;
	switch (x86_rows[i->row].mn) {
	case MN_SYSCALL: case MN_INT: case MN_IRET: case MN_RETF: case MN_JMPF: case MN_CALLF:
	case MN_WRFSBASE: case MN_WRGSBASE: case MN_WRPKRU: case MN_LSS: case MN_LFS: case MN_LGS:
	case MN_UMWAIT: case MN_TPAUSE: case MN_POPF: case MN_XRSTOR: case MN_XRSTOR64:
		return true;
	case MN_MOV: case MN_POP: return i->o[0].kind == OP_SEG;
	default: return false;
	}
}

/* AVX-512's mask instructions in VEX encoding: CPUs that have them ignore bits that must be set. */
static bool mask_insn(const u8 *b)
{
	static const u8 ops[] = { 0x41, 0x42, 0x44, 0x45, 0x46, 0x47, 0x4a, 0x4b, 0x90, 0x91, 0x92, 0x93, 0x98, 0x99 };
	int map = b[0] == 0xc5 ? 1 : b[1] & 31, op = b[0] == 0xc5 ? b[2] : b[3];

	return map == 3 ? (op & 0xfc) == 0x30 : map == 1 && memchr(ops, op, sizeof ops);
}

static bool permutes(const u8 *b)                       /* C4 xx3 W0.L1.66 00 or 01: SDM, W must be set */
{
	return b[0] == 0xc4 && (b[1] & 31) == 3 && b[2] == 0x7d && b[3] <= 1;
}

/* Another instruction set, AMD's LOCK MOV CR0 for CR8, LOCK VERW and VPERMQ and VPERMPD without W, or beyond what one process may try out: the decoder's #UD is policy there. */
static bool policy(const u8 *b, const ZydisDecoder *zd)
{
	ZydisDecodedInstruction zi;
	ZydisDecodedOperand zo[ZYDIS_MAX_OPERAND_COUNT];
	int k;

	if (ZYAN_SUCCESS(ZydisDecoderDecodeFull(zd, b, 15, &zi, zo)))
		return true;
	for (k = 0; k < 14 && strchr("\x26\x2e\x36\x3e\x64\x65\x66\x67\xf0\xf2\xf3", b[k]) && b[k]; k++)
		;
	if ((b[k] & 0xf0) == 0x40)
		k++;
	if (b[k] == 0xc4 || b[k] == 0xc5)
		return mask_insn(b + k) || permutes(b + k);
	if (b[k] == 0x0f && b[k + 1] == 0x00 && (b[k + 2] >> 3 & 7) == 5)
		return true;
	return b[k] == 0x62 || (b[k] == 0x0f && (b[k + 1] == 0x34 || b[k + 1] == 0x01 || (b[k + 1] | 2) == 0x22));
}

static void execute(const u8 *b, size_t n)
{
	memset((void *)DATA, 0, SIZE);
	memset((void *)CODE, 0xcc, 64);
	memcpy((void *)CODE, b, n);
	go();
}

/* What AMD's CPUs do otherwise than Intel's: no 0F 0D /r of a register, and INT1 is reported before it under a hypervisor. */
static bool cpus_differ(const struct insn *i)
{
	u32 a, b, c, d;

	if (!__get_cpuid(0, &a, &b, &c, &d) || b != signature_AMD_ebx)
		return false;
	return x86_rows[i->row].mn == MN_INT1 || (x86_rows[i->row].mn == MN_NOP && i->o[0].kind == OP_GPR);
}

/* Runs the bytes and compares; the word for a difference, or null. */
static const char *differs(const u8 *b, u64 features, const ZydisDecoder *zd)
{
	struct insn i;
	enum x86_status s = x86_decode(&i, b, 15, CODE, features);
	const char *name = x86_rows[i.row].name;

	if (s == X86_OK ? harmful(&i) || cpus_differ(&i) : policy(b, zd))
		return 0;
	execute(b, s == X86_OK ? i.len : 15);
	if (s == X86_TOOLONG && run.vector == T_GP)
		return 0;
	for (int k = 1; k < 5 && s != X86_OK && run.vector == T_GP; k++)        /* more than 15 bytes come before #UD: see with fewer prefixes */
		execute(b + k, 15 - k);
	if (s != X86_OK)
		return run.vector == T_UD ? 0 : "the CPU knows it";
	if (run.vector == T_UD)
		return !strncmp(name, "UD", 2) ? 0 : "the CPU does not know it";
	if (run.vector == T_DB && !(x86_rows[i.row].attr & (ROW_BRANCH | ROW_STR)) &&
	    run.rip != (u64)CODE + i.len)
		return "its length";
	return 0;
}

static const char *const vectors[] = { "DE", "DB", "NMI", "BP", "OF", "BR", "UD", "NM", "DF", "9", "TS", "NP",
	"SS", "GP", "PF" };

static bool map_at(u64 at, size_t size, int prot)
{
	return mmap((void *)at, size, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == (void *)at;
}

static void print_difference(const char *what, const u8 *b, u64 features)
{
	struct insn i;
	char text[100] = "";

	if (x86_decode(&i, b, 15, CODE, features) == X86_OK)
		x86_text(text, sizeof text, &i);
	printf("# %s (#%s at +%lld):", what, run.vector < (int)countof(vectors) ? vectors[run.vector] : "?",
		(long long)(run.rip - CODE));
	for (int k = 0; k < 15; k++)
		printf(" %02x", b[k]);
	printf(" | %s %d\n", text, i.len);
}

static int try_all(u64 seed, int count, u8 *now)
{
	static u8 stack[65536];
	stack_t ss = { .ss_sp = stack, .ss_size = sizeof stack };
	struct sigaction sa = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER };
	static const int sigs[] = { SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGFPE };
	u64 features = host_features();
	ZydisDecoder zd;
	int bad = 0;

	sigaltstack(&ss, 0);
	for (size_t k = 0; k < countof(sigs); k++)
		sigaction(sigs[k], &sa, 0);
	ZydisDecoderInit(&zd, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
	if (!map_at(CODE, 4096, PROT_READ | PROT_WRITE | PROT_EXEC) || !map_at(DATA, SIZE, PROT_READ | PROT_WRITE))
		return 255;
	for (int n = 0; n < count; n++) {
		const char *what;

		if (n & 1)
			random_bytes(now, &seed);
		else
			bytes_of_a_form(now, &seed);
		what = differs(now, features, &zd);
		if (!what)
			continue;
		print_difference(what, now, features);
		if (++bad == 40)
			break;
	}
	return bad;
}

static int count = 150000;
static u64 seed = 0x123456789abcdef;

static void test_cpu(void **state)
{
	u8 *now = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		setitimer(ITIMER_PROF, &(struct itimerval){ .it_value.tv_sec = 60 + count / 10000 }, 0);        /* the machine may be busy */
		status = try_all(seed, count, now);
		fflush(stdout);
		_exit(status);
	}
	waitpid(pid, &status, 0);
	if (!WIFEXITED(status)) {
		printf("# died at");
		for (int k = 0; k < 15; k++)
			printf(" %02x", now[k]);
		printf("\n");
	}
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}
#else
static int count;
static unsigned long seed;
static void test_cpu(void **state)
{
	print_message("needs an x86-64 CPU\n");
	skip();
}
#endif

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_cpu) };

	if (argc > 1)
		count = atoi(argv[1]);
	if (argc > 2)
		seed = strtoull(argv[2], 0, 0);
	return cmocka_run_group_tests(tests, 0, 0);
}
