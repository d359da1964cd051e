/* emit_shuf.c - vectors: interleaving, shuffles, packing, widening, lanes in and out, blends. SDM volume 2.
 *
 * A shuffle by constant of four lanes is searched for among ARM64's own permutations: one of them, two, or one and
 * the lanes it leaves wrong inserted one by one. A choice of lanes is a u32, a byte for each lane of the result,
 * which is 0..3 for a lane of a and 4..7 for one of b.
 */
#include "tr/avx.h"

/* ---- interleaving */

VEC3(vunpckl16b, zip1, V16B)
VEC3(vunpckl8h,  zip1, V8H)
VEC3(vunpckl4s,  zip1, V4S)
VEC3(vunpckl2d,  zip1, V2D)
VEC3(vunpckh16b, zip2, V16B)
VEC3(vunpckh8h,  zip2, V8H)
VEC3(vunpckh4s,  zip2, V4S)
VEC3(vunpckh2d,  zip2, V2D)

EMIT(vmovsldup, 0) { a_vtrn1(c, V4S, d, a, a); }
EMIT(vmovshdup, 0) { a_vtrn2(c, V4S, d, a, a); }
EMIT(vmovddup,  0) { a_vdup_e(c, V2D, d, a, 0); }

/* ---- the search */

enum { ZIP1, ZIP2, UZP1, UZP2, TRN1, TRN2, EXT1, EXT2, EXT3, LOWS, HIGHS, REV, DUP0, DUP1, DUP2, DUP3, NOPS, UNARY = REV };
#define LANES(p, q, r, s) ((u32)(p) | (u32)(q) << 8 | (u32)(r) << 16 | (u32)(s) << 24)

/* What op makes of x and y, each four lanes. LOWS: x's first two and y's; HIGHS: their last two. */
static u32 permuted(int op, u32 x, u32 y)
{
	static const u32 picks[NOPS] = {
		LANES(0, 4, 1, 5), LANES(2, 6, 3, 7), LANES(0, 2, 4, 6), LANES(1, 3, 5, 7), LANES(0, 4, 2, 6),
		LANES(1, 5, 3, 7), LANES(1, 2, 3, 4), LANES(2, 3, 4, 5), LANES(3, 4, 5, 6), LANES(0, 1, 4, 5),
		LANES(2, 3, 6, 7), LANES(1, 0, 3, 2), LANES(0, 0, 0, 0), LANES(1, 1, 1, 1), LANES(2, 2, 2, 2), LANES(3, 3, 3, 3),
	};
	u64 both = x | (u64)y << 32;
	u32 r = 0;

	for (int n = 0; n < 4; n++)
		r |= (u32)(both >> (picks[op] >> 8 * n & 7) * 8 & 0xff) << 8 * n;
	return r;
}

/* T: V4S, or V4H for the four words of the low half. */
static void permute(struct tr *c, int T, int op, int d, int x, int y)
{
	switch (op) {
	case ZIP1: a_vzip1(c, T, d, x, y); break;
	case ZIP2: a_vzip2(c, T, d, x, y); break;
	case UZP1: a_vuzp1(c, T, d, x, y); break;
	case UZP2: a_vuzp2(c, T, d, x, y); break;
	case TRN1: a_vtrn1(c, T, d, x, y); break;
	case TRN2: a_vtrn2(c, T, d, x, y); break;
	case LOWS: a_vzip1(c, T == V4S ? V2D : V2S, d, x, y); break;
	case HIGHS: a_vzip2(c, T == V4S ? V2D : V2S, d, x, y); break;
	case REV:
		if (T == V4S)
			a_vrev64(c, V4S, d, x);
		else
			a_vrev32(c, V4H, d, x);
		break;
	case EXT1: case EXT2: case EXT3:
		a_vext(c, T == V4S ? V16B : V8B, d, x, y, (op - EXT1 + 1) * a_width(T));
		break;
	default:
		a_vdup_e(c, T, d, x, op - DUP0);
	}
}

#define LANES_A  LANES(0, 1, 2, 3)
#define LANES_B  LANES(4, 5, 6, 7)

struct step { u8 op, x, y; };           /* x, y: 0 a, 1 b, 2 the first step's result */

