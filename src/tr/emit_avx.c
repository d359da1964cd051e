/* emit_avx.c - what only AVX and AVX2 have: broadcasts, moves between halves, permutations over all of a ymm register,
 * shifts by each lane's own count, masked moves, gathers. SDM volume 2.
 *
 * Masked moves and gathers touch no memory but that of the elements whose mask has its sign bit set. A gather changes no
 * register before all elements are there, so that one that faults starts again from the first.
 */
#include "tr/avx.h"

/* Makes ymm d of two registers; hi may be d. */
static void join(struct tr *c, int d, int lo, int hi)
{
	y_put(c, d, hi);
	v_mov(c, d, lo);
}

EMIT(vbroadcast, RAW)
{
	const struct opnd *from = &i->o[1];
	int n = i->o[0].reg, r = from->reg;

	if (from->kind == OP_MEM)
		tr_loadv(c, tr_ea(c, i, from->w), from->w, r = n);
	a_vdup_e(c, a_lanes(from->w, 1), n, r, 0);
	if (y_wide(&i->o[0]))
		y_put(c, n, n);
}
EMIT(vbroadcast128, WHOLE) { join(c, d, a, a); }
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
	int half[2];

	for (int k = 0; k < 2; k++) {
		int imm = i->imm >> 4 * k & 15, tmp = k ? V1t : V0t;

		if (imm & 8)
			a_vzero(c, half[k] = tmp);
		else if (imm & 1)
			half[k] = imm & 2 ? y_source(c, i, 2, tmp) : y_high(c, i->o[1].reg, tmp);
		else
			half[k] = imm & 2 ? b : a;
	}
	if (d < 8 && half[0] == 16 + d)                 /* V0t is free then */
		a_vmov(c, V16B, half[0] = V0t, 16 + d);
	join(c, d, half[0], half[1]);
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
	a_vshl_i(c, V2D, V0t, b, 62);
	a_vcmlt_z(c, V2D, V0t, V0t);
	a_vdup_e(c, V2D, V1t, a, 0);
	a_vdup_e(c, V2D, V2t, a, 1);
	a_vbsl(c, V16B, V0t, V2t, V1t);
	a_vmov(c, V16B, d, V0t);
}

