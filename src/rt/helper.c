/* helper.c - what translated code leaves to C, by number (enum tr_helper of tr.h).
 *
 * The guest's state is in t->cpu, rip is the instruction's own address. A helper that completes returns host_ret, and
 * the code after it goes on; one that raises a signal returns code of the handler. What passes through scratch[0]: the
 * divisor (DIV, IDIV), the address (FXSAVE, XSAVE, XRSTOR and their like), the value (LDMXCSR, STMXCSR, PUSHF, POPF; POPF has its operand's
 * width in scratch[1]).
 */
#include "rt/except.h"
#include "rt/signal.h"
#include "rt/host.h"
#include "rt/string.h"
#include "rt/stop.h"
#include "rt/sse.h"
#include "rt/x87.h"
#include "rt/xsave.h"
#include "rt/pcmpstr.h"
#include "a64/host.h"
#include "gen/decode.h"
#include "tr/tr.h"
#include "x86/cpuid.h"
#include "x86/feature.h"
#include <linux/random.h>

enum { TSC_HZ = 2500000000u };

/* --- flags -------------------------------------------------------------------------------------------------- */

enum { CF = 1, PF = 4, AF = 16, ZF = 64, SF = 128, TF = 256, IF = 512, DF = 1024, OF = 2048, NT = 1 << 14, RF = 1 << 16,
       AC = 1 << 18, ID = 1 << 21 };
enum { NZCV_N = 31, NZCV_Z = 30, NZCV_C = 29, NZCV_V = 28 };

static bool even(u8 b)
{
	b ^= b >> 4;
	return !(0x6996 >> (b & 15) & 1);
}

u64 rt_get_rflags(const struct cpu *c)
{
	u64 f = (c->rflags & (TF | NT | RF | AC | ID)) | IF | 2;

	if (!(c->nzcv >> NZCV_C & 1)) f |= CF;
	if (even(c->pf)) f |= PF;
	if ((c->pf ^ c->af) >> 4 & 1) f |= AF;
	if (c->nzcv >> NZCV_Z & 1) f |= ZF;
	if (c->nzcv >> NZCV_N & 1) f |= SF;
	if (c->nzcv >> NZCV_V & 1) f |= OF;
	if (c->df >> 63) f |= DF;
	return f;
}

void rt_set_rflags(struct cpu *c, u64 f)
{
	c->nzcv = (u64)!(f & CF) << NZCV_C | (u64)!!(f & ZF) << NZCV_Z | (u64)!!(f & SF) << NZCV_N |
	          (u64)!!(f & OF) << NZCV_V;
	c->pf = f & PF ? 0 : 1;
	c->af = c->pf ^ (f & AF);
	c->df = f & DF ? ~0ull : 1;
	c->rflags = f & (TF | NT | AC | ID);
}

/* --- MXCSR: control bits live in FPCR, flags gather in FPSR until somebody asks ------------------------------- */

enum { IE = 1, DE = 2, ZE = 4, OE = 8, UE = 16, PE = 32, DAZ = 64, FTZ = 1 << 15, RC = 13, MXCSR_RESET = 0x1f80 };
enum { FPSR_IOC = 1, FPSR_DZC = 2, FPSR_OFC = 4, FPSR_UFC = 8, FPSR_IXC = 16, FPSR_IDC = 128 };
enum { FPCR_FIZ = 1, FPCR_AH = 2, FPCR_NEP = 4, FPCR_RMODE = 22, FPCR_FZ = 1 << 24 };

/* Without FEAT_AFP ARM has one bit for both kinds of flushing: either sets it. */
static u64 fpcr_of(u32 mxcsr)
{
	static const u8 rmode[4] = { 0, 2, 1, 3 };      /* nearest, down, up, zero */
	u64 r = (u64)rmode[mxcsr >> RC & 3] << FPCR_RMODE;

	if (!(rt.host & HOST_AFP)) return r | (mxcsr & (DAZ | FTZ) ? FPCR_FZ : 0);
	return r | FPCR_AH | FPCR_NEP | (mxcsr & FTZ ? FPCR_FZ : 0) | (mxcsr & DAZ ? FPCR_FIZ : 0);
}

static u32 sticky(u64 fpsr)
{
	return (fpsr & FPSR_IOC ? IE : 0) | (fpsr & FPSR_IDC ? DE : 0) | (fpsr & FPSR_DZC ? ZE : 0) |
	       (fpsr & FPSR_OFC ? OE : 0) | (fpsr & FPSR_UFC ? UE : 0) | (fpsr & FPSR_IXC ? PE : 0);
}