/* The permutation among those of r[0..n-1] that leaves the fewest lanes wrong; how many. */
static int search(struct step *s, u32 want, const u32 *r, int n, bool last)
{
	int best = 5;

	for (int op = 0; op < NOPS; op++)
		for (int x = 0; x < n; x++)
			for (int y = 0; y < (op < UNARY ? n : 1); y++) {
				u32 diff = permuted(op, r[x], r[y]) ^ want;
				int wrong = !!(diff & 0xff) + !!(diff & 0xff00) + !!(diff & 0xff0000) + !!(diff >> 24);

				if (wrong < best && !(last && wrong)) {
					best = wrong;
					*s = (struct step){ op, x, y };
					if (!wrong)
						return 0;
				}
			}
	return best;
}

static bool two_steps(struct step s[2], u32 want, int n)
{
	u32 r[3] = { LANES_A, LANES_B };

	for (int op = 0; op < NOPS; op++)
		for (int x = 0; x < n; x++)
			for (int y = 0; y < (op < UNARY ? n : 1); y++) {
				u32 all[3] = { r[0], n > 1 ? r[1] : r[0], permuted(op, r[x], r[y]) };

				if (search(&s[1], want, all, 3, true) == 0) {
					s[0] = (struct step){ op, x, y };
					return true;
				}
			}
	return false;
}

/* Does want differ from have in one lane? Which; else -1. */
static int odd_lane(u32 want, u32 have)
{
	u32 diff = want ^ have;
	int k = diff ? __builtin_ctz(diff) / 8 : 0;

	return diff && !(diff & ~(0xffu << 8 * k)) ? k : -1;
}

/* A half of d as it is, the other one a half of a or b? T: V4S. */
static bool insert_half(struct tr *c, int d, int a, int b, u32 want)
{
	u32 own = d == a ? LANES_A : LANES_B;

	for (int k = 0; k < 2; k++) {
		u32 other = want >> 16 * (1 - k) & 0xffff, n = want >> 16 * k & 0xff;

		if (other != (own >> 16 * (1 - k) & 0xffff) || n & 1 || (want >> 16 * k >> 8 & 0xff) != n + 1)
			continue;
		a_vins_e(c, 8, d, k, n < 4 ? a : b, n / 2 & 1);
		return true;
	}
	return false;
}

/* Through a table of both; its index is a constant in V0t. A table's registers must be neighbours. */
static void look_up(struct tr *c, int T, int d, int a, int b, u32 want)
{
	int w = a_width(T), n = 4 * w, table = a, second = 16;
	u64 index[2] = { 0, 0 };

	if (a != b && b + 1 == a) {
		table = b;
		want ^= 0x04040404;
	} else if (a != b && a + 1 != b) {
		a_vmov(c, V16B, V1t, a);
		a_vmov(c, V16B, V2t, b);
		table = V1t;
	}
	for (int k = 0; k < n; k++) {
		int lane = want >> k / w * 8 & 7;

		index[k / 8] |= (u64)((lane & 3) * w + k % w + (lane & 4 ? second : 0)) << k % 8 * 8;
	}
	v_const(c, V0t, index[0], index[1]);
	a_vtbl(c, n == 16 ? V16B : V8B, d, table, a == b ? 1 : 2, V0t);
}

/* d = the lanes of a and b that want says, in the fewest words. */
static void shuffle(struct tr *c, int T, int d, int a, int b, u32 want)
{
	static const u32 none[2] = { LANES_A, LANES_B };
	int reg[3] = { a, b, V0t }, n = a == b ? 1 : 2, w = a_width(T), k, wrong;
	struct step s[2];
	u32 have;

	if (n == 1)
		want &= 0x03030303;
	if (T == V4S && (want == LANES_A || (want == LANES_B && n == 2))) {
		v_mov(c, d, want == LANES_A ? a : b);
		return;
	}
	wrong = search(s, want, none, n, false);
	if (wrong == 0) {
		permute(c, T, s[0].op, d, reg[s[0].x], reg[s[0].y]);
		return;
	}
	k = odd_lane(want, d == a ? LANES_A : LANES_B);
	if (T == V4S && k >= 0 && (d == a || (d == b && n == 2))) {
		int from = want >> 8 * k & 7;

		a_vins_e(c, w, d, k, from < 4 ? a : b, from & 3);
		return;
	}
	if (T == V4S && (d == a || (d == b && n == 2)) && insert_half(c, d, a, b, want))
		return;
	if (!c->env->cold && two_steps(s, want, n)) {   /* a long search */
		permute(c, T, s[0].op, V0t, reg[s[0].x], reg[s[0].y]);
		permute(c, T, s[1].op, d, reg[s[1].x], reg[s[1].y]);
		return;
	}
	wrong = search(s, want, none, n, false);
	if (d != a && d != b && wrong <= 2) {
		have = permuted(s[0].op, none[s[0].x], none[s[0].y]);
		permute(c, T, s[0].op, d, reg[s[0].x], reg[s[0].y]);
		for (k = 0; k < 4; k++) {
			int from = want >> 8 * k & 7;

			if ((int)(have >> 8 * k & 7) != from)
				a_vins_e(c, w, d, k, from < 4 ? a : b, from & 3);
		}
		return;
	}
	look_up(c, T, d, a, b, want);
}

