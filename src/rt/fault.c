/* fault.c - what the host's synchronous signals mean.
 *
 * The handler runs on the thread's signal stack. For translated code it moves the guest's registers from the
 * interrupted context to t->cpu and lets the context go on in rt_resume on the C stack, where frames are built and
 * code is made as in any helper; vectors stay where they are, since the kernel restores them. Faults in our own code
 * are either an accessor's (guest.c) or a bug of ours.
 */
#include "rt/signal.h"
#include "rt/except.h"
#include "rt/guest.h"
#include "rt/mem.h"
#include "rt/smc.h"
#include "rt/stop.h"
#include "rt/string.h"
#include "rt/thread.h"
#include "tr/tr.h"
#include "gen/decode.h"

extern const char __executable_start[], etext[], rt_resume_begin[], rt_resume_end[], x87_fast_begin[], x87_fast_end[]
	__attribute__((visibility("hidden")));

u64 rt_vdso_lo, rt_vdso_hi;
enum { RESUME_POLL, RESUME_RAISE, RESUME_SINGLE, RESUME_AGAIN, RESUME_NOT_CANONICAL };

/* Everything outside our own image, what it calls with x29 loaded, and the end of enter.S's way there, likewise. */
bool fault_in_code(u64 pc)
{
	if (pc >= (u64)rt_resume_begin && pc < (u64)rt_resume_end) return true;
	if (pc >= (u64)x87_fast_begin && pc < (u64)x87_fast_end) return true;
	return !(pc >= (u64)__executable_start && pc < (u64)etext) && !(pc >= rt_vdso_lo && pc < rt_vdso_hi);
}

/* --- the host's context ----------------------------------------------------------------------------------- */

static const struct _aarch64_ctx *record(const struct host_context *uc, u32 magic)
{
	const u8 *p = uc->mc.__reserved, *end = p + sizeof uc->mc.__reserved;

	while (p + sizeof(struct _aarch64_ctx) <= end) {
		const struct _aarch64_ctx *h = (const void *)p;
		if (h->magic == magic) return h;
		if (!h->magic || h->size < sizeof *h) return 0;
		p += h->size;
	}
	return 0;
}

/* Does this instruction store? Arm ARM C4.1, "Loads and Stores". */
static bool stores(u32 w)
{
	if ((w & 0x0a000000) != 0x08000000) return false;
	if ((w & 0xbe000000) == 0x0c000000) return !(w >> 22 & 1);              /* ld1 st1 ... */
	if ((w & 0x3f000000) == 0x08000000) {                                   /* exclusives, ordered, cas, casp */
		bool cas = w >> 21 & 1 && (w >> 23 & 1 || !(w >> 31 & 1));
		return cas || !(w >> 22 & 1);
	}
	if ((w & 0x3b000000) == 0x18000000) return false;                       /* literal */
	if ((w & 0x3f200c00) == 0x19000000) return !(w >> 22 & 3);              /* ldapur stlur */
	if ((w & 0x3b200c00) == 0x19000400) return true;                        /* cpy set */
	if ((w & 0x38000000) == 0x28000000) return !(w >> 22 & 1);              /* pairs */
	if ((w & 0x3b200c00) == 0x38200000) return (w & 0x3f80fc00) != 0x3880c000;      /* lse; ldapr */
	if (w >> 26 & 1) return !(w >> 22 & 1);                                 /* str b h s d q */
	return !(w >> 22 & 3);
}

/* The host says in its syndrome whether it was a write; where it does not (user-mode QEMU), the instruction does. */
static bool was_write(const struct host_context *uc)
{
	const struct esr_context *e = (const void *)record(uc, ESR_MAGIC);

	if (e && e->esr >> 26 == 0x24) return e->esr >> 6 & 1;
	return stores(*(const u32 *)uc->mc.pc);
}

