/* cflags: -D_GNU_SOURCE -nostdlib -static -ffreestanding -fno-stack-protector -mgeneral-regs-only -fno-pie -no-pie -fcf-protection=none -O2 */
/* oracle.c - executes the cases of a batch (test/diff/case.h) and writes what each left: oracle BATCH RESULTS.
 *
 * Run natively it tells the truth; run by stele, what the translation does. No libc: FS is the cases', and nothing but
 * the case touches vector registers between loading and saving them. oracle features RESULTS writes what CPUID says: a
 * mask of bits X86_... (src/x86/feature.def).
 */
#include "../diff/case.h"
#include <asm/prctl.h>
#include <asm/unistd.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <ucontext.h>

typedef uint64_t u64;

/* At DIFF_CTX; the assembly below knows the offsets. */
struct ctx {
	u64 host_rsp, exit, rip, rflags;        /* 0 8 16 24                                  */
	u64 gpr[16];                            /* 32                                         */
	u64 xmm[16][2];                         /* 160                                        */
	uint32_t mxcsr, pad[3];                 /* 416                                        */
	u64 out_rflags, pad2;                   /* 432                                        */
	u64 out_gpr[16];                        /* 448                                        */
	u64 out_xmm[16][2];                     /* 576                                        */
	uint32_t out_mxcsr, avx;                /* 832 836                                    */
	u64 pad3[3];                            /* 840                                        */
	u64 ymmh[16][2];                        /* 864                                        */
	u64 out_ymmh[16][2];                    /* 1120                                       */
};
_Static_assert(offsetof(struct ctx, out_mxcsr) == 832 && offsetof(struct ctx, out_gpr) == 448 &&
	       offsetof(struct ctx, out_ymmh) == 1120, "the assembly's offsets");
#define X ((struct ctx *)DIFF_CTX)

void run_case(void), case_exit(void), case_fault(void), restore_rt(void);
asm(".set C, 0x1f000000; .set STACK, 0x1f001f00\n"
    ".macro each what, at\n"
    "	\\what 0, rax, \\at; \\what 1, rcx, \\at; \\what 2, rdx, \\at; \\what 3, rbx, \\at\n"
    "	\\what 5, rbp, \\at; \\what 6, rsi, \\at; \\what 7, rdi, \\at; \\what 8, r8, \\at; \\what 9, r9, \\at\n"
    "	\\what 10, r10, \\at; \\what 11, r11, \\at; \\what 12, r12, \\at; \\what 13, r13, \\at\n"
    "	\\what 14, r14, \\at; \\what 15, r15, \\at\n"
    ".endm\n"
    ".macro load n, r, at; mov C+\\at+8*\\n, %\\r; .endm\n"
    ".macro save n, r, at; mov %\\r, C+\\at+8*\\n; .endm\n"
    "run_case:\n"
    "	push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"
    "	mov %rsp, C+0\n"
    "	ldmxcsr C+416\n"
    ".irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"
    "	movups C+160+16*\\n, %xmm\\n\n"
    ".endr\n"
    "	cmpl $0, C+836; je 1f\n"
    ".irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"
    "	vinsertf128 $1, C+864+16*\\n, %ymm\\n, %ymm\\n\n"
    ".endr\n"
    "1:	mov $STACK, %esp\n"
    "	push C+24; popfq\n"
    "	each load, 32\n"
    "	mov C+32+8*4, %rsp\n"
    "	jmp *C+16\n"
    "case_exit:\n"
    "	mov %rsp, C+448+8*4\n"
    "	each save, 448\n"
    "	mov $STACK, %esp\n"
    "	pushfq; pop C+432\n"
    "	cld\n"
    ".irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"
    "	movups %xmm\\n, C+576+16*\\n\n"
    ".endr\n"
    "	cmpl $0, C+836; je 1f\n"
    ".irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"
    "	vextractf128 $1, %ymm\\n, C+1120+16*\\n\n"
    ".endr\n"
    "1:	stmxcsr C+832\n"
    "case_fault:\n"
    "	mov C+0, %rsp\n"
    "	pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"
    "	ret\n"
    "restore_rt:\n"
    "	mov $15, %eax; syscall\n"
    ".globl _start\n"
    "_start:\n"
    "	mov %rsp, %rdi; and $-16, %rsp; call begin\n");

