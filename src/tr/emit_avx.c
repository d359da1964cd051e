/* emit_avx.c - what only AVX and AVX2 have: broadcasts, moves between halves, permutations over all of a ymm register,
 * shifts by each lane's own count, masked moves, gathers. SDM volume 2.
 *
 * Masked moves and gathers touch no memory but that of the elements whose mask has its sign bit set. A gather changes no
 * register before all elements are there; one that faults is done again by rt/gather.c, as far as it goes.
 */
#include "tr/avx.h"

enum { SCRATCH = offsetof(struct cpu, scratch) };

/* Makes ymm d of two registers; hi may be d. */
static void join(struct tr *c, int d, int lo, int hi)
{
	y_put(c, d, hi);
	v_mov(c, d, lo);
}

EMIT(vbroadcast, RAW)
{
	const struct opnd *from = &i->o[1];
	int n = i->o[0].reg, T = a_lanes(from->w, 1);
	struct ea m;

	if (from->kind == OP_MEM && tr_lane(c, m = tr_ea(c, i, from->w))) {
		a_vld1r(c, T, n, m.base);
	} else if (from->kind == OP_MEM) {
		tr_loadv(c, m, from->w, n);
		a_vdup_e(c, T, n, n, 0);
	} else {
		a_vdup_e(c, T, n, from->reg, 0);
	}
	if (y_wide(&i->o[0]))
		y_put(c, n, n);
}
EMIT(vbroadcast128, RAW)
{
	d = i->o[0].reg;
	tr_loadv(c, tr_ea(c, i, 16), 16, d);
	y_put(c, d, d);
}
EMIT(vinsert128, WHOLE)
{
	int h = i->o[1].reg;

	if (i->imm & 1)
		join(c, d, a, b);
	else
		join(c, d, b, y_high(c, h, V_A));
}
EMIT(vextract128, RAW)
{
	const struct opnd *to = &i->o[0];
	int n = i->o[1].reg, r = i->imm & 1 ? y_high(c, n, V_A) : n;

	if (to->kind == OP_MEM)
		tr_storev(c, tr_ea(c, i, 16), 16, r);
	else
		v_mov(c, to->reg, r);
}

/* Each half is one of the four halves of a and b, or zero (imm 3). */
EMIT(vperm128, WHOLE)
{
	bool zero[2] = { i->imm & 8, i->imm & 0x80 };
	int half[2];

	for (int k = 0; k < 2; k++) {
		int imm = i->imm >> 4 * k, tmp = k ? V1t : V0t;

		if (imm & 1)
			half[k] = imm & 2 ? y_source(c, i, 2, tmp) : y_high(c, i->o[1].reg, tmp);
		else
			half[k] = imm & 2 ? b : a;
	}
	if (d < 8 && half[0] == 16 + d && !zero[0] && !zero[1])        /* V0t is free then */
		a_vmov(c, V16B, half[0] = V0t, 16 + d);
	if (!zero[1])
		y_put(c, d, half[1]);
	if (zero[0])
		a_vzero(c, d);
	else
		v_mov(c, d, half[0]);
	if (zero[1])
		y_clear(c, d);
}

EMIT(vpermil2d, ANYIMM | UPPER_IMM(2))
{
	switch (i->imm & 3) {
	case 0: a_vdup_e(c, V2D, d, a, 0); break;
	case 1: a_vext(c, V16B, d, a, a, 8); break;
	case 2: v_mov(c, d, a); break;
	case 3: a_vdup_e(c, V2D, d, a, 1); break;
	}
}
EMIT(vpermilv2d, 0)                                     /* by bit 1 of b's lanes */
{
	int m = v_mask(d, a, a);

	a_vshl_i(c, V2D, m, b, 62);
	a_vcmlt_z(c, V2D, m, m);
	a_vdup_e(c, V2D, V1t, a, 0);
	a_vdup_e(c, V2D, V2t, a, 1);
	v_select(c, d, m, V2t, V1t);
}

