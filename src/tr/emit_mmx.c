/* emit_mmx.c - MMX: 64-bit vectors in the x87's registers. SDM vol. 1, 9.
 *
 * An instruction loads its operands into vector registers, computes as its SSE twin does, and stores the low half
 * back. MMX registers are the x87's physical ones, so before the first of them the runtime makes slots physical; that
 * check also finds an exception that waits. Writing one sets its exponent to ones.
 * The twin of a row is the row after it (insn.def's macros MMX and VSHIFT put it there).
 */
#include "tr/vec.h"
#include "tr/atomic.h"
#include "gen/decode.h"

#define PLACE(n)   ((int)offsetof(struct cpu, x87.st) + 16 * (n))

static int mn(const struct insn *i) { return x86_rows[i->row].mn; }

static void get(struct tr *c, int v, int n) { a_ldrv_i(c, 8, v, R_CPU, PLACE(n)); }

static void put(struct tr *c, int n, int v)
{
	a_strv_i(c, 8, v, R_CPU, PLACE(n));
	a_mov_i(c, 4, T0, 0xffff);
	a_str_i(c, 8, T0, R_CPU, PLACE(n) + 8);
}

/* Operand n as a vector register: v, or the register itself if it is one of SSE's. */
static int source(struct tr *c, struct insn *i, int n, int v)
{
	const struct opnd *o = &i->o[n];

	switch (o->kind) {
	case OP_MMX: get(c, v, o->reg); return v;
	case OP_MEM: tr_loadv(c, tr_ea(c, i, o->w), o->w, v); return v;
	case OP_GPR: a_fmov_vx(c, o->w, v, G(o->reg)); return v;
	default:     return o->reg;
	}
}

/* v becomes operand 0. */
static void result(struct tr *c, struct insn *i, int v)
{
	const struct opnd *o = &i->o[0];

	switch (o->kind) {
	case OP_MMX: put(c, o->reg, v); break;
	case OP_MEM: tr_storev(c, tr_ea(c, i, o->w), o->w, v); break;
	case OP_GPR: a_fmov_xv(c, o->w, G(o->reg), v); break;
	case OP_XMM: a_fmov(c, 8, o->reg, v); break;
	}
}

/* --- moves */

EMIT(mmx_mov, RAW | IMPLICIT)
{
	tr_mmx_guard(c);
	result(c, i, source(c, i, 1, V_A));
}

/* CPUs fault for all of the operand, whatever the mask, the upper half first; so it is read and, where others may see
 * the memory, written without a change. Then only the bytes that the mask names are stored, as another thread may be
 * writing the others; alone, all of them. */
void tr_maskmov(struct tr *c, struct insn *i, int data, int mask, int halves)
{
	struct ea m = tr_ea_reg(T2);

	tr_addr(c, i, T_ADDR);
	a_mov(c, 8, T2, T_ADDR);
	for (int n = halves - 1; n >= 0; n--)
		tr_loadv(c, tr_ea_off(c, m, 8, 8 * n), 8, V0t + n);
	if (c->env->order == TR_PLAIN) {
		if (halves > 1)
			a_vins_e(c, 8, V0t, 1, V1t, 0);
		a_vsshr_i(c, V16B, V2t, mask, 7);
		v_select(c, V0t, V2t, data, V0t);
		if (halves > 1) {
			a_vdup_e(c, VD, V1t, V0t, 1);
			tr_storev(c, tr_ea_off(c, m, 8, 8), 8, V1t);
		}
		tr_storev(c, m, 8, V0t);
		return;
	}
	a_add_i(c, 8, T_ADDR, T2, 8 * (halves - 1));     /* the loads may have moved T_ADDR */
	for (int n = 2 * halves - 1; n >= 0; n--) {     /* the first byte and the last of each half */
		tr_atomic(c, 1, OP_SET, XZR);
		if (n)
			(n & 1 ? a_add_i : a_sub_i)(c, 8, T_ADDR, T_ADDR, n & 1 ? 7 : 15);
	}
	a_sub_i(c, 8, T2, T_ADDR, 7);
	for (int n = 0; n < 8 * halves; n++) {
		u32 *skip;

		a_vumov(c, 1, T0, mask, n);
		skip = c->code.p;
		a_tbz(c, T0, 7, 0);
		a_vumov(c, 1, T0, data, n);
		tr_store(c, tr_ea_off(c, m, 1, n), 1, T0);
		a_bind(c, skip);
	}
}

EMIT(mmx_maskmov, RAW | IMPLICIT)
{
	tr_mmx_guard(c);
	get(c, V_A, i->o[1].reg);
	get(c, V_B, i->o[2].reg);
	tr_maskmov(c, i, V_A, V_B, 1);
}

EMIT(mmx_movmsk, RAW | IMPLICIT)
{
	extern const struct emitter emit_vpmovmskb;

	tr_mmx_guard(c);
	get(c, V_A, i->o[1].reg);
	emit_vpmovmskb.fn(c, i, G(i->o[0].reg), V_A, -1);
}

EMIT(mmx_pinsrw, RAW | IMPLICIT)
{
	tr_mmx_guard(c);
	a = tr_src(c, i, 2, T_SRC);
	get(c, V_A, i->o[0].reg);
	a_vins(c, 2, V_A, i->imm & 3, a);
	put(c, i->o[0].reg, V_A);
}

EMIT(mmx_pextrw, RAW | IMPLICIT)
{
	tr_mmx_guard(c);
	get(c, V_A, i->o[1].reg);
	a_vumov(c, 2, G(i->o[0].reg), V_A, i->imm & 3);
}

