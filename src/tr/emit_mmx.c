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

static void touch(struct tr *c, int n)                  /* as writing n does */
{
	a_mov_i(c, 4, T0, 0xffff);
	a_str_i(c, 8, T0, R_CPU, PLACE(n) + 8);
}

static void put(struct tr *c, int n, int v)
{
	a_strv_i(c, 8, v, R_CPU, PLACE(n));
	touch(c, n);
}

static void put_g(struct tr *c, int n, int r)           /* of a general register */
{
	a_mov_i(c, 4, T0, 0xffff);
	a_stp_i(c, 8, r, T0, R_CPU, PLACE(n));
}

/* Operand n as a vector register: v, or the register itself if it is one of SSE's. */
static int source(struct tr *c, struct insn *i, int n, int v)
{
	const struct opnd *o = &i->o[n];

	switch (o->kind) {
	case OP_MMX: get(c, v, o->reg); return v;
	case OP_MEM: tr_loadv(c, tr_ea(c, i, o->w), o->w, v); return v;
	default:     return o->reg;
	}
}

/* Faults where the memory operand of i does, and changes nothing: for code out of line, before the x87's state is MMX's. */
void tr_mmx_probe(struct tr *c, struct insn *i)
{
	const struct opnd *m = i->o;
	bool crosses = c->crosses;

	while (m < i->o + 3 && m->kind != OP_MEM)
		m++;
	if (m->kind != OP_MEM) return;
	if (!(m->access & OP_WRITE)) {
		tr_loadv(c, tr_ea(c, i, m->w), m->w, V_A);
		return;
	}
	tr_addr(c, i, T_ADDR);
	c->crosses = false;                             /* a byte never does */
	tr_atomic(c, 1, OP_SET, XZR);
	a_add_i(c, 8, T_ADDR, T_ADDR, m->w - 1);        /* the second page's first byte, if there is one */
	a_and_i(c, 8, T_ADDR, T_ADDR, -(u64)m->w);
	tr_atomic(c, 1, OP_SET, XZR);
	c->crosses = crosses;
}

/* --- moves: through general registers, so that an exponent goes with its number */

static void into(struct tr *c, struct insn *i)
{
	const struct opnd *from = &i->o[1];
	int n = i->o[0].reg, r = T1;

	switch (from->kind) {
	case OP_XMM: put(c, n, from->reg); return;
	case OP_MMX: a_ldr_i(c, 8, r, R_CPU, PLACE(from->reg)); break;
	case OP_MEM: tr_load(c, tr_ea(c, i, from->w), from->w, r); break;
	default:     r = tr_srcz(c, i, 1, T1);
	}
	put_g(c, n, r);
}

EMIT(mmx_mov, RAW | IMPLICIT)
{
	const struct opnd *to = &i->o[0];
	int place = PLACE(i->o[1].reg);

	tr_mmx_guard(c);
	switch (to->kind) {
	case OP_MMX: into(c, i); break;
	case OP_XMM: a_ldrv_i(c, 8, to->reg, R_CPU, place); break;
	case OP_GPR: a_ldr_i(c, to->w, G(to->reg), R_CPU, place); break;
	case OP_MEM:
		get(c, V_A, i->o[1].reg);
		tr_storev(c, tr_ea(c, i, to->w), to->w, V_A);
	}
}

/* CPUs fault for all of the operand, whatever the mask; so it is read and, where others may see the memory, written
 * without a change, the upper half first. Then only the bytes that the mask names are stored, as another thread may be
 * writing the others; alone, all of them. */
void tr_maskmov(struct tr *c, struct insn *i, int data, int mask, int halves)
{
	struct ea m;

	if (c->env->order == TR_PLAIN) {
		m = tr_ea(c, i, 8 * halves);
		tr_loadv(c, m, 8 * halves, V0t);
		a_vcmlt_z(c, V16B, V2t, mask);
		v_select(c, V0t, V2t, data, V0t);
		tr_storev(c, m, 8 * halves, V0t);
		return;
	}
	m = tr_ea_reg(T2);
	tr_addr(c, i, T2);
	for (int n = halves - 1; n >= 0; n--)
		tr_loadv(c, tr_ea_off(c, m, 8, 8 * n), 8, V0t);
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
	struct ea m;

	tr_mmx_guard(c);
	get(c, V_A, i->o[0].reg);
	if (i->o[2].kind == OP_MEM && tr_lane(c, m = tr_ea(c, i, 2)))
		a_vld1_e(c, 2, V_A, i->imm & 3, m.base);
	else
		a_vins(c, 2, V_A, i->imm & 3, tr_src(c, i, 2, T_SRC));
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
	a_mov_i(c, 4, T0, 0xff);
	a_str_i(c, 1, T0, R_CPU, offsetof(struct cpu, x87.empty));
	c->x87 = tr_x87_emptied(c);
}

/* --- computation */

/* Those whose twin narrows the whole of its first source: the second one goes on top. */
static bool packs(const struct insn *i)
{
	return mn(i) == MN_PACKSSWB || mn(i) == MN_PACKUSWB || mn(i) == MN_PACKSSDW;
}

EMIT(mmx, RAW | IMPLICIT)
{
	const struct emitter *twin = tr_emit_tab[i->row + 1];
	int n = i->o[0].reg;
	bool shift = i->o[1].kind == OP_IMM, two = !shift && i->o[2].kind == OP_NONE;
	bool same = !shift && !two && i->o[2].kind == OP_MMX && i->o[2].reg == n;

	tr_mmx_guard(c);
	if (shift && !i->imm) {
		touch(c, n);
		return;
	}
	if (same && mn(i) == MN_PXOR) {
		put_g(c, n, XZR);
		return;
	}
	if (two) {                                      /* PABSx */
		twin->fn(c, i, V5t, source(c, i, 1, V_A), -1);
		put(c, n, V5t);
		return;
	}
	b = shift ? IMM : same ? V_A : source(c, i, 2, V_B);
	get(c, V_A, n);
	if (packs(i))
		a_vins_e(c, 8, V_A, 1, b, 0);
	twin->fn(c, i, V5t, V_A, b);
	put(c, n, V5t);
}

EMIT(mmx_pshufb, RAW | IMPLICIT)                        /* three bits of an index count, not four */
{
	tr_mmx_guard(c);
	b = source(c, i, 2, V_B);
	get(c, V_A, i->o[0].reg);
	a_vmovi(c, V8B, V0t, 0x87, 0);
	a_vand(c, V8B, V0t, V0t, b);
	a_vtbl(c, V8B, V_A, V_A, 1, V0t);
	put(c, i->o[0].reg, V_A);
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
	int from = (u8)i->imm;

	tr_mmx_guard(c);
	b = source(c, i, 2, V_B);                       /* which may fault, needed or not */
	if (from > 15) {
		put_g(c, i->o[0].reg, XZR);
		return;
	}
	if (from == 0) {
		put(c, i->o[0].reg, b);
		return;
	}
	get(c, V_A, i->o[0].reg);
	if (from < 8)
		a_vext(c, V8B, V_A, b, V_A, from);
	else if (from > 8)
		a_vushr_i(c, VD, V_A, V_A, 8 * (from - 8));
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