/* r = the table index of each byte, where b's words are indices of words; the bits that count are in mask. */
static void byte_index(struct tr *c, int r, int b, int mask, int tmp)
{
	a_vmovi(c, V4S, r, mask, 0);
	a_vand(c, V16B, r, r, b);
	v_const(c, tmp, 0x0404040404040404, 0x0404040404040404);
	a_vmul(c, V4S, r, r, tmp);
	v_const(c, tmp, 0x0302010003020100, 0x0302010003020100);
	a_vadd(c, V4S, r, r, tmp);
}
EMIT(vpermilv4s, 0)
{
	byte_index(c, V0t, b, 3, V1t);
	a_vtbl(c, V16B, d, a, 1, V0t);
}
EMIT(vperm4s, WHOLE)                                    /* a: indices, b: the table, two neighbouring registers */
{
	int hi = y_source(c, i, 2, V4t);

	a_vmov(c, V16B, V2t, b);
	a_vmov(c, V16B, V3t, hi);
	byte_index(c, V0t, a, 7, V1t);
	byte_index(c, V4t, y_high(c, i->o[1].reg, V_A), 7, V1t);
	a_vtbl(c, V16B, d, V2t, 2, V0t);
	a_vtbl(c, V16B, V4t, V2t, 2, V4t);
	y_put(c, d, V4t);
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

static void counts(struct tr *c, int T, int b, bool right)      /* into V0t; V1t: the lanes that become zero (2D) */
{
	if (T == V4S) {
		a_vmovi(c, V4S, V0t, 32, 0);
		a_vumin(c, V4S, V0t, V0t, b);
		b = V0t;
	} else {
		v_const(c, V1t, 63, 63);
		a_vcmhi(c, V2D, V1t, b, V1t);
	}
	if (right)
		a_vneg(c, T, V0t, b);
	else if (b != V0t)
		a_vmov(c, V16B, V0t, b);
}
static void shift(struct tr *c, int T, int d, int a, int b, bool right)
{
	counts(c, T, b, right);
	a_vushl(c, T, T == V2D ? V0t : d, a, V0t);
	if (T == V2D)
		a_vbic(c, V16B, d, V0t, V1t);
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

/* T0 = 0 unless all sign bits of the mask are set. */
static void all_set(struct tr *c, int T, int lo, int hi)
{
	a_vcmlt_z(c, T, V0t, lo);
	if (hi >= 0) {
		a_vcmlt_z(c, T, V1t, hi);
		a_vand(c, V16B, V0t, V0t, V1t);
	}
	a_vuminv(c, V4S, V0t, V0t);
	a_fmov_xv(c, 4, T0, V0t);
}

static u32 *jump(struct tr *c)
{
	u32 *site = c->code.p;

	a_b(c, 0);
	return site;
}

/* Branches away unless element k of the mask, in r, counts. */
static u32 *unless(struct tr *c, int w, int r, int k)
{
	u32 *site;

	a_vumov(c, w, T0, r, k);
	site = c->code.p;
	a_tbz(c, T0, 8 * w - 1, 0);
	return site;
}


static void load(struct tr *c, struct insn *i, int w)
{
	int m = i->o[1].reg, n = 16 / w, d = i->o[0].reg, mh = -1;
	bool wide = y_wide(&i->o[0]);
	u32 *some, *done;

	if (wide)
		mh = y_high(c, m, V_A);
	tr_addr(c, i, T2);
	all_set(c, a_lanes(w, 1), m, mh);
	some = c->code.p;
	a_cbz(c, 4, T0, 0);
	if (wide)
		tr_loadv2(c, tr_ea_reg(T2), V2t, V3t);
	else
		tr_loadv(c, tr_ea_reg(T2), 16, V2t);
	done = jump(c);
	a_bind(c, some);
	a_vzero(c, V2t);
	if (wide)
		a_vzero(c, V3t);
	for (int k = 0; k < (wide ? 2 * n : n); k++) {
		u32 *skip = unless(c, w, k < n ? m : mh, k % n);

		tr_loadv(c, tr_ea_off(c, tr_ea_reg(T2), w, k * w), w, V4t);
		a_vins_e(c, w, k < n ? V2t : V3t, k % n, V4t, 0);
		a_bind(c, skip);
	}
	a_bind(c, done);
	if (wide)
		y_put(c, d, V3t);
	a_vmov(c, V16B, d, V2t);
}
EMIT(vmaskload4, RAW) { load(c, i, 4); }
EMIT(vmaskload8, RAW) { load(c, i, 8); }

static void store(struct tr *c, struct insn *i, int w)
{
	int m = i->o[1].reg, n = 16 / w, a = i->o[2].reg, mh = -1, ah = -1;
	bool wide = y_wide(&i->o[0]);
	u32 *some, *done;

	if (wide) {
		mh = y_high(c, m, V_A);
		ah = y_high(c, a, V_B);
	}
	tr_addr(c, i, T2);
	all_set(c, a_lanes(w, 1), m, mh);
	some = c->code.p;
	a_cbz(c, 4, T0, 0);
	if (wide)
		tr_storev2(c, tr_ea_reg(T2), a, ah);
	else
		tr_storev(c, tr_ea_reg(T2), 16, a);
	done = jump(c);
	a_bind(c, some);
	for (int k = 0; k < (wide ? 2 * n : n); k++) {
		u32 *skip = unless(c, w, k < n ? m : mh, k % n);

		a_vdup_e(c, a_vscalar(w), V4t, k < n ? a : ah, k % n);
		tr_storev(c, tr_ea_off(c, tr_ea_reg(T2), w, k * w), w, V4t);
		a_bind(c, skip);
	}
	a_bind(c, done);
}
EMIT(vmaskstore4, RAW) { store(c, i, 4); }
EMIT(vmaskstore8, RAW) { store(c, i, 8); }

/* ---- gathers; iw: bytes of an index */

/* T1 = the address of element k: index, in lane k of x or of its upper half, scaled, plus T2, and the segment's base in T3. */
static void element(struct tr *c, struct insn *i, int iw, int x, int xh, int k)
{
	int n = 16 / iw, from = k < n ? x : xh, aw = i->aw;

	if (iw == 8)
		a_vumov(c, 8, T1, from, k % n);
	else
		a_vsmov(c, 4, 8, T1, from, k % n);
	a_add_sh(c, aw, T1, T2, T1, LSL, i->shift);
	if (i->seg == SEG_FS || i->seg == SEG_GS)
		a_add(c, 8, T1, T1, T3);
}

static void base(struct tr *c, struct insn *i)
{
	if (i->base == NOREG)
		a_mov_i(c, 8, T2, (u64)(s64)i->disp);
	else if (i->disp)
		tr_add_const(c, 8, T2, G(i->base), i->disp);
	else
		a_mov(c, 8, T2, G(i->base));
	if (i->seg == SEG_FS)
		a_ldr_i(c, 8, T3, R_CPU, offsetof(struct cpu, fs_base));
	else if (i->seg == SEG_GS)
		a_ldr_i(c, 8, T3, R_CPU, offsetof(struct cpu, gs_base));
}

static void gather(struct tr *c, struct insn *i, int iw)
{
	int d = i->o[0].reg, w = i->o[1].w, m = i->o[2].reg, x = i->index, n = 16 / w, all = i->o[0].w / w;
	int mh = all > n ? y_high(c, m, V_A) : -1, xh = all * iw > 16 ? y_high(c, x, V_B) : -1;

	base(c, i);
	a_vmov(c, V16B, V2t, d);
	if (all > n)
		a_vmov(c, V16B, V3t, y_high(c, d, V3t));
	for (int k = 0; k < all; k++) {
		u32 *skip = unless(c, w, k < n ? m : mh, k % n);

		element(c, i, iw, x, xh, k);
		tr_loadv(c, tr_ea_reg(T1), w, V4t);
		a_vins_e(c, w, k < n ? V2t : V3t, k % n, V4t, 0);
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