static long sys(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r10 asm("r10") = d, r8 asm("r8") = e, r9 asm("r9") = f;
	long r;

	asm volatile("syscall" : "=a"(r) : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
	return r;
}

static void __attribute__((noreturn)) quit(const char *why)
{
	int n = 0;

	while (why[n]) n++;
	sys(__NR_write, 2, (long)why, n, 0, 0, 0);
	for (;;) sys(__NR_exit_group, *why ? 1 : 0, 0, 0, 0, 0, 0);
}

static void *map(u64 at, u64 size, int prot, int fd, u64 off)
{
	int how = MAP_PRIVATE | (at ? MAP_FIXED_NOREPLACE : 0) | (fd < 0 ? MAP_ANONYMOUS : 0);
	long r = sys(__NR_mmap, at, size, prot, how, fd, off);

	if (r < 0 && r > -4096) quit("oracle: mmap failed\n");
	if (at && (u64)r != at) quit("oracle: an address that the cases use is taken\n");
	return (void *)r;
}

static void segments(void)
{
	sys(__NR_arch_prctl, ARCH_SET_FS, DIFF_FS, 0, 0, 0, 0);
	sys(__NR_arch_prctl, ARCH_SET_GS, DIFF_GS, 0, 0, 0, 0);
	asm volatile("mov %0, %%ds\n mov %0, %%es" :: "r"(0));
}

static void fpu(void)
{
	static struct { uint16_t fcw, fsw, ftw, fop; u64 ip, dp; uint32_t mxcsr, mask; uint8_t rest[480]; }
		__attribute__((aligned(16))) image = { .fcw = 0x37f, .mxcsr = 0x1f80 };

	asm volatile("fxrstor %0" :: "m"(image));
}

struct fximage { uint8_t b[512]; } __attribute__((aligned(16)));

/* Of FXSAVE's image: control, status and tag word, and eight registers of 10 bytes. */
static u64 fpu_hash(const struct fximage *x)
{
	u64 h = 0xcbf29ce484222325;

	for (int k = 0; k < 160; k++)
		if (k < 5 || (k >= 32 && k % 16 < 10)) h = (h ^ x->b[k]) * 0x100000001b3;
	return h;
}

static u64 fpu_state(void)
{
	static struct fximage x;

	asm volatile("fxsave %0" : "=m"(x));
	return fpu_hash(&x);
}

/* ---- memory: a fixed pattern, compared and mended after each case ------------------------------------------ */
static u64 pattern[DIFF_DATA_SIZE / 8];

static void fill(u64 *p, size_t n)
{
	u64 x = 0x9e3779b97f4a7c15;

	for (size_t k = 0; k < n; k++) {
		x ^= x << 13; x ^= x >> 7; x ^= x << 17;
		p[k] = x;
	}
}

static struct tword words[DIFF_SLOTS];

static void changed(struct tresult *r)
{
	u64 *d = (u64 *)(uintptr_t)DIFF_DATA;

	r->nmem = 0;
	r->memhash = 0;
	for (size_t k = 0; k < DIFF_DATA_SIZE / 8; k++) {
		if (d[k] == pattern[k]) continue;
		if (r->nmem < DIFF_SLOTS) words[r->nmem++] = (struct tword){ (uintptr_t)(d + k), d[k] };
		r->memhash = (r->memhash ^ d[k] ^ k) * 0x100000001b3 + 1;
		d[k] = pattern[k];
	}
}

static void prepare(const struct tcase *t)
{
	for (uint32_t k = 0; k < t->nset && k < 4; k++)
		for (uint32_t j = 0; j < t->set[k].len; j++)
			((volatile uint8_t *)(uintptr_t)t->set[k].addr)[j] = t->set[k].b[j];
}

/* ---- one case ---------------------------------------------------------------------------------------------- */
static struct tresult r;

static const uint8_t order[16] = { REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                                   REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15 };

/* From the frame's XSAVE area; a component that is not in use lies there as zeros. */
static void upper_halves(const void *fp)
{
	const uint32_t *sw = (const uint32_t *)((const char *)fp + 464);
	const u64 *header = (const u64 *)((const char *)fp + 512), *ymmh = header + 8;

	if (sw[0] != 0x46505853 || !(sw[2] & 4) || *(const uint32_t *)((const char *)fp + sw[4]) != 0x46505845)
		quit("oracle: no upper halves in the frame\n");
	for (int k = 0; k < 16; k++) {
		r.ymmh[k][0] = header[0] & 4 ? ymmh[2 * k] : 0;
		r.ymmh[k][1] = header[0] & 4 ? ymmh[2 * k + 1] : 0;
	}
}

static void handler(int sig, siginfo_t *si, void *ctx)
{
	ucontext_t *u = ctx;
	greg_t *g = u->uc_mcontext.gregs;

	if (r.sig) quit("oracle: a signal outside the cases\n");
	r.sig = sig;
	r.sigcode = si->si_code;
	r.sigaddr = si->si_code > 0 ? (u64)si->si_addr : 0;
	r.rip = g[REG_RIP];
	r.rflags = g[REG_EFL];
	for (int k = 0; k < 16; k++)
		r.gpr[k] = g[order[k]];
	for (int k = 0; k < 16; k++) {
		r.xmm[k][0] = ((u64 *)u->uc_mcontext.fpregs->_xmm)[2 * k];
		r.xmm[k][1] = ((u64 *)u->uc_mcontext.fpregs->_xmm)[2 * k + 1];
	}
	r.mxcsr = u->uc_mcontext.fpregs->mxcsr;
	r.fpu = fpu_hash((void *)u->uc_mcontext.fpregs);
	if (X->avx) upper_halves(u->uc_mcontext.fpregs);
	g[REG_RIP] = (u64)case_fault;
	g[REG_RSP] = DIFF_CTX + 0x1f00;
	g[REG_EFL] &= ~0x400;                   /* DF */
	g[REG_EFL] &= ~0x40100;                 /* AC TF */
}

static void one(const struct tcase *t)
{
	X->rip = t->rip;
	X->rflags = t->rflags;
	X->mxcsr = t->mxcsr;
	for (int k = 0; k < 16; k++) {
		X->gpr[k] = t->gpr[k];
		X->xmm[k][0] = t->xmm[k][0];
		X->xmm[k][1] = t->xmm[k][1];
		X->ymmh[k][0] = t->ymmh[k][0];
		X->ymmh[k][1] = t->ymmh[k][1];
	}
	prepare(t);
	r.sig = r.sigcode = 0;
	r.sigaddr = r.rip = 0;
	run_case();
	if (!r.sig) {
		if (t->flags & CASE_FPU) r.fpu = fpu_state();
		r.rflags = X->out_rflags;
		r.mxcsr = X->out_mxcsr;
		for (int k = 0; k < 16; k++) {
			r.gpr[k] = X->out_gpr[k];
			r.xmm[k][0] = X->out_xmm[k][0];
			r.xmm[k][1] = X->out_xmm[k][1];
			r.ymmh[k][0] = X->out_ymmh[k][0];
			r.ymmh[k][1] = X->out_ymmh[k][1];
		}
	}
	if (!(t->flags & CASE_FPU)) r.fpu = 0;
	if (t->flags & CASE_SEG) segments();
	if (t->flags & CASE_FPU) fpu();
	changed(&r);
}

static uint8_t buf[1 << 16];
static size_t used;
static int out;

static void flush(void)
{
	for (size_t k = 0; k < used; ) {
		long n = sys(__NR_write, out, (long)buf + k, used - k, 0, 0, 0);

		if (n <= 0) quit("oracle: cannot write results\n");
		k += n;
	}
	used = 0;
}

static void put(const void *p, size_t n)
{
	if (used + n > sizeof buf) flush();
	for (size_t k = 0; k < n; k += 8)
		*(u64 *)(buf + used + k) = *(const u64 *)((const char *)p + k);
	used += n;
}

static void signals(void)
{
	static const int sigs[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP };
	struct { void *fn; u64 flags; void *restorer; u64 mask; } sa = { handler, SA_SIGINFO | SA_ONSTACK | 0x04000000, restore_rt, 0 };
	stack_t ss = { .ss_sp = map(0, 65536, PROT_READ | PROT_WRITE, -1, 0), .ss_size = 65536 };

	sys(__NR_sigaltstack, (long)&ss, 0, 0, 0, 0, 0);
	for (size_t k = 0; k < sizeof sigs / sizeof *sigs; k++)
		sys(__NR_rt_sigaction, sigs[k], (long)&sa, 0, 8, 0, 0);
}

enum feature {
#define F(name, leaf, sub, reg, bit, text) X86_##name,
#include "../../src/x86/feature.def"
#undef F
};

static u64 features(void)
{
	enum { A, B, C, D };
	static const struct { uint32_t leaf; uint8_t sub, reg; int8_t bit; } where[] = {
#define F(name, leaf, sub, reg, bit, text) { leaf, sub, reg, bit },
#include "../../src/x86/feature.def"
#undef F
	};
	u64 m = 0;

	for (size_t k = 0; k < sizeof where / sizeof *where; k++) {
		uint32_t r[4];

		asm volatile("cpuid" : "=a"(r[A]), "=b"(r[B]), "=c"(r[C]), "=d"(r[D]) : "a"(where[k].leaf), "c"(where[k].sub));
		m |= (u64)(where[k].bit < 0 || r[where[k].reg] >> where[k].bit & 1) << k;
	}
	return m;
}

static bool is_word(const char *s, const char *t)
{
	while (*s && *s == *t) s++, t++;
	return *s == *t;
}

__attribute__((used)) void begin(u64 *sp)
{
	char **argv = (char **)(sp + 1);
	struct tbatch *b;
	struct tcase *t;
	long fd, size;

	if (*sp != 3) quit("usage: oracle BATCH|features RESULTS\n");
	out = sys(__NR_open, (long)argv[2], O_WRONLY | O_CREAT | O_TRUNC, 0644, 0, 0, 0);
	if (out >= 0 && is_word(argv[1], "features")) {
		put(&(u64){ features() }, 8);
		flush();
		quit("");
	}
	fd = sys(__NR_open, (long)argv[1], O_RDONLY, 0, 0, 0, 0);
	size = fd < 0 ? fd : sys(__NR_lseek, fd, 0, SEEK_END, 0, 0, 0);
	if (size <= 0 || out < 0) quit("oracle: cannot open\n");
	b = map(0, size, PROT_READ, fd, 0);
	if (b->magic != DIFF_MAGIC) quit("oracle: not a batch\n");
	t = (void *)((char *)b + b->case_off);
	map(DIFF_CODE, b->code_size, PROT_READ | PROT_EXEC, fd, b->code_off);
	map(DIFF_CTX, 0x2000, PROT_READ | PROT_WRITE, -1, 0);
	fill(map(DIFF_DATA, DIFF_DATA_SIZE, PROT_READ | PROT_WRITE, -1, 0), DIFF_DATA_SIZE / 8);
	fill(pattern, DIFF_DATA_SIZE / 8);
	fill(map(DIFF_RO, 4096, PROT_READ | PROT_WRITE, -1, 0), 512);
	sys(__NR_mprotect, DIFF_RO, 4096, PROT_READ, 0, 0, 0);
	X->exit = (u64)case_exit;
	X->avx = b->avx;
	signals();
	segments();
	for (uint32_t k = 0; k < b->ncases; k++) {
		one(t + k);
		put(&r, sizeof r);
		put(words, r.nmem * sizeof *words);
		if (b->careful) flush();
	}
	flush();
	quit("");
}