/* Exclusives whose base is the aligned word of a misaligned operation: what the guest accesses lies SHIFT bits on. */
static gaddr misaligned_address(const struct host_context *uc, gaddr a)
{
	u32 w = *(const u32 *)uc->mc.pc;

	if ((w & 0x3f000000) != 0x08000000 || (w >> 23 & 1) || (w >> 5 & 31) != TR_ATOMIC_WORD) return a;
	return a + (uc->mc.regs[TR_ATOMIC_SHIFT] >> 3);
}

enum { N = 1u << 31, Z = 1u << 30, C = 1u << 29, V = 1u << 28 };

/* NZCV as it stands in the middle of a region, into the form that it has between regions (tr/flags.c). */
static void boundary(struct cpu *c, enum csense sense)
{
	u64 f = c->nzcv;

	switch (sense) {
	case CS_SUB: break;
	case CS_ADD: c->nzcv = f ^ C; break;
	case CS_ZERO: c->nzcv = f | C; break;
	case CS_FCMP: case CS_FORD:
		c->nzcv = (f & (Z | V) ? Z : 0) | (f & (N | V) ? 0 : C);
		c->pf = c->af = f & V ? 0 : 1;
		break;
	}
}

static void guest_state(struct thread *t, const struct host_context *uc, const struct code_state *at)
{
	struct cpu *c = &t->cpu;

	for (int i = 0; i < 16; i++)
		c->r[i] = uc->mc.regs[tr_greg[i]];
	c->pf = uc->mc.regs[26];
	c->af = uc->mc.regs[27];
	c->nzcv = uc->mc.pstate & 0xf0000000;
	boundary(c, at->sense);
	if (at->put_off) rt_put_off(c, at);
	c->pair_sp = uc->mc.sp;
	c->rip = at->rip;
}

/* The context goes on in rt_resume. */
static void resume(struct thread *t, struct host_context *uc, int what)
{
	t->fault.what = what;
	uc->mc.pc = (u64)rt_resume;
	uc->mc.sp = t->cpu.c_sp;
	uc->mc.regs[0] = (u64)t;
	uc->mc.regs[29] = uc->mc.regs[30] = 0;
}

_Noreturn void rt_resume(struct thread *t)
{
	struct insn i;
	u64 host;

	if (t->storing && t->fault.what != RESUME_SINGLE) smc_stored(t);        /* it will not come to that */
	if ((t->fault.what == RESUME_RAISE || t->fault.what == RESUME_NOT_CANONICAL) && rt_insn_at(t->cpu.rip, &i) && rt_is_gather(&i))
		rt_enter(t, rt_gather(t, &i));
	switch (t->fault.what) {
	case RESUME_RAISE:
		if (!(t->prot_err & 2) && t->prot_err & 4 && rt_writes_too(t->cpu.rip)) t->prot_err |= 2;
		host = rt_raise(t, t->fault.sig, t->fault.code, t->fault.addr);
		break;
	case RESUME_NOT_CANONICAL:
		host = rt_not_canonical(t, t->fault.addr);
		break;
	case RESUME_SINGLE:
		host = rt_code_single(t, t->cpu.rip);
		break;
	case RESUME_POLL:
		sig_nudged(t);
		rt_deliver(t);
		/* fall through */
	default:
		host = rt_code(t, t->cpu.rip);
	}
	rt_enter(t, host);
}

/* --- faults of translated code ---------------------------------------------------------------------------- */

static void guest_raise(struct thread *t, struct host_context *uc, int sig, int code, gaddr addr)
{
	t->fault.sig = sig;
	t->fault.code = code;
	t->fault.addr = addr;
	resume(t, uc, RESUME_RAISE);
}

