/* emit_lock.c - read-modify-write as one step: the LOCK forms, XCHG, XADD, CMPXCHG, CMPXCHG8B, CMPXCHG16B.
 *
 * In TR_PLAIN nobody else sees the memory, and the plain forms serve: the driver comes here for LOCK only in the ordered
 * modes. The new value is made from the operand so that one atomic operation does it (SUB adds -b, AND clears ~b, ADC
 * adds b + CF); the flags come from the old value afterwards, by the plain instruction's emitter.
 * SDM vol. 3 9.1.2 (bus locking), vol. 2 LOCK, CMPXCHG, XADD, XCHG.
 */
#include "tr/atomic.h"
#include "tr/emit_bit.h"
#include "gen/decode.h"

extern const struct emitter emit_add, emit_cmp;

enum { AX = X8, CX = X9, DX = X2, BX = X19 };

static int regw(int w)             { return w == 8 ? 8 : 4; }
static bool plain(struct tr *c)    { return c->env->order == TR_PLAIN; }
static s64 back(struct tr *c, u32 *to) { return (u8 *)to - (u8 *)c->code.p; }

/* What goes into the atomic operation, from the operand b; may be in T1. */
static int incoming(struct tr *c, struct insn *i, int b, enum op *op)
{
	int w = regw(i->w);

	switch (x86_rows[i->row].mn) {
	case MN_ADD:
		*op = OP_ADD;
		return b;
	case MN_SUB:
		*op = OP_ADD;
		a_neg(c, w, T1, b);
		return T1;
	case MN_ADC:
		*op = OP_ADD;
		tr_need_c(c, CS_ADD, 0);
		a_adc(c, w, T1, b, XZR);
		return T1;
	case MN_SBB:
		*op = OP_ADD;
		tr_need_c(c, CS_SUB, 0);
		a_sbc(c, w, T1, XZR, b);                /* -b - CF */
		return T1;
	case MN_INC: case MN_DEC:
		*op = OP_ADD;
		a_mov_i(c, w, T1, x86_rows[i->row].mn == MN_INC ? 1 : w == 8 ? ~0ull : ~0u);
		return T1;
	case MN_AND:
		*op = OP_CLR;
		a_mvn(c, w, T1, b);
		return T1;
	case MN_OR:
		*op = OP_SET;
		return b;
	case MN_XOR:
		*op = OP_EOR;
		return b;
	case MN_NOT:
		*op = OP_EOR;
		a_mov_i(c, w, T1, w == 8 ? ~0ull : ~0u);
		return T1;
	default:
		*op = OP_NEG;
		return XZR;
	}
}

static void bit_locked(struct tr *c, struct insn *i, enum op op)
{
	tr_bit_addr(c, i);
	tr_bit_mask(c, i, T1, tr_bit_place(c, i));
	tr_atomic(c, i->w, op, T1);
	if (live(c, F_C))
		tr_bit_flag(c, i, T_SRC, tr_bit_place(c, i), false);
}

void tr_lock(struct tr *c, struct insn *i)
{
	const struct emitter *e = tr_emitter(i);
	enum op op;
	int b = XZR, in;

	switch (x86_rows[i->row].mn) {
	case MN_BTS: bit_locked(c, i, OP_SET); return;
	case MN_BTR: bit_locked(c, i, OP_CLR); return;
	case MN_BTC: bit_locked(c, i, OP_EOR); return;
	case MN_XCHG: case MN_XADD: case MN_CMPXCHG: case MN_CMPXCHG8B: case MN_CMPXCHG16B:
		e->fn(c, i, -1, -1, -1);
		return;
	}
	if (i->o[1].kind)
		b = tr_src(c, i, 1, T_SRC2);
	tr_addr(c, i, T_ADDR);
	in = incoming(c, i, b, &op);
	tr_atomic(c, i->w, op, in);
	if (live(c, x86_rows[i->row].writes & F_ALL))
		e->fn(c, i, T_DST, T_SRC, b);
}

/* ---- exchanges */