static u32 spread(u8 imm) { return LANES(imm & 3, imm >> 2 & 3, imm >> 4 & 3, imm >> 6); }

EMIT(vshufd,  ANYIMM) { shuffle(c, V4S, d, a, a, spread(i->imm)); }
EMIT(vshufps, ANYIMM) { shuffle(c, V4S, d, a, b, spread(i->imm) | LANES(0, 0, 4, 4)); }

EMIT(vshufpd, ANYIMM | UPPER_IMM(2))                                   /* a's lane imm.0, b's lane imm.1 */
{
	switch (i->imm & 3) {
	case 0: a_vzip1(c, V2D, d, a, b); break;
	case 1: a_vext(c, V16B, d, a, b, 8); break;
	case 2:
		if (d != b) {
			v_mov(c, d, a);
			a_vins_e(c, 8, d, 1, b, 1);
		} else if (a != b) {
			a_vins_e(c, 8, d, 0, a, 0);
		}
		break;
	case 3: a_vzip2(c, V2D, d, a, b); break;
	}
}

/* Four words of the half that begins with lane `at`; the other half is kept. */
static void half(struct tr *c, struct insn *i, int d, int a, int at)
{
	u32 want = spread(i->imm);
	int k = odd_lane(want, LANES_A);
	u64 index = 0, kept = at ? 0x0706050403020100 : 0x0f0e0d0c0b0a0908;
	struct step s;

	if (want == LANES_A || (k >= 0 && d == a)) {
		v_mov(c, d, a);
		if (k >= 0)
			a_vins_e(c, 2, d, at + k, a, at + (want >> 8 * k & 3));
	} else if (!at && (i->o[0].kind == OP_MMX || tr_hi_free(c, i, d))) {
		shuffle(c, V4H, d, a, a, want);
	} else if (!at && d == a && search(&s, want, &(u32){ LANES_A }, 1, false) == 0) {
		permute(c, V4H, s.op, V0t, a, a);
		a_vins_e(c, 8, d, 0, V0t, 0);
	} else {
		for (int n = 0; n < 8; n++)
			index |= (u64)((at + (want >> n / 2 * 8 & 3)) * 2 + n % 2) << 8 * n;
		v_const(c, V0t, at ? kept : index, at ? index : kept);
		a_vtbl(c, V16B, d, a, 1, V0t);
	}
}
EMIT(vshuflw, ANYIMM) { half(c, i, d, a, 0); }
EMIT(vshufhw, ANYIMM) { half(c, i, d, a, 4); }

EMIT(vpshufb, 0)                                        /* d.b[n] = b.b[n] < 0 ? 0 : a.b[b.b[n] & 15] */
{
	a_vmovi(c, V16B, V0t, 0x8f, 0);                 /* tbl gives 0 beyond its table */
	a_vand(c, V16B, V0t, V0t, b);
	a_vtbl(c, V16B, d, a, 1, V0t);
}
EMIT(vpalignr, ANYIMM)                                  /* bytes from imm on of a:b, a above */
{
	u8 n = i->imm;

	if (n == 0) {
		v_mov(c, d, b);
	} else if (n < 16) {
		a_vext(c, V16B, d, b, a, n);
	} else if (n == 16) {
		v_mov(c, d, a);
	} else if (n < 32) {
		a_vzero(c, V0t);
		a_vext(c, V16B, d, a, V0t, n - 16);
	} else {
		a_vzero(c, d);
	}
}

/* ---- narrowing with saturation */

