/* cflags: -D_GNU_SOURCE -O1 -mavx2 -mxsave */
/* xsave.c - XSAVE and its like, and where else the upper halves of ymm registers must survive: signal frames, system
 * calls, fork. Without AVX it says so and checks that AVX is refused.
 */
#include "check.h"
#include <cpuid.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>

typedef uint64_t u64;
struct area {
	uint8_t legacy[512];
	u64 bv, comp, zero[6];
	u64 ymmh[16][2];
	uint8_t behind[8192];                   /* a CPU with more components may use it */
} __attribute__((aligned(64)));

static struct area a, b;
static u64 value[16][4], got[16][4];

#define EACH(F) F(0) F(1) F(2) F(3) F(4) F(5) F(6) F(7) F(8) F(9) F(10) F(11) F(12) F(13) F(14) F(15)
#define LOAD(n) "vmovups " #n "*32(%[from]), %%ymm" #n "\n"
#define SAVE(n) "vmovups %%ymm" #n ", " #n "*32(%[to])\n"

static void fill(void)
{
	for (int k = 0; k < 16; k++)
		for (int j = 0; j < 4; j++)
			value[k][j] = 0x0101010101010101ull * (16 * j + k + 1);
	memset(&a, 0xaa, sizeof a);
	memset(&a.bv, 0, 64);
}