/* Words by their indices go through a table of bytes: byte k of an index is four times the word's, and k. */
static void four(struct tr *c, int mask, int r, int bits, int by)       /* three of the constants */
{
	v_const(c, r, 0x0302010003020100, 0x0302010003020100);
	a_vmovi(c, V4S, mask, bits, 0);
	a_vmovi(c, V16B, by, 4, 0);
}
EMIT(vpermilv4s, 0)
{
	four(c, V1t, V0t, 3, V2t);
	a_vand(c, V16B, V1t, V1t, b);
	a_vmla(c, V4S, V0t, V1t, V2t);
	a_vtbl(c, V16B, d, a, 1, V0t);
}
EMIT(vperm4s, WHOLE)                                    /* a: indices, b: the table, two neighbouring registers */
{
	int hi = y_dst(d);

	a_vmov(c, V16B, V2t, b);
	a_vmov(c, V16B, V3t, y_source(c, i, 2, V4t));
	four(c, V1t, V0t, 7, V5t);
	a_vmov(c, V16B, V4t, V0t);
	a_vand(c, V16B, V_B, V1t, a);
	a_vmla(c, V4S, V0t, V_B, V5t);
	a_vand(c, V16B, V1t, V1t, y_high(c, i->o[1].reg, V_A));
	a_vmla(c, V4S, V4t, V1t, V5t);
	a_vtbl(c, V16B, d, V2t, 2, V0t);
	a_vtbl(c, V16B, hi, V2t, 2, V4t);
	y_put(c, d, hi);
}

/* Lane p of the four doublewords in h, then lane q. */
static void pick2(struct tr *c, int r, const int h[2], int p, int q)
{
	int x = h[p >> 1], y = h[q >> 1];

	if (!(p & 1) && !(q & 1)) {
		a_vzip1(c, V2D, r, x, y);
	} else if (p & 1 && q & 1) {
		a_vzip2(c, V2D, r, x, y);
	} else if (p & 1) {
		a_vext(c, V16B, r, x, y, 8);
	} else {
		a_vmov(c, V16B, r, y);
		if (x != y)
			a_vins_e(c, 8, r, 0, x, 0);
	}
}
EMIT(vperm2d, WHOLE)
{
	bool apart = d != i->o[1].reg || i->o[1].kind == OP_MEM;
	int h[2] = { a, y_source(c, i, 1, V_B) }, m = i->imm, lo = apart ? d : V0t, hi = apart && d < 8 ? y_dst(d) : V1t;

	pick2(c, lo, h, m & 3, m >> 2 & 3);
	pick2(c, hi, h, m >> 4 & 3, m >> 6 & 3);
	y_put(c, d, hi);
	v_mov(c, d, lo);
}

/* ---- shifts: ARM's counts are a lane's low byte, signed, negative to the right */

static void counts(struct tr *c, int T, int b, bool right)      /* into V0t; 127 will do for more */
{
	int up = 8 * a_width(T) - 7;

	a_vuqshl_i(c, T, V0t, b, up);
	a_vushr_i(c, T, V0t, V0t, up);
	if (right)
		a_vneg(c, T, V0t, V0t);
}
static void shift(struct tr *c, int T, int d, int a, int b, bool right)
{
	counts(c, T, b, right);
	a_vushl(c, T, d, a, V0t);
}
EMIT(vsllv4s, 0) { shift(c, V4S, d, a, b, false); }
EMIT(vsllv2d, 0) { shift(c, V2D, d, a, b, false); }
EMIT(vsrlv4s, 0) { shift(c, V4S, d, a, b, true); }
EMIT(vsrlv2d, 0) { shift(c, V2D, d, a, b, true); }
EMIT(vsrav4s, 0)
{
	counts(c, V4S, b, true);
	a_vsshl(c, V4S, d, a, V0t);
}

/* ---- masked moves */

/* T0 = the mask's signs, that of lane 0 lowest: of n lanes, bits (k + 1) * 64 / n - 1; all: the bits below are the same.
 * mh: the upper half's register, if there is one. */
static void signs(struct tr *c, int w, int n, int m, int mh, bool all)
{
	int bytes = 8 / n, T = a_lanes(bytes, 0);

	if (mh >= 0)
		a_vuzp2(c, a_lanes(w / 2, 1), V0t, m, mh);
	if (n * w > 8)
		a_vshrn_i(c, T, V0t, mh >= 0 ? V0t : m, 8 * bytes);
	if (all)
		a_vcmlt_z(c, T, V0t, V0t);
	a_fmov_xv(c, 8, T0, n * w > 8 ? V0t : m);
}