u32 x86_mxcsr(struct cpu *c)
{
	u64 fpsr;

	__asm__ volatile("mrs %0, fpsr" : "=r" (fpsr));
	return c->mxcsr |= sticky(fpsr);
}

void x86_set_mxcsr(struct cpu *c, u32 v)
{
	c->mxcsr = v;
	__asm__ volatile("msr fpcr, %0\n\tmsr fpsr, xzr" : : "r" (fpcr_of(v)));
}

/* --- FXSAVE's image (SDM vol. 1, 10.5.1), from and to cpu.v; registers of the x87 stand in stack order -------- */

struct fximage {
	u16 fcw, fsw; u8 ftw, pad; u16 fop;
	u64 fip, fdp;
	u32 mxcsr, mxcsr_mask;
	struct { u64 m; u16 se, pad[3]; } st[8];
	u64 xmm[16][2];
};
_Static_assert(sizeof(struct fximage) == 416, "FXSAVE");

void x86_fxsave(struct cpu *c, u8 img[416])
{
	struct fximage f = { .fcw = c->fcw, .fsw = x87_sw(c), .ftw = x87_tag(c), .fop = c->fop, .fip = c->x87.fip, .fdp = c->fdp,
			     .mxcsr = c->mxcsr |= sticky(c->fpsr), .mxcsr_mask = MXCSR_MASK };
	int top = c->x87.top;

	for (int i = 0; i < 8; i++) {
		struct f80 a = x87_register(c, top + i);

		f.st[i].m = a.m;
		f.st[i].se = a.se;
	}
	memcpy(f.xmm, c->v, sizeof f.xmm);
	memcpy(img, &f, sizeof f);
}

bool x86_fxrstor(struct cpu *c, const u8 img[416])
{
	struct fximage f;
	int top;

	memcpy(&f, img, sizeof f);
	if (f.mxcsr & ~MXCSR_MASK) return false;
	c->mxcsr = f.mxcsr;
	x87_set(c, f.fcw, f.fsw, f.ftw);
	c->fop = f.fop & 0x7ff; c->x87.fip = f.fip; c->fdp = f.fdp;
	top = c->x87.top;
	for (int i = 0; i < 8; i++) {
		c->x87.st[(top + i) & 7].m = f.st[i].m;
		c->x87.st[(top + i) & 7].se = f.st[i].se;
	}
	memcpy(c->v, f.xmm, sizeof f.xmm);
	c->fpcr = fpcr_of(f.mxcsr);
	c->fpsr = 0;
	return true;
}

void x86_fpu_reset(struct cpu *c)
{
	memset(c->v, 0, sizeof c->v);
	memset(c->ymmh, 0, sizeof c->ymmh);
	c->ymmh_used = 0;
	memset(c->x87.st, 0, sizeof c->x87.st);
	x87_init(c);
	c->mxcsr = MXCSR_RESET;
	c->fpcr = fpcr_of(MXCSR_RESET);
	c->fpsr = 0;
}

/* --- exceptions --------------------------------------------------------------------------------------------- */

static u64 unknown(struct thread *t)
{
	u8 b[15];
	char hex[64];
	int n = 15, k = 0;

	while (n && !rt_read(b, t->cpu.rip, n))
		n--;
	for (int i = 0; i < n; i++)
		k += rt_format(hex + k, sizeof hex - k, "%02x ", b[i]);
	rt_print(2, "stele: not translated yet: %sat %lx\n", n ? hex : "", t->cpu.rip);
	return rt_raise(t, SIGILL, ILL_ILLOPN_, t->cpu.rip);
}

/* --- division of 128 bits (Knuth vol. 2, 4.3.1, algorithm D with two digits of 32 bits); hi < d -------------- */

static u64 div128(u64 hi, u64 lo, u64 d, u64 *rem)
{
	int s = __builtin_clzll(d);
	u64 d1, d0, q = 0;

	d <<= s;
	if (s) hi = hi << s | lo >> (64 - s);
	lo <<= s;
	d1 = d >> 32;
	d0 = (u32)d;
	for (int k = 32; k >= 0; k -= 32) {
		u64 next = (u32)(lo >> k), digit = hi / d1, r = hi % d1;
		while (digit >> 32 || digit * d0 > (r << 32 | next)) {
			digit--;
			r += d1;
			if (r >> 32) break;
		}
		hi = (hi << 32 | next) - digit * d;
		q = q << 32 | digit;
	}
	*rem = hi >> s;
	return q;
}