/* Loads value, runs code, in which %[p] is an area and eax the mask, stores what the registers hold then into got. */
#define RUN_(code, area, mask) ({ \
	u64 rax = mask; \
	__asm__ volatile(EACH(LOAD) code "\n" EACH(SAVE) : "+a"(rax) \
		: [from] "S"(value), [to] "D"(got), [p] "b"(area), "d"(0) \
		: "rcx", "r11", "memory", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", \
		  "xmm11", "xmm12", "xmm13", "xmm14", "xmm15"); \
	rax; })
#define RUN(insn, area, mask) RUN_(insn " (%[p])", area, mask)

static int untouched(const void *p, size_t n)
{
	for (size_t k = 0; k < n; k++)
		if (((const uint8_t *)p)[k] != 0xaa) return 0;
	return 1;
}

static int xmm_saved(const struct area *p)
{
	for (int k = 0; k < 16; k++)
		if (memcmp(p->legacy + 160 + 16 * k, value[k], 16)) return 0;
	return 1;
}

static int upper_saved(const struct area *p)
{
	for (int k = 0; k < 16; k++)
		if (memcmp(p->ymmh[k], &value[k][2], 16)) return 0;
	return 1;
}

static int same_registers(const u64 want[][4])
{
	return !memcmp(got, want, sizeof got);
}

static void saving(void)
{
	unsigned d[4];

	fill();
	RUN("xsave", &a, 7);
	expect((a.bv & 6) == 6 && a.comp == 0);
	expect(xmm_saved(&a) && upper_saved(&a));
	expect(untouched(a.legacy + 416, 96) && a.legacy[24] == 0x80 && a.legacy[25] == 0x1f);
	fill();
	a.bv = 2;
	RUN("xsave64", &a, 4);
	expect((a.bv & 7) == 6 && upper_saved(&a) && untouched(a.legacy, 24) && untouched(a.legacy + 32, 480));
	expect(a.legacy[25] == 0x1f);
	fill();
	RUN("xsave", &a, 1);
	expect(!(a.bv & 6) && untouched(a.legacy + 160, 352) && untouched(a.legacy + 24, 8) && untouched(a.ymmh, 256));
	fill();
	a.bv = ~7ull;
	RUN("xsaveopt", &a, 6);
	expect(a.bv == (~7ull | 6) && xmm_saved(&a) && upper_saved(&a));
	fill();
	RUN("xsavec", &a, 7);
	expect((a.bv & 6) == 6 && a.comp == (1ull << 63 | 7) && xmm_saved(&a) && upper_saved(&a));
	fill();
	RUN("xsavec", &a, 2);
	expect(a.bv == 2 && a.comp == (1ull << 63 | 2) && untouched(a.legacy, 24) && untouched(a.ymmh, 256));
	__cpuid_count(0xd, 2, d[0], d[1], d[2], d[3]);
	expect(d[0] == 256 && d[1] == 576);
	__cpuid_count(0xd, 0, d[0], d[1], d[2], d[3]);
	expect((d[0] & 7) == 7 && d[1] >= 832 && d[2] >= d[1]);
	__asm__ volatile("xgetbv" : "=a"(d[0]), "=d"(d[1]) : "c"(0));
	expect((d[0] & 7) == 7);
}

static void restoring(void)
{
	u64 want[16][4];

	fill();
	RUN("xsave", &a, 7);
	b = a;
	for (int k = 0; k < 16; k++)
		b.ymmh[k][0] = k + 100, ((u64 *)(b.legacy + 160))[2 * k] = k + 200;
	for (int k = 0; k < 16; k++) {
		memcpy(want[k], value[k], 32);
		want[k][0] = k + 200;
		want[k][2] = k + 100;
	}
	RUN("xrstor", &b, 6);
	expect(same_registers(want));
	for (int k = 0; k < 16; k++)
		want[k][0] = value[k][0];
	RUN("xrstor64", &b, 4);
	expect(same_registers(want));
	b.bv = 2;                               /* AVX was not in use: it becomes zero */
	for (int k = 0; k < 16; k++)
		want[k][0] = k + 200, want[k][2] = want[k][3] = 0;
	RUN("xrstor", &b, 6);
	expect(same_registers(want));
	b.bv = 4;
	b.comp = 1ull << 63 | 7;                /* compacted, SSE not in use */
	for (int k = 0; k < 16; k++)
		want[k][0] = want[k][1] = 0, want[k][2] = k + 100, want[k][3] = value[k][3];
	RUN("xrstor", &b, 6);
	expect(same_registers(want));
}

static sigjmp_buf out;
static volatile int code;

static void caught(int sig, siginfo_t *si, void *ctx)
{
	code = si->si_code;
	siglongjmp(out, sig);
}

#define faults(insn, p, mask) (sigsetjmp(out, 1) == SIGSEGV ? code == SI_KERNEL : ({ RUN(insn, p, mask); 0; }))

static void refusing(void)
{
	struct sigaction s = { .sa_sigaction = caught, .sa_flags = SA_SIGINFO };

	sigaction(SIGSEGV, &s, 0);
	fill();
	expect(faults("xsave", (char *)&a + 16, 7));
	expect(faults("xrstor", (char *)&a + 32, 7));
	memset(&a, 0, sizeof a);
	a.bv = 1ull << 62;
	expect(faults("xrstor", &a, 7));
	a.bv = 0;
	a.comp = 4;                             /* not compacted: must be zero */
	expect(faults("xrstor", &a, 7));
	a.comp = 1ull << 63 | 2;
	a.bv = 4;                               /* what it says was not made room for */
	expect(faults("xrstor", &a, 7));
	a.comp = 0;
	a.bv = 7;
	a.legacy[26] = 1;                       /* a reserved bit of MXCSR */
	expect(faults("xrstor", &a, 2));
	signal(SIGSEGV, SIG_DFL);
}

static u64 in_handler[2][4];

static void change(int sig, siginfo_t *si, void *ctx)
{
	struct area *p = (void *)((ucontext_t *)ctx)->uc_mcontext.fpregs;
	uint32_t *sw = (uint32_t *)(p->legacy + 464), d[4];

	__asm__ volatile("vmovups %%ymm3, (%0)\n vmovups %%ymm12, 32(%0)" :: "r"(in_handler) : "memory");
	__cpuid_count(0xd, 0, d[0], d[1], d[2], d[3]);
	expect(sw[4] == d[1] && sw[1] == d[1] + 4 && getauxval(AT_MINSIGSTKSZ) > d[1] + 4);
	expect(sw[0] == 0x46505853 && *(uint32_t *)((char *)p + sw[4]) == 0x46505845 && sw[1] >= sw[4] + 4);
	expect((sw[2] & 7) == 7 && (p->bv & 6) == 6 && upper_saved(p));
	p->ymmh[0][1] = 42;
	p->ymmh[8][0] = 43;
	__asm__ volatile("vpcmpeqd %%ymm1, %%ymm1, %%ymm1\n vmovdqa %%ymm1, %%ymm9\n" ::: "xmm1", "xmm9");
}

static void frames(void)
{
	struct sigaction s = { .sa_sigaction = change, .sa_flags = SA_SIGINFO };
	u64 want[16][4];

	sigaction(SIGTRAP, &s, 0);
	fill();
	memset(in_handler, 0xff, sizeof in_handler);
	RUN_("int3", &a, 0);
	memcpy(want, value, sizeof want);
	want[0][3] = 42;
	want[8][2] = 43;
	expect(same_registers(want));
	expect(!(in_handler[0][0] | in_handler[0][3] | in_handler[1][1] | in_handler[1][2]));
}

/* Components that a handler takes out of the frame: of those in xfeatures, what XSTATE_BV lacks is reset, as XRSTOR does it;
 * the others are reset whole. */
static unsigned out_of_bv, out_of_features;

static void take_out(int sig, siginfo_t *si, void *ctx)
{
	struct area *p = (void *)((ucontext_t *)ctx)->uc_mcontext.fpregs;

	p->bv &= ~(u64)out_of_bv;
	*(u64 *)(p->legacy + 472) &= ~(u64)out_of_features;
	__asm__ volatile("fninit\n fldpi\n ldmxcsr %0" : : "m"((unsigned){ 0x7f80 }));
}

static void edited(void)
{
	struct sigaction s = { .sa_sigaction = take_out, .sa_flags = SA_SIGINFO };
	unsigned mxcsr;
	unsigned short cw, sw;

	sigaction(SIGTRAP, &s, 0);
	for (unsigned k = 0; k < 16; k++) {
		out_of_bv = k & 3;
		out_of_features = k >> 2;
		fill();
		__asm__ volatile("fninit\n fldcw %3\n fld1\n ldmxcsr %4\n int3\n fnstcw %0\n fnstsw %1\n stmxcsr %2\n fninit\n ldmxcsr %5"
				 : "=m"(cw), "=m"(sw), "=m"(mxcsr) : "m"((unsigned short){ 0x27f }), "m"((unsigned){ 0x3f80 }),
				   "m"((unsigned){ 0x1f80 }) : "memory");
		say("without %x in XSTATE_BV, %x in xfeatures: cw %x sw %x mxcsr %x\n", out_of_bv, out_of_features, cw, sw, mxcsr);
	}
}

/* Without REX.W the pointers have 32 bits, and a selector, which reads as zero on CPUs that have deprecated it. */
static void pointers(void)
{
	static u64 image[64] __attribute__((aligned(64))), narrow[64] __attribute__((aligned(64)));

	__asm__ volatile("fxsave64 %0" : "=m"(image));
	image[1] = 0x1111222233334444;
	image[2] = 0x5555666677778888;
	image[0] |= 0xffffull << 48;
	__asm__ volatile("fxrstor64 %1\n fxsave %0\n fninit" : "=m"(narrow) : "m"(image));
	expect(narrow[1] >> 32 == 0 || narrow[1] >> 32 == 0x33);
	expect(narrow[2] >> 32 == 0 || narrow[2] >> 32 == 0x2b);
	expect(!(narrow[0] >> 59));             /* an opcode has 11 bits */
}

static void elsewhere(void)
{
	int status = 1;
	long pid;

	fill();
	RUN_("syscall", &a, SYS_getppid);
	expect(same_registers(value));
	pid = RUN_("syscall", &a, SYS_fork);
	if (!pid)
		_exit(!same_registers(value));
	expect(same_registers(value) && waitpid(pid, &status, 0) == pid && status == 0);
	RUN_("vzeroupper", &a, 0);
	for (int k = 0; k < 16; k++)
		value[k][2] = value[k][3] = 0;
	expect(same_registers(value));
}

int main(void)
{
	unsigned eax, ebx, ecx, edx;

	__cpuid(1, eax, ebx, ecx, edx);
	if (!(ecx & bit_OSXSAVE) || !(ecx & bit_AVX)) {
		say("no AVX here\n");
		return 0;
	}
	saving();
	restoring();
	refusing();
	frames();
	edited();
	pointers();
	elsewhere();
	return done();
}
