/* frame.c - the x86-64 rt_sigframe: made at delivery, taken back by rt_sigreturn, and the alternate stack it may lie on.
 *
 * From the top: the red zone's 128 bytes (unless the stack is switched), the floating-point state on a 64-byte
 * boundary, the frame so that the handler finds RSP as after a call. A handler starts with a fresh floating-point
 * state, DF and TF clear. Without XSAVE among the announced features the state is the bare FXSAVE image; with it,
 * the XSAVE area in standard format, framed by the two magic words (x86's asm/sigcontext.h).
 */
#include "rt/signal.h"
#include "rt/sse.h"
#include "rt/string.h"
#include "rt/xsave.h"
#include "x86/feature.h"
#include <asm/errno.h>

enum { UC_FP_XSTATE = 1, UC_SIGCONTEXT_SS = 2, UC_STRICT_RESTORE_SS = 4 };
#define RESTORED 0x50dd5ull             /* CF PF AF ZF SF TF DF OF RF AC: not ID, not NT (FIX_EFLAGS) */
#define MAGIC1 0x46505853u
#define MAGIC2 0x46505845u

struct sigcontext64 {
	u64 r8, r9, r10, r11, r12, r13, r14, r15, di, si, bp, bx, dx, ax, cx, sp, ip, flags;
	u16 cs, gs, fs, ss;
	u64 err, trapno, oldmask, cr2;
	gaddr fpstate;
	u64 reserved[8];
};
struct ucontext64 {
	u64 flags; gaddr link;
	struct stack stack;
	struct sigcontext64 mc;
	u64 sigmask;
};
struct rt_sigframe {
	gaddr pretcode;
	struct ucontext64 uc;
	struct siginfo info;
};
_Static_assert(sizeof(struct rt_sigframe) == 440, "rt_sigframe");

/* In the bytes of FXSAVE's image that it leaves to software: _fpx_sw_bytes. */
struct fp_sw { u32 magic1, extended_size; u64 xfeatures; u32 xstate_size, pad[7]; };
enum { AT_SW = 464 };

static inline bool xsave(void) { return rt.x86 & X86_BIT(XSAVE); }
static inline u32 xstate_size(void) { return xsave_enabled() & XSAVE_AVX ? 832 : 576; }
static inline u32 fpstate_size(void) { return xsave() ? xstate_size() + 4 : 512; }

/* --- the alternate stack (Linux: sas_ss_flags and friends) ------------------------------------------------ */

static bool within(const struct thread *t, gaddr sp)
{
	return sp > t->altstack && sp - t->altstack <= t->altstack_size;
}

bool sig_on_altstack(const struct thread *t, gaddr sp)
{
	return !(t->altstack_flags & SS_AUTODISARM_) && within(t, sp);
}

u32 sig_altstack_flags(const struct thread *t, gaddr sp)
{
	return !t->altstack_size ? SS_DISABLE_ : sig_on_altstack(t, sp) ? SS_ONSTACK_ : 0;
}

s64 sig_altstack(struct thread *t, const struct stack *new, gaddr sp)
{
	u32 mode = new->flags & ~SS_AUTODISARM_;

	if (sig_on_altstack(t, sp)) return -EPERM;
	if (mode != SS_DISABLE_ && mode != SS_ONSTACK_ && mode != 0) return -EINVAL;
	if (mode != SS_DISABLE_ && new->size < 2048) return -ENOMEM;
	t->altstack = mode == SS_DISABLE_ ? 0 : new->sp;
	t->altstack_size = mode == SS_DISABLE_ ? 0 : new->size;
	t->altstack_flags = new->flags;
	return 0;
}

/* --- floating-point state --------------------------------------------------------------------------------- */

static bool fp_push(struct thread *t, gaddr at)
{
	struct { struct xsave_area x; u32 magic2; } f;
	u32 n = fpstate_size();
	struct fp_sw sw = { MAGIC1, n, xsave_enabled(), n - 4, { 0 } };

	memset(&f, 0, sizeof f);
	rt_vectors_save(&t->cpu);
	x86_fxsave(&t->cpu, f.x.fx);
	if (!xsave()) return rt_write(at, &f, 512);
	memcpy(f.x.fx + AT_SW, &sw, sizeof sw);
	f.x.header.bv = xsave_in_use(&t->cpu, f.x.fx) | XSAVE_X87 | XSAVE_SSE;
	xsave_upper(&t->cpu, f.x.ymmh);
	memcpy((u8 *)&f + n - 4, &(u32){ MAGIC2 }, 4);
	return rt_write(at, &f, n);
}

/* Is there more than FXSAVE's image? Then both magic words say so. */
static bool is_extended(gaddr at, const struct fp_sw *sw)
{
	u32 magic2;

	return xsave() && sw->magic1 == MAGIC1 && sw->xstate_size >= 576 && sw->xstate_size <= xstate_size() &&
	       sw->xstate_size <= sw->extended_size && rt_get(&magic2, at + xstate_size()) && magic2 == MAGIC2;
}