EMIT(emms, RAW | IMPLICIT)
{
	tr_mmx_guard(c);                                /* it sets TOP, too */
	a_str_i(c, 1, XZR, R_CPU, offsetof(struct cpu, x87.tag));
	c->x87 = tr_x87_emptied(c);
}

/* --- computation */

/* Those whose twin makes the low half of its result of the whole of its first source: the second one goes on top. */
static bool from_pairs(const struct insn *i)
{
	switch (mn(i)) {
	case MN_PACKSSWB: case MN_PACKUSWB: case MN_PACKSSDW:
	case MN_PHADDW: case MN_PHADDD: case MN_PHADDSW: case MN_PHSUBW: case MN_PHSUBD: case MN_PHSUBSW:
		return true;
	}
	return false;
}

EMIT(mmx, RAW | IMPLICIT)
{
	const struct emitter *twin = tr_emit_tab[i->row + 1];
	bool shift = i->o[1].kind == OP_IMM, two = !shift && i->o[2].kind == OP_NONE;

	tr_mmx_guard(c);
	if (two) {                                      /* PABSx */
		twin->fn(c, i, V5t, source(c, i, 1, V_A), -1);
		put(c, i->o[0].reg, V5t);
		return;
	}
	b = shift ? IMM : source(c, i, 2, V_B);
	get(c, V_A, i->o[0].reg);
	if (from_pairs(i))
		a_vins_e(c, 8, V_A, 1, b, 0);
	if (mn(i) == MN_PSHUFB) {                       /* three bits of an index count, not four */
		a_vmovi(c, V16B, V0t, 0x87, 0);
		a_vand(c, V16B, V_B, V_B, V0t);
	}
	twin->fn(c, i, V5t, V_A, b);
	put(c, i->o[0].reg, V5t);
}

EMIT(mmx_unpck, RAW | IMPLICIT)                         /* halves interleaved */
{
	int m = mn(i), T = m == MN_PUNPCKLBW || m == MN_PUNPCKHBW ? V8B : m == MN_PUNPCKLWD || m == MN_PUNPCKHWD ? V4H : V2S;
	bool high = m == MN_PUNPCKHBW || m == MN_PUNPCKHWD || m == MN_PUNPCKHDQ;

	tr_mmx_guard(c);
	b = source(c, i, 2, V_B);
	get(c, V_A, i->o[0].reg);
	(high ? a_vzip2 : a_vzip1)(c, T, V_A, V_A, b);
	put(c, i->o[0].reg, V_A);
}

EMIT(mmx_pshufw, RAW | IMPLICIT)
{
	extern const struct emitter emit_vshuflw;

	tr_mmx_guard(c);
	emit_vshuflw.fn(c, i, V5t, source(c, i, 1, V_A), IMM);
	put(c, i->o[0].reg, V5t);
}

EMIT(mmx_palignr, RAW | IMPLICIT)                       /* bytes from imm on of dst:src */
{
	tr_mmx_guard(c);
	b = source(c, i, 2, V_B);
	get(c, V_A, i->o[0].reg);
	a_vins_e(c, 8, V_B, 1, V_A, 0);
	a_vzero(c, V_A);
	if ((u8)i->imm < 16)
		a_vext(c, V16B, V_A, V_B, V_A, (u8)i->imm);
	put(c, i->o[0].reg, V_A);
}

/* --- conversions. From memory, CVTPI2PS and CVTPI2PD leave the x87 alone. */

extern const struct emitter emit_cvtdq2ps;

EMIT(mmx_cvtpi2ps, RAW | IMPLICIT)                      /* the upper half stays */
{
	if (i->o[1].kind == OP_MMX)
		tr_mmx_guard(c);
	b = source(c, i, 1, V_A);
	if (!tr_fp_before(c, i, &emit_cvtdq2ps, V_A, b, -1))
		a_vscvtf(c, V2S, V_A, b);
	a_vins_e(c, 8, i->o[0].reg, 0, V_A, 0);
}

EMIT(mmx_cvtpi2pd, RAW | IMPLICIT)
{
	extern const struct emitter emit_cvtdq2pd;

	if (i->o[1].kind == OP_MMX)
		tr_mmx_guard(c);
	b = source(c, i, 1, V_A);
	if (!tr_fp_before(c, i, &emit_cvtdq2pd, i->o[0].reg, b, -1))
		emit_cvtdq2pd.fn(c, i, i->o[0].reg, b, -1);
}

static void to_mmx(struct tr *c, struct insn *i, const struct emitter *twin)
{
	int r;

	tr_mmx_guard(c);
	r = source(c, i, 1, V_A);
	if (i->o[1].w == 8 && r != V_A) {               /* the other lanes must not raise anything */
		a_fmov(c, 8, V_A, r);
		r = V_A;
	}
	if (!tr_fp_before(c, i, twin, V5t, r, -1))
		twin->fn(c, i, V5t, r, -1);
	tr_fp_after(c);
	put(c, i->o[0].reg, V5t);
}

#define TO_MMX(name, sse) \
	extern const struct emitter emit_##sse; \
	EMIT(name, RAW | IMPLICIT) { to_mmx(c, i, &emit_##sse); }
TO_MMX(mmx_cvtps2pi,  cvtps2dq)
TO_MMX(mmx_cvttps2pi, cvttps2dq)
TO_MMX(mmx_cvtpd2pi,  cvtpd2dq)
TO_MMX(mmx_cvttpd2pi, cvttpd2dq)