static u64 divide(struct thread *t, u64 host_ret, bool is_signed)
{
	u64 *r = t->cpu.r, hi = r[2], lo = r[0], d = t->cpu.scratch[0], q, rem, limit;
	bool neg = is_signed && hi >> 63, dneg = is_signed && d >> 63;

	if (neg) { lo = -lo; hi = ~hi + !lo; }
	if (dneg) d = -d;
	if (!d || hi >= d) return rt_raise(t, SIGFPE, FPE_INTDIV_, t->cpu.rip);
	q = div128(hi, lo, d, &rem);
	limit = !is_signed ? ~0ull : (1ull << 63) - (neg == dneg);
	if (q > limit) return rt_raise(t, SIGFPE, FPE_INTDIV_, t->cpu.rip);
	r[0] = neg != dneg ? -q : q;
	r[2] = neg ? -rem : rem;
	return host_ret;
}

/* --- CPUID and time ----------------------------------------------------------------------------------------- */

static void cpuid(struct thread *t)
{
	struct x86_cpu cpu = { .features = rt.x86, .vendor = rt.vendor };
	u64 *r = t->cpu.r, set[128] = { 0 };
	u32 o[4];

	host_call(__NR_getcpu, &cpu.cpu, 0, 0);
	host_call(__NR_sched_getaffinity, 0, sizeof set, set);
	for (size_t i = 0; i < countof(set); i++)
		for (u64 m = set[i]; m; m &= m - 1)
			cpu.ncpus++;
	if (cpu.ncpus <= cpu.cpu)
		cpu.ncpus = cpu.cpu + 1;
	x86_cpuid(r[0], r[1], &cpu, o);
	r[0] = o[0]; r[3] = o[1]; r[1] = o[2]; r[2] = o[3];
}

/* The host's counter at the frequency that CPUID's brand string names. */
static void rdtsc(struct thread *t)
{
	static u64 scale;               /* 32.32 */
	u64 now, hz;

	if (!scale) {
		__asm__("mrs %0, cntfrq_el0" : "=r" (hz));
		scale = ((u64)TSC_HZ << 32) / (hz ? hz : 1);
	}
	__asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r" (now));
	now = (unsigned __int128)now * scale >> 32;
	t->cpu.r[0] = (u32)now;
	t->cpu.r[2] = now >> 32;
}

/* TSC_AUX as Linux sets it. */
static u32 tsc_aux(void)
{
	u32 cpu = 0, node = 0;

	host_call(__NR_getcpu, &cpu, &node, 0);
	return node << 12 | (cpu & 0xfff);
}

static void rdtscp(struct thread *t)
{
	rdtsc(t);
	t->cpu.r[1] = tsc_aux();
}

static u64 xgetbv(struct thread *t, u64 host_ret)
{
	if ((u32)t->cpu.r[1]) return rt_gp(t);
	t->cpu.r[0] = rt.x86 & X86_BIT(AVX) ? 7 : 3;
	t->cpu.r[2] = 0;
	return host_ret;
}

/* RDRAND and RDSEED, from the kernel. Where it has none yet, CF = 0 says so, and the number is 0. */
static void random(struct thread *t)
{
	u64 n = 0;
	bool ok = host_call(__NR_getrandom, &n, sizeof n, GRND_NONBLOCK) == sizeof n;

	t->cpu.scratch[0] = ok ? n : 0;
	rt_set_rflags(&t->cpu, (rt_get_rflags(&t->cpu) & ~0x8d5ull) | ok);
}

/* --- state in memory ---------------------------------------------------------------------------------------- */

static u64 fxsave(struct thread *t, u64 host_ret)
{
	gaddr a = t->cpu.scratch[0];
	u8 img[416];

	if (a & 15) return rt_gp(t);
	rt_vectors_save(&t->cpu);
	x86_fxsave(&t->cpu, img);
	if (!t->cpu.scratch[1]) xsave_narrow(img);
	return rt_writable(a + 511) && rt_store_bytes(a, img, sizeof img) ? host_ret : rt_page_fault(t, a, 512, true);
}