/* As Linux: XRSTOR of what the frame says to have, and what it has not is reset. */
static bool restore(struct cpu *c, gaddr at)
{
	struct xsave_area x = { 0 }, none = { 0 };
	struct fp_sw sw;
	u64 has = XSAVE_X87 | XSAVE_SSE, rest;

	if (at & 15 || !rt_read(x.fx, at, sizeof x.fx)) return false;
	memcpy(&sw, x.fx + AT_SW, sizeof sw);
	if (is_extended(at, &sw)) {
		if (at & 63 || !rt_read(&x, at, xstate_size()) || x.header.comp || !xsave_header_valid(&x.header)) return false;
		has = sw.xfeatures & xsave_enabled();
	} else {
		x.header.bv = has;
	}
	rest = xsave_enabled() & ~has;
	none.header.comp = XSAVE_COMPACTED;     /* MXCSR is SSE's alone */
	return xsave_restore(c, &x, has, true) && (!rest || xsave_restore(c, &none, rest, true));
}

static bool fp_pop(struct thread *t, gaddr at)
{
	struct cpu *c = &t->cpu;
	bool ok;

	rt_vectors_save(c);
	ok = at && restore(c, at);
	if (!ok) x86_fpu_reset(c);
	rt_mxcsr_unmasks(c);
	rt_vectors_load(c);
	return ok || !at;
}

/* --- frames ----------------------------------------------------------------------------------------------- */

/* RSP for the frame, 0 if an alternate stack would overflow. */
static gaddr place(struct thread *t, const struct sigact *a, gaddr *fp)
{
	gaddr sp = t->cpu.r[4] - 128;
	bool on = sig_on_altstack(t, t->cpu.r[4]), enter = false;

	if (a->flags & SA_ONSTACK_ && !sig_altstack_flags(t, sp)) {
		sp = t->altstack + t->altstack_size;
		enter = true;
	}
	*fp = sp = align_down(sp - fpstate_size(), 64ull);
	sp = align_down(sp - sizeof(struct rt_sigframe), 16ull) - 8;
	return (on || enter) && !within(t, sp) ? 0 : sp;
}

static void context_out(struct thread *t, struct ucontext64 *u, gaddr fp, u64 mask)
{
	const u64 *r = t->cpu.r;

	*u = (struct ucontext64){
		.flags = UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS | (xsave() ? UC_FP_XSTATE : 0),
		.stack = { t->altstack, t->altstack_flags, 0, t->altstack_size },
		.mc = {
			.r8 = r[8], .r9 = r[9], .r10 = r[10], .r11 = r[11], .r12 = r[12], .r13 = r[13], .r14 = r[14],
			.r15 = r[15], .di = r[7], .si = r[6], .bp = r[5], .bx = r[3], .dx = r[2], .ax = r[0],
			.cx = r[1], .sp = r[4], .ip = t->cpu.rip, .flags = rt_get_rflags(&t->cpu),
			.cs = 0x33, .ss = 0x2b, .err = t->prot_err, .trapno = t->trapno, .oldmask = mask,
			.cr2 = t->cr2, .fpstate = fp,
		},
		.sigmask = mask,
	};
}

bool frame_push(struct thread *t, const struct siginfo *si, const struct sigact *a, u64 saved_mask)
{
	struct cpu *c = &t->cpu;
	struct rt_sigframe f;
	gaddr fp, sp = place(t, a, &fp);

	if (!sp || !(a->flags & SA_RESTORER_)) return false;
	f.pretcode = a->restorer;
	context_out(t, &f.uc, fp, saved_mask);
	f.info = *si;
	if (!fp_push(t, fp) || !rt_put(sp, &f)) return false;
	c->r[7] = si->sig;
	c->r[6] = sp + offsetof(struct rt_sigframe, info);
	c->r[2] = sp + offsetof(struct rt_sigframe, uc);
	c->r[0] = 0;
	c->r[4] = sp;
	c->rip = a->handler;
	rt_set_rflags(c, rt_get_rflags(c) & ~0x10500ull);       /* RF DF TF */
	x86_fpu_reset(c);
	rt_vectors_load(c);
	return true;
}

s64 frame_pop(struct thread *t)
{
	struct cpu *c = &t->cpu;
	u64 *r = c->r;
	struct rt_sigframe f;
	const struct sigcontext64 *m = &f.uc.mc;
	s64 e;

	if (!rt_read(&f, r[4] - 8, offsetof(struct rt_sigframe, info))) return -EFAULT;
	if ((e = sig_set_mask(t, f.uc.sigmask))) return e;
	if (!fp_pop(t, m->fpstate)) return -EFAULT;
	memcpy(&r[8], &m->r8, 64);
	r[7] = m->di; r[6] = m->si; r[5] = m->bp; r[3] = m->bx; r[2] = m->dx; r[0] = m->ax; r[1] = m->cx; r[4] = m->sp;
	c->rip = m->ip;
	rt_set_rflags(c, (rt_get_rflags(c) & ~RESTORED) | (m->flags & RESTORED));
	sig_altstack(t, &f.uc.stack, r[4]);     /* its errors are nobody's business, as in Linux */
	return 0;
}