static u32 *jump(struct tr *c)
{
	u32 *site = c->code.p;

	a_b(c, 0);
	return site;
}

static u32 *unless_bit(struct tr *c, int r, int bit)
{
	u32 *site = c->code.p;

	a_tbz(c, r, bit, 0);
	return site;
}

/* The elements that T0 names, one after the other, between memory and cpu.scratch; m is [base, #off]. */
static void one_by_one(struct tr *c, struct ea m, int w, int n, bool load)
{
	struct ea e = { T2, T3, UXTX, 0, 0 };
	u32 *again, *skip;

	tr_add_const(c, 8, T2, m.base, m.off - (s64)SCRATCH);
	a_mov_i(c, 4, T3, SCRATCH);
	again = c->code.p;
	skip = unless_bit(c, T0, 0);
	if (!load)
		a_ldr_r(c, w, T1, R_CPU, T3, UXTX, 0);
	if (c->env->order == TR_TSO)
		e = tr_ea_off(c, e, w, 0);
	(load ? tr_load : tr_store)(c, e, w, T1);
	if (load)
		a_str_r(c, w, T1, R_CPU, T3, UXTX, 0);
	a_bind(c, skip);
	a_add_i(c, 4, T3, T3, w);
	a_lsr_i(c, 8, T0, T0, 64 / n);
	a_cbnz(c, 8, T0, (u8 *)again - (u8 *)c->code.p);
}

/* Two doublewords. The upper one may fault behind the lower one's branch, so the address is there before both. */
static void load_two(struct tr *c, struct insn *i, struct ea m)
{
	int mask = i->o[1].reg, d = i->o[0].reg;
	u32 *skip;

	m = tr_ea_off(c, m, 8, 0);
	a_vzero(c, V2t);
	a_fmov_xv(c, 8, T0, mask);
	skip = unless_bit(c, T0, 63);
	tr_loadv(c, m, 8, V2t);
	a_bind(c, skip);
	a_fmov_xv1(c, T0, mask);
	skip = unless_bit(c, T0, 63);
	tr_loadv(c, tr_ea_off(c, m, 8, 8), 8, V4t);
	a_vins_e(c, 8, V2t, 1, V4t, 0);
	a_bind(c, skip);
	a_vmov(c, V16B, d, V2t);
}
static void store_two(struct tr *c, struct insn *i, struct ea m)
{
	int mask = i->o[1].reg, a = i->o[2].reg;
	u32 *skip;

	m = tr_ea_off(c, m, 8, 0);
	a_fmov_xv(c, 8, T0, mask);
	skip = unless_bit(c, T0, 63);
	tr_storev(c, m, 8, a);
	a_bind(c, skip);
	a_fmov_xv1(c, T0, mask);
	skip = unless_bit(c, T0, 63);
	a_vdup_e(c, VD, V4t, a, 1);
	tr_storev(c, tr_ea_off(c, m, 8, 8), 8, V4t);
	a_bind(c, skip);
}

/* A mask of ones is the rule: one access. */
static u32 *unless_all(struct tr *c, struct insn *i, int w, int n)
{
	int m = i->o[1].reg;
	u32 *site;

	signs(c, w, n, m, n * w > 16 ? y_high(c, m, V_A) : -1, true);
	a_add_i(c, 8, T1, T0, 1);
	site = c->code.p;
	a_cbnz(c, 8, T1, 0);
	return site;
}

static void load(struct tr *c, struct insn *i, int w)
{
	int d = i->o[0].reg, n = i->o[0].w / w, hi = y_dst(d);
	bool wide = y_wide(&i->o[0]);
	struct ea m = tr_ea(c, i, 32);
	u32 *some, *done;

	if (n == 2) {
		load_two(c, i, m);
		return;
	}
	some = unless_all(c, i, w, n);
	if (wide)
		tr_loadv2(c, m, d, hi);
	else
		tr_loadv(c, m, 16, d);
	done = jump(c);
	a_bind(c, some);
	for (int k = 0; k < (wide ? 32 : 16); k += 16)
		a_stp_i(c, 8, XZR, XZR, R_CPU, SCRATCH + k);
	one_by_one(c, m, w, n, true);
	if (wide)
		a_ldpv_i(c, 16, d, hi, R_CPU, SCRATCH);
	else
		a_ldrv_i(c, 16, d, R_CPU, SCRATCH);
	a_bind(c, done);
	if (wide)
		y_put(c, d, hi);
}
EMIT(vmaskload4, RAW) { load(c, i, 4); }
EMIT(vmaskload8, RAW) { load(c, i, 8); }