static u64 fxrstor(struct thread *t, u64 host_ret)
{
	gaddr a = t->cpu.scratch[0];
	u8 img[512];

	if (a & 15) return rt_gp(t);
	if (!rt_load_bytes(img, a, sizeof img)) return rt_page_fault(t, a, sizeof img, false);
	if (!t->cpu.scratch[1]) xsave_narrow(img);
	rt_vectors_save(&t->cpu);
	if (!x86_fxrstor(&t->cpu, img)) return rt_gp(t);
	rt_vectors_load(&t->cpu);
	return rt_mxcsr_new(t, host_ret);
}

static u64 ldmxcsr(struct thread *t, u64 host_ret)
{
	u32 v = t->cpu.scratch[0];

	if (v & ~MXCSR_MASK) return rt_gp(t);
	x86_set_mxcsr(&t->cpu, v);
	return rt_mxcsr_new(t, host_ret);
}

/* A LOCK over two of what ARM64 exchanges in one step: run.c ends the stop when the instruction is done, fault.c when
 * it faults. */
static u64 split_lock(struct thread *t)
{
	u64 host = rt_code_alone(t, t->cpu.rip);

	stop_others(t);
	return host;
}

/* The instruction after the one that sets TF is the first to trap; the one that clears it is the last. */
static u64 popf(struct thread *t, u64 host_ret)
{
	u64 f = t->cpu.scratch[0];
	struct insn i;

	if (t->cpu.scratch[1] == 2) f = (f & 0xffff) | (rt_get_rflags(&t->cpu) & ~0xffffull);
	rt_set_rflags(&t->cpu, f);
	if (likely(!(f & TF) || t->stepping) || !rt_insn_at(t->cpu.rip, &i)) return host_ret;
	return rt_code(t, x86_rows[i.row].mn == MN_IRET ? t->cpu.scratch[2] : insn_next(&i));
}

/* --- the table ---------------------------------------------------------------------------------------------- */

u64 rt_helper(struct thread *t, u64 nr, u64 host_ret)
{
	switch ((enum tr_helper)nr) {
	case TR_H_UD:       return rt_raise(t, SIGILL, ILL_ILLOPN_, t->cpu.rip);
	case TR_H_UNKNOWN:  return unknown(t);
	case TR_H_INT3:
	case TR_H_INT:      return rt_interrupt(t);
	case TR_H_DE:       return rt_raise(t, SIGFPE, FPE_INTDIV_, t->cpu.rip);
	case TR_H_GP:       return rt_gp(t);
	case TR_H_BADFETCH: return rt_bad_fetch(t);
	case TR_H_CPUID:    cpuid(t); return host_ret;
	case TR_H_RDTSC:    rdtsc(t); return host_ret;
	case TR_H_RDTSCP:   rdtscp(t); return host_ret;
	case TR_H_XGETBV:   return xgetbv(t, host_ret);
	case TR_H_RDPID:    t->cpu.scratch[0] = tsc_aux(); return host_ret;
	case TR_H_FXSAVE:   return fxsave(t, host_ret);
	case TR_H_FXRSTOR:  return fxrstor(t, host_ret);
	case TR_H_XSAVE: case TR_H_XSAVEOPT: case TR_H_XSAVEC: return rt_xsave(t, host_ret, nr);
	case TR_H_XRSTOR:   return rt_xrstor(t, host_ret);
	case TR_H_LDMXCSR:  return ldmxcsr(t, host_ret);
	case TR_H_STMXCSR:  t->cpu.scratch[0] = x86_mxcsr(&t->cpu); return host_ret;
	case TR_H_DIV:      return divide(t, host_ret, false);
	case TR_H_IDIV:     return divide(t, host_ret, true);
	case TR_H_PUSHF:    t->cpu.scratch[0] = rt_get_rflags(&t->cpu) & ~(u64)RF; return host_ret;
	case TR_H_POPF:     return popf(t, host_ret);
	case TR_H_RANDOM:   random(t); return host_ret;
	case TR_H_X87:      return rt_x87(t, host_ret);
	case TR_H_SSE:      return rt_sse(t, host_ret);
	case TR_H_PCMPSTR:  rt_pcmpstr(&t->cpu); return host_ret;
	case TR_H_SPLITLOCK: return split_lock(t);
	case TR_H_CHANGED:
		rt_code_changed(t->cpu.rip, t->cpu.rip + 1);
		return rt_code(t, t->cpu.rip);
	case TR_H_NONE:
	case TR_H_COUNT:    break;
	}
	rt_die(134, "no helper %lu", nr);
}