EMIT(xchg, RAW)                                 /* always locked with memory */
{
	struct ea m;

	b = tr_src(c, i, 1, T_SRC2);
	if (i->o[0].kind != OP_MEM) {
		a = tr_src(c, i, 0, T_SRC);
		a_mov(c, regw(i->w), T0, a);
		tr_wb(c, i, 0, b);
		tr_wb(c, i, 1, T0);
		return;
	}
	if (plain(c)) {
		m = tr_ea(c, i, i->w);
		tr_load(c, m, i->w, T_SRC);
		tr_store(c, m, i->w, b);
	} else {
		tr_addr(c, i, T_ADDR);
		tr_atomic(c, i->w, OP_SWP, b);
	}
	tr_wb(c, i, 1, T_SRC);
}

static bool locked(struct tr *c, struct insn *i) { return i->prefix & PFX_LOCK && !plain(c); }

EMIT(xadd, RAW)                                 /* dest, source = dest + source, dest */
{
	struct ea m;

	b = tr_src(c, i, 1, T_SRC2);
	if (locked(c, i)) {
		tr_addr(c, i, T_ADDR);
		tr_atomic(c, i->w, OP_ADD, b);
		if (live(c, F_ALL))
			emit_add.fn(c, i, T_DST, T_SRC, b);
		tr_wb(c, i, 1, T_SRC);
	} else if (i->o[0].kind == OP_MEM) {
		m = tr_ea(c, i, i->w);
		d = live(c, F_P | F_A) ? R_PF : T_DST;
		tr_load(c, m, i->w, T_SRC);
		emit_add.fn(c, i, d, T_SRC, b);
		tr_store(c, m, i->w, d);
		tr_wb(c, i, 1, T_SRC);
	} else {
		a = tr_src(c, i, 0, T_SRC);
		d = live(c, F_P | F_A) ? R_PF : T_DST;
		emit_add.fn(c, i, d, a, b);
		tr_wb(c, i, 1, a);
		tr_wb(c, i, 0, d);              /* last: the sum wins where both are one register */
	}
}

/* ---- compare and exchange */

/* The flags of rAX - old, EQ among them in any case. */
static void compare_acc(struct tr *c, struct insn *i, int old)
{
	u8 keep = c->live;

	c->live |= F_Z;
	emit_cmp.fn(c, i, XZR, AX, old);
	c->live = keep;
}

/* rAX = old unless EQ. All 64 bits stay when a 32-bit comparison succeeds. */
static void acc_from(struct tr *c, struct insn *i, int old)
{
	if (i->w == 4) {
		if (old != T_SRC)
			a_mov(c, 4, T_SRC, old);
		a_csel(c, 8, AX, AX, T_SRC, CC_EQ);
	} else if (i->w == 8) {
		a_csel(c, 8, AX, AX, old, CC_EQ);
	} else {
		a_bfi(c, 8, AX, old, 0, i->w * 8);      /* the same bits if they were equal */
	}
}

EMIT(cmpxchg, RAW | IMPLICIT)                   /* dest == rAX ? dest = source : rAX = dest */
{
	struct ea m;
	int w = regw(i->w);

	b = tr_src(c, i, 1, T_SRC2);
	if (locked(c, i)) {
		tr_addr(c, i, T_ADDR);
		tr_compare_swap(c, i->w, AX, b);
		compare_acc(c, i, T_SRC);
		acc_from(c, i, T_SRC);
	} else if (i->o[0].kind == OP_MEM) {            /* stores in any case, and before rAX changes */
		m = tr_ea(c, i, i->w);
		tr_load(c, m, i->w, T_SRC);
		compare_acc(c, i, T_SRC);
		a_csel(c, w, T_DST, b, T_SRC, CC_EQ);
		tr_store(c, m, i->w, T_DST);
		acc_from(c, i, T_SRC);
	} else if (i->o[0].kind == OP_GPR && i->o[0].reg == RAX) {      /* equal */
		tr_nz(c, 4, XZR);
		tr_mov_gpr(c, i->w, AX, b);
	} else {
		a = tr_src(c, i, 0, T_SRC);
		compare_acc(c, i, a);
		acc_from(c, i, a);                      /* where b is rAX, it stays if it is wanted */
		if (i->w == 4) {                        /* unequal: all 64 bits of a register destination stay */
			a_mov(c, 4, T_DST, b);
			b = T_DST;
			w = 8;
		}
		d = i->w >= 4 ? G(i->o[0].reg) : T_DST;
		a_csel(c, w, d, b, a, CC_EQ);
		if (i->w < 4)
			tr_wb(c, i, 0, d);
	}
}