#define PACK(name, op, T) \
	EMIT(name, 0) \
	{ \
		int to = d == b ? V0t : d; \
		a_v##op(c, T, to, a); \
		if (i->o[0].kind == OP_MMX) /* a has both */ \
			return; \
		if (a == b) \
			a_vdup_e(c, V2D, d, to, 0); \
		else \
			a_v##op##2(c, T, to, b); \
		if (a != b) \
			v_mov(c, d, to); \
	}
PACK(vpacksswb, sqxtn,  V8B)
PACK(vpackuswb, sqxtun, V8B)
PACK(vpackssdw, sqxtn,  V4H)
PACK(vpackusdw, sqxtun, V4H)

/* ---- widening */

static void extend(struct tr *c, int w, bool upper, int d, int a, bool sign)
{
	int T = a_lanes(w, 0);

	if (upper)
		(sign ? a_vsxtl2 : a_vuxtl2)(c, T, d, a);
	else
		(sign ? a_vsxtl : a_vuxtl)(c, T, d, a);
}
/* Of 256 bits, the upper half's sources are in the upper half of what the last step starts from. */
static void widen(struct tr *c, struct insn *i, int d, int a, int from, int to, bool sign)
{
	for (; from * 2 < to; from *= 2, a = V0t)
		extend(c, from, false, V0t, a, sign);
	if (y_wide(&i->o[0])) {
		int hi = y_dst(i->o[0].reg);

		extend(c, from, true, hi, a, sign);
		y_put(c, i->o[0].reg, hi);
	}
	extend(c, from, false, d, a, sign);
}
EMIT(vsxtbw, WHOLE) { widen(c, i, d, a, 1, 2, true); }
EMIT(vsxtbd, WHOLE) { widen(c, i, d, a, 1, 4, true); }
EMIT(vsxtbq, WHOLE) { widen(c, i, d, a, 1, 8, true); }
EMIT(vsxtwd, WHOLE) { widen(c, i, d, a, 2, 4, true); }
EMIT(vsxtwq, WHOLE) { widen(c, i, d, a, 2, 8, true); }
EMIT(vsxtdq, WHOLE) { widen(c, i, d, a, 4, 8, true); }
EMIT(vuxtbw, WHOLE) { widen(c, i, d, a, 1, 2, false); }
EMIT(vuxtbd, WHOLE) { widen(c, i, d, a, 1, 4, false); }
EMIT(vuxtbq, WHOLE) { widen(c, i, d, a, 1, 8, false); }
EMIT(vuxtwd, WHOLE) { widen(c, i, d, a, 2, 4, false); }
EMIT(vuxtwq, WHOLE) { widen(c, i, d, a, 2, 8, false); }
EMIT(vuxtdq, WHOLE) { widen(c, i, d, a, 4, 8, false); }

/* ---- lanes in and out: the immediate counts modulo their number */

static void insert(struct tr *c, struct insn *i, int w)
{
	int d = i->o[0].reg, a = i->o[1].reg, lane = i->imm & (16 / w - 1), r;

	if (i->o[2].kind == OP_MEM) {
		struct ea m = tr_ea(c, i, w);

		if (d == a && tr_lane(c, m)) {
			a_vld1_e(c, w, d, lane, m.base);
			return;
		}
		tr_load(c, m, w, r = T_SRC2);
	} else {
		r = tr_src(c, i, 2, T_SRC2);
	}
	v_mov(c, d, a);
	a_vins(c, w, d, lane, r);
}
EMIT(vpinsrb, RAW) { insert(c, i, 1); }
EMIT(vpinsrw, RAW) { insert(c, i, 2); }
EMIT(vpinsrd, RAW) { insert(c, i, 4); }
EMIT(vpinsrq, RAW) { insert(c, i, 8); }

static void extract(struct tr *c, struct insn *i, int w)
{
	int a = i->o[1].reg, lane = i->imm & (16 / w - 1), r;

	if (i->o[0].kind == OP_MEM) {
		struct ea m = tr_ea(c, i, w);

		if (tr_lane(c, m)) {
			a_vst1_e(c, w, a, lane, m.base);
			return;
		}
		a_vumov(c, w, T_DST, a, lane);
		tr_store(c, m, w, T_DST);
		return;
	}
	r = tr_dst(c, i, 0, T_DST);
	a_vumov(c, w, r, a, lane);
	tr_wb(c, i, 0, r);
}
EMIT(vpextrb, RAW) { extract(c, i, 1); }
EMIT(vpextrw, RAW) { extract(c, i, 2); }
EMIT(vpextrd, RAW) { extract(c, i, 4); }
EMIT(vpextrq, RAW) { extract(c, i, 8); }