static void store(struct tr *c, struct insn *i, int w)
{
	int a = i->o[2].reg, n = i->o[0].w / w, ah = -1;
	bool wide = y_wide(&i->o[0]);
	struct ea m = tr_ea(c, i, 32);
	u32 *some, *done;

	if (n == 2) {
		store_two(c, i, m);
		return;
	}
	if (wide)
		ah = y_high(c, a, V_B);
	some = unless_all(c, i, w, n);
	if (wide)
		tr_storev2(c, m, a, ah);
	else
		tr_storev(c, m, 16, a);
	done = jump(c);
	a_bind(c, some);
	if (wide)
		a_stpv_i(c, 16, a, ah, R_CPU, SCRATCH);
	else
		a_strv_i(c, 16, a, R_CPU, SCRATCH);
	one_by_one(c, m, w, n, false);
	a_bind(c, done);
}
EMIT(vmaskstore4, RAW) { store(c, i, 4); }
EMIT(vmaskstore8, RAW) { store(c, i, 8); }

/* ---- gathers; iw: bytes of an index */

/* T1 = the address of element k: index, in lane k of x or of its upper half, scaled, plus from, and the segment's base in T3. */
static void element(struct tr *c, struct insn *i, int iw, int from, int x, int xh, int k)
{
	int n = 16 / iw, aw = i->aw;

	if (iw == 8)
		a_vumov(c, 8, T1, k < n ? x : xh, k % n);
	else
		a_vsmov(c, 4, 8, T1, k < n ? x : xh, k % n);
	a_add_sh(c, aw, T1, from, T1, LSL, i->shift);
	if (i->seg == SEG_FS || i->seg == SEG_GS)
		a_add(c, 8, T1, T1, T3);
}

static int base(struct tr *c, struct insn *i)           /* the register that has it; T3: the segment's */
{
	if (i->seg == SEG_FS)
		a_ldr_i(c, 8, T3, R_CPU, offsetof(struct cpu, fs_base));
	else if (i->seg == SEG_GS)
		a_ldr_i(c, 8, T3, R_CPU, offsetof(struct cpu, gs_base));
	if (i->base == NOREG)
		a_mov_i(c, 8, T2, (u64)(s64)i->disp);
	else if (i->disp)
		tr_add_const(c, 8, T2, G(i->base), i->disp);
	else
		return G(i->base);
	return T2;
}

static void gather(struct tr *c, struct insn *i, int iw)
{
	int d = i->o[0].reg, w = i->o[1].w, m = i->o[2].reg, x = i->index, n = 16 / w, all = i->o[0].w / w;
	int xh = all * iw > 16 ? y_high(c, x, V_B) : -1, from = base(c, i);

	a_vmov(c, V16B, V2t, d);
	if (all > n)
		a_vmov(c, V16B, V3t, y_high(c, d, V3t));
	signs(c, w, all, m, all > n ? y_high(c, m, V_A) : -1, false);
	for (int k = 0; k < all; k++) {
		u32 *skip = unless_bit(c, T0, (k + 1) * 64 / all - 1);
		int to = k < n ? V2t : V3t;

		element(c, i, iw, from, x, xh, k);
		if (tr_lane(c, tr_ea_reg(T1))) {
			a_vld1_e(c, w, to, k % n, T1);
		} else {
			tr_loadv(c, tr_ea_reg(T1), w, V4t);
			a_vins_e(c, w, to, k % n, V4t, 0);
		}
		a_bind(c, skip);
	}
	if (i->o[0].w == 8)
		a_fmov(c, 8, d, V2t);
	else
		a_vmov(c, V16B, d, V2t);
	a_vzero(c, m);
	if (all > n) {
		y_put(c, d, V3t);
		a_vzero(c, y_dst(m));
		y_put(c, m, y_dst(m));
	} else {
		y_zero(c, i, m);
	}
}
EMIT(vgatherd, RAW) { gather(c, i, 4); }
EMIT(vgatherq, RAW) { gather(c, i, 8); }