EMIT(cmpxchg8b, RAW | IMPLICIT)                 /* [m] == edx:eax ? [m] = ecx:ebx : edx:eax = [m] */
{
	u32 *same, *keep;

	if (locked(c, i))
		tr_addr(c, i, a = T_ADDR);
	else
		a = tr_addr_in(c, i, T_ADDR);
	a_mov(c, 4, T_DST, AX);
	a_bfi(c, 8, T_DST, DX, 32, 32);
	a_mov(c, 4, T_SRC2, BX);
	a_bfi(c, 8, T_SRC2, CX, 32, 32);
	if (locked(c, i)) {
		tr_compare_swap(c, 8, T_DST, T_SRC2);
		a_mov(c, 4, T_DST, AX);
		a_bfi(c, 8, T_DST, DX, 32, 32);
		a_eor(c, 8, T2, T_SRC, T_DST);
	} else {
		tr_load(c, tr_ea_reg(a), 8, T_SRC);
		a_eor(c, 8, T2, T_SRC, T_DST);
		same = c->code.p;
		a_cbz(c, 8, T2, 0);
		a_mov(c, 8, T_SRC2, T_SRC);
		a_bind(c, same);
		tr_store(c, tr_ea_reg(a), 8, T_SRC2);
	}
	keep = c->code.p;
	a_cbz(c, 8, T2, 0);
	a_mov(c, 4, AX, T_SRC);
	a_lsr_i(c, 8, DX, T_SRC, 32);
	a_bind(c, keep);
	tr_zf(c, T2);
}

/* T2 = (T1:T0 differs from rdx:rax); T3 is lost */
static void differs(struct tr *c)
{
	a_eor(c, 8, T2, T0, AX);
	a_eor(c, 8, T3, T1, DX);
	a_orr(c, 8, T2, T2, T3);
}

/* T4:T3 = T2 ? T1:T0 : rcx:rbx */
static void choose(struct tr *c)
{
	u32 *keep;

	a_mov(c, 8, T3, T0);
	a_mov(c, 8, T4, T1);
	keep = c->code.p;
	a_cbnz(c, 8, T2, 0);
	a_mov(c, 8, T3, BX);
	a_mov(c, 8, T4, CX);
	a_bind(c, keep);
}

/* T1:T0 = what was there; T2 = it differs from rdx:rax, so nothing was stored */
static void swap_pair(struct tr *c)
{
	a_mov(c, 8, T0, AX);
	a_mov(c, 8, T1, DX);
	a_mov(c, 8, T3, BX);
	a_mov(c, 8, T4, CX);
	a_caspal(c, 8, T0, T3, T_ADDR);
	differs(c);
}

EMIT(cmpxchg16b, RAW | IMPLICIT)                /* [m] == rdx:rax ? [m] = rcx:rbx : rdx:rax = [m]; #GP if misaligned */
{
	u32 *mark;

	if (plain(c))
		a = tr_addr_in(c, i, T_ADDR);
	else
		tr_addr(c, i, a = T_ADDR);
	a_and_i(c, 8, T0, a, 15);
	a_cbnz(c, 8, T0, 0);
	tr_cold(c, TR_H_GP);
	if (plain(c)) {
		a_ldp_i(c, 8, T0, T1, a, 0);
		differs(c);
		choose(c);
		a_stp_i(c, 8, T3, T4, a, 0);
	} else if (has(c, HOST_LSE)) {
		swap_pair(c);
		mark = c->code.p;
		a_cbz(c, 8, T2, 0);
		a_dmb(c, A_ISH);                /* what it finds, it shall find after this: see atomic.c */
		swap_pair(c);
		a_bind(c, mark);
	} else {                                /* the pair was read at once only if the store succeeds */
		mark = c->code.p;
		a_ldaxp(c, 8, T0, T1, T_ADDR);
		differs(c);
		choose(c);
		a_stlxp(c, 8, T_SRC, T3, T4, T_ADDR);
		a_cbnz(c, 4, T_SRC, back(c, mark));
		a_dmb(c, A_ISH);
	}
	a_mov(c, 8, AX, T0);                    /* where they were equal, nothing changes */
	a_mov(c, 8, DX, T1);
	tr_zf(c, T2);
}