/* imm: source lane in bits 7:6 (of a register), destination 5:4, lanes to clear 3:0. */
static void insertps(struct tr *c, struct insn *i, int d, int a, int b, int from)
{
	int at = i->imm >> 4 & 3, zero = i->imm & 15;

	if (zero == 15) {
		a_vzero(c, d);
		return;
	}
	if (d == b && d != a) {
		a_vmov(c, V16B, V1t, b);
		b = V1t;
	}
	v_mov(c, d, a);
	if (!(zero >> at & 1))
		a_vins_e(c, 4, d, at, b, from);
	if (zero)
		a_vzero(c, V0t);
	for (int k = 0; k < 4; k++)
		if (zero >> k & 1)
			a_vins_e(c, 4, d, k, V0t, 0);
}
EMIT(vinsertps, ANYIMM) { insertps(c, i, d, a, b, i->imm >> 6 & 3); }
EMIT(vinsertps_m, RAW)
{
	tr_loadv(c, tr_ea(c, i, 4), 4, V_B);
	insertps(c, i, i->o[0].reg, i->o[1].reg, V_B, 0);
}

/* ---- blends */

/* Lanes of w bytes, b's where the mask has a bit. Single lanes are inserted, more go through a mask of bytes. */
static void blend(struct tr *c, int w, int d, int a, int b, u32 mask)
{
	u32 all = (1u << 16 / w) - 1;
	u64 half[2] = { 0, 0 };

	mask &= all;
	if (mask == 0 || mask == all || a == b) {
		v_mov(c, d, mask ? b : a);
		return;
	}
	while (w < 8) {                         /* pairs of lanes that go together are one lane */
		u32 even = mask & 0x5555, odd = mask >> 1 & 0x5555, pairs = 0;

		if (even != odd)
			break;
		for (int k = 0; k < 8 / w; k++)
			pairs |= (mask >> 2 * k & 1) << k;
		mask = pairs;
		w *= 2;
	}
	all = (1u << 16 / w) - 1;
	if (d == a && __builtin_popcount(mask) <= 2) {
		for (; mask; mask &= mask - 1)
			a_vins_e(c, w, d, __builtin_ctz(mask), b, __builtin_ctz(mask));
		return;
	}
	if (d == b && __builtin_popcount(mask ^ all) <= 2) {
		for (mask ^= all; mask; mask &= mask - 1)
			a_vins_e(c, w, d, __builtin_ctz(mask), a, __builtin_ctz(mask));
		return;
	}
	for (int k = 0; k < 16 / w; k++)
		if (mask >> k & 1)
			half[k * w / 8] |= (w == 8 ? ~0ull : (1ull << 8 * w) - 1) << k * w * 8 % 64;
	v_const(c, v_mask(d, a, b), half[0], half[1]);
	v_select(c, d, v_mask(d, a, b), b, a);
}
EMIT(vblendw, ANYIMM) { blend(c, 2, d, a, b, i->imm); }
EMIT(vblend4s, ANYIMM | UPPER_IMM(4)) { blend(c, 4, d, a, b, i->imm); }
EMIT(vblend2d, ANYIMM | UPPER_IMM(2)) { blend(c, 8, d, a, b, i->imm); }

/* By the sign of m's lanes: xmm0, or a VEX form's third source. */
static void blendv(struct tr *c, int T, int d, int a, int b, int m)
{
	a_vcmlt_z(c, T, v_mask(d, a, b), m);
	v_select(c, d, v_mask(d, a, b), b, a);
}
EMIT(vblendv16b, 0) { blendv(c, V16B, d, a, b, V0); }
EMIT(vblendv4s,  0) { blendv(c, V4S, d, a, b, V0); }
EMIT(vblendv2d,  0) { blendv(c, V2D, d, a, b, V0); }
EMIT(vblendl16b, 0) { blendv(c, V16B, d, a, b, c->third); }
EMIT(vblendl4s,  0) { blendv(c, V4S, d, a, b, c->third); }
EMIT(vblendl2d,  0) { blendv(c, V2D, d, a, b, c->third); }