/* x86 tells of a page fault, or for an address that is not canonical of a #GP without address. */
static void guest_segv(struct thread *t, struct host_context *uc, const struct siginfo *si)
{
	gaddr a = misaligned_address(uc, si->fault.addr);
	int code = si->code == SEGV_ACCERR_ ? SEGV_ACCERR_ : SEGV_MAPERR_;

	if (!rt_canonical(a)) {
		t->fault.addr = a;
		resume(t, uc, RESUME_NOT_CANONICAL);
		return;
	}
	t->prot_err = rt_fault_error(a, was_write(uc), &code);
	guest_raise(t, uc, SIGSEGV, code, a);
}

/* A write to a page that was protected for its code. The code being run goes on, unless it is of that page: then
 * the instruction runs alone, since what follows it may have changed. */
static bool guest_smc(struct thread *t, struct host_context *uc, gaddr a)
{
	if (!was_write(uc) || !smc_write(a, true)) return false;
	resume(t, uc, RESUME_SINGLE);
	return true;
}

/* Are there perhaps several accesses where the guest has one? REP MOVS and REP STOS take several elements at once
 * (tr/emit_str.c), and a group that became one faults as its first (tr/fuse.c): a push, a pop, or one of registers alone. What
 * has no memory operand is made again by itself, and then faults where it should. */
static bool grouped(struct thread *t, const struct host_context *uc)
{
	struct insn i;

	if (rt_code_is_single(t, uc->mc.pc) || !rt_insn_at(t->cpu.rip, &i)) return false;
	for (int n = 0; n < 4; n++)
		if (i.o[n].kind == OP_MEM || i.o[n].kind == OP_VMEM) return false;
	return true;
}

/* The guest's state is in t->cpu; unless the context is made to go on in rt_resume, the code itself goes on. */
static void code_fault(struct thread *t, int sig, struct siginfo *si, struct host_context *uc)
{
	gaddr a = si->fault.addr;

	if (sig == SIGSEGV && a == t->poison) {
		resume(t, uc, RESUME_POLL);
	} else if (sig == SIGSEGV && thread_in_guard(t, a)) {
		uc->mc.sp = t->cpu.pair_base;
	} else if (sig == SIGSEGV) {
		if (guest_smc(t, uc, a) || mem_stack_grow(a)) return;
		if (grouped(t, uc)) resume(t, uc, RESUME_SINGLE);
		else guest_segv(t, uc, si);
	} else if (sig == SIGBUS && si->code == BUS_ADRALN_) {
		if (!rt_misaligned(t, uc->mc.pc)) dbg_crash(sig, si, uc, t);
		resume(t, uc, RESUME_AGAIN);
	} else if (sig == SIGBUS && grouped(t, uc)) {
		resume(t, uc, RESUME_SINGLE);
	} else if (sig == SIGBUS) {
		t->prot_err = 4 | (was_write(uc) ? 2 : 0);
		guest_raise(t, uc, SIGBUS, si->code, a);
	} else {
		dbg_crash(sig, si, uc, t);
	}
}

void fault_handler(int sig, struct siginfo *si, struct host_context *uc)
{
	struct thread *t = rt_self();
	struct code_state at;

	if (t && sig == SIGTRAP && t->nudged) {
		sig_nudge(t);
		sig_interrupt(t, uc);
	}
	if (t && stop_signal(t, si, uc)) return;
	if (t && t->alone && fault_in_code(uc->mc.pc)) stop_end(t);
	if (si->code <= 0 && t) {
		sig_sent(t, sig, si, uc);
		return;
	}
	if (sig == SIGSEGV || sig == SIGBUS) {  /* an accessor of guest.c */
		u64 pc = uc->mc.pc;
		if (rt_guest_fixup(&pc)) {
			if (sig == SIGBUS || (!smc_write(si->fault.addr, false) && !mem_stack_grow(si->fault.addr)))
				uc->mc.pc = pc;
			return;
		}
	}
	if (!t || !fault_in_code(uc->mc.pc) || !rt_code_state(uc->mc.pc, &at))
		dbg_crash(sig, si, uc, t);
	guest_state(t, uc, &at);
	code_fault(t, sig, si, uc);
}
