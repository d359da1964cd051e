/* emit_vec.c - integer vectors: moves, logic, arithmetic, compares, shifts. SDM volume 2.
 *
 * x86's lanes and ARM's are the same, lane 0 lowest. Nothing here touches NZCV. d may be a, b, or both.
 * Misaligned operands are align.c's.
 */
#include "tr/avx.h"

/* ---- moves */

static void move2(struct tr *c, struct insn *i)         /* 32 bytes */
{
	int d = i->o[0].reg, n = i->o[1].reg;

	if (i->o[1].kind == OP_MEM) {
		tr_loadv2(c, tr_ea(c, i, 32), d, y_dst(d));
		y_put(c, d, y_dst(d));
	} else if (i->o[0].kind == OP_MEM) {
		tr_storev2(c, tr_ea(c, i, 32), n, y_high(c, n, V5t));
	} else {
		v_mov(c, d, n);
		y_copy(c, d, n);
	}
}

static void move(struct tr *c, struct insn *i)
{
	const struct opnd *to = &i->o[0], *from = &i->o[1];

	if (y_wide(to) && y_wide(from))
		move2(c, i);
	else if (from->kind == OP_MEM)
		tr_loadv(c, tr_ea(c, i, from->w), from->w, to->reg);
	else if (to->kind == OP_MEM)
		tr_storev(c, tr_ea(c, i, to->w), to->w, from->reg);
	else if (from->w == 8)
		a_fmov(c, 8, to->reg, from->reg);
	else
		v_mov(c, to->reg, from->reg);
}
EMIT(vmovu, RAW) { move(c, i); }
EMIT(vmova, RAW) { move(c, i); }
EMIT(vmovz, RAW) { move(c, i); }                        /* the rest of the register becomes zero */
EMIT(vst,   RAW) { move(c, i); }                        /* the low lane */

EMIT(vsth, RAW)                                         /* [m] = the upper half */
{
	struct ea m = tr_ea(c, i, 8);

	if (tr_lane(c, m)) {
		a_vst1_e(c, 8, i->o[1].reg, 1, m.base);
		return;
	}
	a_vdup_e(c, VD, V_A, i->o[1].reg, 1);
	tr_storev(c, m, 8, V_A);
}
EMIT(vmovs, 0)                                          /* low lane of b, the others of a */
{
	int w = i->o[0].w;

	if (d == a) {
		if (d != b)
			a_vins_e(c, w, d, 0, b, 0);
	} else if (d == b) {                            /* w 8: zip would do for the halves, but not in this order */
		a_vmov(c, V16B, V0t, a);
		a_vins_e(c, w, V0t, 0, b, 0);
		a_vmov(c, V16B, d, V0t);
	} else {
		a_vmov(c, V16B, d, a);
		a_vins_e(c, w, d, 0, b, 0);
	}
}
static void load_half(struct tr *c, struct insn *i, int n)     /* half n from memory, the other one of a */
{
	struct ea m = tr_ea(c, i, 8);

	if (i->o[0].reg == i->o[1].reg && tr_lane(c, m)) {
		a_vld1_e(c, 8, i->o[0].reg, n, m.base);
		return;
	}
	if (n == 0 && i->o[0].reg != i->o[1].reg && tr_lane(c, m)) {
		a_vld1r(c, V2D, V_B, m.base);
		a_vzip2(c, V2D, i->o[0].reg, V_B, i->o[1].reg);
		return;
	}
	tr_loadv(c, m, 8, V_B);
	if (n == 1) {
		a_vzip1(c, V2D, i->o[0].reg, i->o[1].reg, V_B);
		return;
	}
	v_mov(c, i->o[0].reg, i->o[1].reg);
	a_vins_e(c, 8, i->o[0].reg, n, V_B, 0);
}
EMIT(vldl, RAW) { load_half(c, i, 0); }
EMIT(vldh, RAW) { load_half(c, i, 1); }
EMIT(vmovhlps, 0) { a_vzip2(c, V2D, d, b, a); }         /* upper half of b, upper half of a */

EMIT(vfromg, RAW)
{
	const struct opnd *from = &i->o[1];

	if (from->kind == OP_MEM)
		tr_loadv(c, tr_ea(c, i, from->w), from->w, i->o[0].reg);
	else
		a_fmov_vx(c, from->w, i->o[0].reg, G(from->reg));
}
EMIT(vtog, RAW)
{
	const struct opnd *to = &i->o[0];

	if (to->kind == OP_MEM)
		tr_storev(c, tr_ea(c, i, to->w), to->w, i->o[1].reg);
	else
		a_fmov_xv(c, to->w, G(to->reg), i->o[1].reg);
}

EMIT(vmaskmovdqu, RAW) { tr_maskmov(c, i, i->o[1].reg, i->o[2].reg, 2); }

/* ---- sign bits into a general register */

/* Each step moves the bits of a lane's upper half below those of its lower one. */
static void sign_bits(struct tr *c, int d, int a)       /* of four words */
{
	a_vushr_i(c, V4S, V0t, a, 31);
	a_vusra_i(c, V2D, V0t, V0t, 31);
	a_vumov(c, 1, T0, V0t, 8);
	a_vumov(c, 1, d, V0t, 0);
	a_orr_sh(c, 4, d, d, T0, LSL, 2);
}
EMIT(vmovmskps, WHOLE)
{
	if (!y_wide(&i->o[1])) {
		sign_bits(c, d, a);
		return;
	}
	a_vuzp2(c, V8H, V0t, a, y_high(c, i->o[1].reg, V_A));
	v_const(c, V1t, 0x0008000400020001, 0x0080004000200010);
	a_vcmlt_z(c, V8H, V0t, V0t);
	a_vand(c, V16B, V0t, V0t, V1t);
	a_vaddv(c, V8H, V0t, V0t);
	a_vumov(c, 1, d, V0t, 0);
}
EMIT(vmovmskpd, WHOLE)
{
	if (y_wide(&i->o[1])) {
		a_vuzp2(c, V4S, V0t, a, y_high(c, i->o[1].reg, V_A));
		sign_bits(c, d, V0t);
		return;
	}
	a_fmov_xv1(c, T0, a);
	a_fmov_xv(c, 8, d, a);
	a_lsr_i(c, 8, T0, T0, 63);
	a_extr(c, 8, d, T0, d, 63);
}
EMIT(vpmovmskb, WHOLE)
{
	if (y_wide(&i->o[1])) {
		v_const(c, V1t, 0x8040201008040201, 0x8040201008040201);
		a_vcmlt_z(c, V16B, V2t, y_high(c, i->o[1].reg, V_A));
		a_vcmlt_z(c, V16B, V0t, a);
		a_vand(c, V16B, V2t, V2t, V1t);
		a_vand(c, V16B, V0t, V0t, V1t);
		a_vaddp(c, V16B, V0t, V0t, V2t);
		a_vaddp(c, V16B, V0t, V0t, V0t);
		a_vaddp(c, V16B, V0t, V0t, V0t);
		a_fmov_xv(c, 4, d, V0t);
		return;
	}
	a_vushr_i(c, V16B, V0t, a, 7);
	a_vusra_i(c, V8H, V0t, V0t, 7);
	a_vusra_i(c, V4S, V0t, V0t, 14);
	a_vusra_i(c, V2D, V0t, V0t, 28);
	a_vins_e(c, 1, V0t, 1, V0t, 8);
	a_vumov(c, 2, d, V0t, 0);
}

/* ---- logic */

EMIT(vand,  0) { if (a == b) v_mov(c, d, a); else a_vand(c, V16B, d, a, b); }
EMIT(vor,   0) { if (a == b) v_mov(c, d, a); else a_vorr(c, V16B, d, a, b); }
EMIT(vandn, 0) { if (a == b) a_vzero(c, d); else a_vbic(c, V16B, d, b, a); }            /* ~a & b */
EMIT(vxor,  0) { if (a == b) a_vzero(c, d); else a_veor(c, V16B, d, a, b); }

/* ---- arithmetic, one word each */

VEC3(vadd16b,    add,    V16B)
VEC3(vadd8h,     add,    V8H)
VEC3(vadd4s,     add,    V4S)
VEC3(vadd2d,     add,    V2D)
VEC3(vsqadd16b,  sqadd,  V16B)
VEC3(vsqadd8h,   sqadd,  V8H)
VEC3(vuqadd16b,  uqadd,  V16B)
VEC3(vuqadd8h,   uqadd,  V8H)
VEC3(vsub16b,    sub,    V16B)
VEC3(vsub8h,     sub,    V8H)
VEC3(vsub4s,     sub,    V4S)
VEC3(vsub2d,     sub,    V2D)
VEC3(vsqsub16b,  sqsub,  V16B)
VEC3(vsqsub8h,   sqsub,  V8H)
VEC3(vuqsub16b,  uqsub,  V16B)
VEC3(vuqsub8h,   uqsub,  V8H)
VEC3(vmul8h,     mul,    V8H)
VEC3(vmul4s,     mul,    V4S)
VEC3(vurhadd16b, urhadd, V16B)
VEC3(vurhadd8h,  urhadd, V8H)
VEC3(vumin16b,   umin,   V16B)
VEC3(vumin8h,    umin,   V8H)
VEC3(vumin4s,    umin,   V4S)
VEC3(vumax16b,   umax,   V16B)
VEC3(vumax8h,    umax,   V8H)
VEC3(vumax4s,    umax,   V4S)
VEC3(vsmin16b,   smin,   V16B)
VEC3(vsmin8h,    smin,   V8H)
VEC3(vsmin4s,    smin,   V4S)
VEC3(vsmax16b,   smax,   V16B)
VEC3(vsmax8h,    smax,   V8H)
VEC3(vsmax4s,    smax,   V4S)
VEC3(vcmgt16b,   cmgt,   V16B)
VEC3(vcmgt8h,    cmgt,   V8H)
VEC3(vcmgt4s,    cmgt,   V4S)
VEC3(vcmgt2d,    cmgt,   V2D)
VEC2(vabs16b,    abs,    V16B)
VEC2(vabs8h,     abs,    V8H)
VEC2(vabs4s,     abs,    V4S)

/* PCMPEQ of a register with itself is the idiom for all ones. */
static void equal(struct tr *c, int T, int d, int a, int b)
{
	if (a == b)
		a_vmovi(c, V16B, d, 0xff, 0);
	else
		a_vcmeq(c, T, d, a, b);
}
EMIT(vcmeq16b, 0) { equal(c, V16B, d, a, b); }
EMIT(vcmeq8h,  0) { equal(c, V8H, d, a, b); }
EMIT(vcmeq4s,  0) { equal(c, V4S, d, a, b); }
EMIT(vcmeq2d,  0) { equal(c, V2D, d, a, b); }

/* ---- products, sums of differences */

static bool is_mmx(const struct insn *i) { return i->o[0].kind == OP_MMX; }

static void products_h(struct tr *c, struct insn *i, int a, int b)     /* signed, of words: into V0t and, if need be, V1t */
{
	a_vsmull(c, V4H, V0t, a, b);
	if (!is_mmx(i))
		a_vsmull2(c, V4H, V1t, a, b);
}
static void upper_halves(struct tr *c, struct insn *i, int d)
{
	if (is_mmx(i))
		a_vshrn_i(c, V4H, d, V0t, 16);
	else
		a_vuzp2(c, V8H, d, V0t, V1t);
}
EMIT(vsmulh8h, 0)
{
	products_h(c, i, a, b);
	upper_halves(c, i, d);
}
EMIT(vumulh8h, 0)
{
	a_vumull(c, V4H, V0t, a, b);
	if (!is_mmx(i))
		a_vumull2(c, V4H, V1t, a, b);
	upper_halves(c, i, d);
}
EMIT(vmaddwd, 0)                                        /* d.4s = a0 * b0 + a1 * b1 */
{
	products_h(c, i, a, b);
	a_vaddp(c, V4S, d, V0t, is_mmx(i) ? V0t : V1t);
}
EMIT(vumull2d, 0)                                       /* d.2d = a.s0 * b.s0, a.s2 * b.s2 */
{
	if (is_mmx(i)) {
		a_vumull(c, V2S, d, a, b);
		return;
	}
	a_vxtn(c, V2S, V0t, a);
	if (a != b)
		a_vxtn(c, V2S, V1t, b);
	a_vumull(c, V2S, d, V0t, a == b ? V0t : V1t);
}
EMIT(vsmull2d, 0)
{
	a_vxtn(c, V2S, V0t, a);
	if (a != b)
		a_vxtn(c, V2S, V1t, b);
	a_vsmull(c, V2S, d, V0t, a == b ? V0t : V1t);
}
/* SQRDMULH is the same but for -1 * -1, which it saturates. */
EMIT(vmulhrs8h, 0)                                      /* d = (a * b + 0x4000) >> 15 */
{
	products_h(c, i, a, b);
	a_vrshrn_i(c, V4H, d, V0t, 15);
	if (!is_mmx(i))
		a_vrshrn2_i(c, V4H, d, V1t, 15);
}
/* a unsigned, b signed: the products fit into 16 bits, their sum saturates. */
EMIT(vmaddubsw, 0)
{
	a_vuxtl(c, V8B, V0t, a);
	a_vsxtl(c, V8B, V1t, b);
	if (is_mmx(i)) {
		a_vmul(c, V8H, V0t, V0t, V1t);
		a_vsaddlp(c, V8H, V0t, V0t);
		a_vsqxtn(c, V4H, d, V0t);
		return;
	}
	a_vuxtl2(c, V8B, V2t, a);
	a_vsxtl2(c, V8B, V3t, b);
	a_vmul(c, V8H, V0t, V0t, V1t);
	a_vmul(c, V8H, V2t, V2t, V3t);
	a_vuzp1(c, V8H, V1t, V0t, V2t);
	a_vuzp2(c, V8H, V3t, V0t, V2t);
	a_vsqadd(c, V8H, d, V1t, V3t);
}
EMIT(vsadbw, 0)                                         /* d.2d = sums of eight |a - b| */
{
	if (is_mmx(i)) {
		a_vuabdl(c, V8B, V0t, a, b);
		a_vaddv(c, V8H, d, V0t);
		return;
	}
	a_vuabd(c, V16B, V0t, a, b);
	a_vuaddlp(c, V16B, V0t, V0t);
	a_vuaddlp(c, V8H, V0t, V0t);
	a_vuaddlp(c, V4S, d, V0t);
}
/* Eight sums of four |a - b|: a's window slides, b's four bytes stay. imm: which windows. */
EMIT(vmpsadbw, ANYIMM | UPPER_IMM(3))
{
	u64 first = 0x0403020103020100, step = 0x0101010101010101, from = (i->imm & 4) * step;

	v_const(c, V0t, first + from, first + from + 2 * step);
	v_const(c, V1t, first + from + 4 * step, first + from + 6 * step);
	a_vtbl(c, V16B, V0t, a, 1, V0t);
	a_vtbl(c, V16B, V1t, a, 1, V1t);
	a_vdup_e(c, V4S, V2t, b, i->imm & 3);
	a_vuabd(c, V16B, V0t, V0t, V2t);
	a_vuabd(c, V16B, V1t, V1t, V2t);
	a_vuaddlp(c, V16B, V0t, V0t);
	a_vuaddlp(c, V16B, V1t, V1t);
	a_vaddp(c, V8H, d, V0t, V1t);
}

/* ---- neighbours: PHADDSW, PHSUBx */

static void pairs(struct tr *c, int T, int a, int b)    /* even lanes of b:a into V0t, odd ones into V1t */
{
	a_vuzp1(c, T, V0t, a, b);
	a_vuzp2(c, T, V1t, a, b);
}
EMIT(vaddp8h,   0) { a_vaddp(c, v_lanes(i, V8H), d, a, b); }
EMIT(vaddp4s,   0) { a_vaddp(c, v_lanes(i, V4S), d, a, b); }
EMIT(vsqaddp8h, 0) { pairs(c, v_lanes(i, V8H), a, b); a_vsqadd(c, V8H, d, V0t, V1t); }
EMIT(vsubp8h,   0) { pairs(c, v_lanes(i, V8H), a, b); a_vsub(c, V8H, d, V0t, V1t); }
EMIT(vsubp4s,   0) { pairs(c, v_lanes(i, V4S), a, b); a_vsub(c, V4S, d, V0t, V1t); }
EMIT(vsqsubp8h, 0) { pairs(c, v_lanes(i, V8H), a, b); a_vsqsub(c, V8H, d, V0t, V1t); }

static void sign(struct tr *c, int T, int d, int a, int b)      /* a * (b > 0 ? 1 : b < 0 ? -1 : 0) */
{
	int top = 8 * a_width(T) - 1;

	a_vsqshl_i(c, T, V0t, b, top);                          /* the greatest or the least, or 0 */
	a_vsrshr_i(c, T, V0t, V0t, top);
	a_vmul(c, T, d, a, V0t);
}
EMIT(vsign16b, 0) { sign(c, V16B, d, a, b); }
EMIT(vsign8h,  0) { sign(c, V8H, d, a, b); }
EMIT(vsign4s,  0) { sign(c, V4S, d, a, b); }

/* The smallest of eight words and its position: below 16 bits of value lie 16 of index. */
EMIT(vphminposuw, 0)
{
	v_const(c, V0t, 0x0003000200010000, 0x0007000600050004);
	a_vzip2(c, V8H, V1t, V0t, a);
	a_vzip1(c, V8H, V0t, V0t, a);
	a_vumin(c, V4S, V0t, V0t, V1t);
	a_vuminv(c, V4S, V0t, V0t);
	a_vrev32(c, V8H, d, V0t);
}

/* ---- shifts */

enum { LEFT, RIGHT, ARITHMETIC };

static void shift_i(struct tr *c, int T, int d, int a, u8 count, int how)
{
	int bits = 8 * a_width(T);

	if (count >= bits && how != ARITHMETIC)
		a_vzero(c, d);
	else if (count == 0)
		v_mov(c, d, a);
	else if (how == LEFT)
		a_vshl_i(c, T, d, a, count);
	else if (how == RIGHT)
		a_vushr_i(c, T, d, a, count);
	else
		a_vsshr_i(c, T, d, a, count < bits ? count : bits - 1);
}
EMIT(vslli8h, ANYIMM) { shift_i(c, V8H, d, a, i->imm, LEFT); }
EMIT(vslli4s, ANYIMM) { shift_i(c, V4S, d, a, i->imm, LEFT); }
EMIT(vslli2d, ANYIMM) { shift_i(c, V2D, d, a, i->imm, LEFT); }
EMIT(vsrli8h, ANYIMM) { shift_i(c, V8H, d, a, i->imm, RIGHT); }
EMIT(vsrli4s, ANYIMM) { shift_i(c, V4S, d, a, i->imm, RIGHT); }
EMIT(vsrli2d, ANYIMM) { shift_i(c, V2D, d, a, i->imm, RIGHT); }
EMIT(vsrai8h, ANYIMM) { shift_i(c, V8H, d, a, i->imm, ARITHMETIC); }
EMIT(vsrai4s, ANYIMM) { shift_i(c, V4S, d, a, i->imm, ARITHMETIC); }

/* The count is b's low 64 bits, unsigned; ARM's is the low byte of each lane, signed, negative to the right: 127 will do for
 * more than that. */
static void shift(struct tr *c, struct insn *i, int T, int d, int a, int b, int how)
{
	a_vuqshl_i(c, VD, V0t, b, 57);
	a_vushr_i(c, VD, V0t, V0t, 57);
	if (how != LEFT)
		a_vneg(c, VD, V0t, V0t);
	if (!is_mmx(i) || T != V2D)
		a_vdup_e(c, T, V0t, V0t, 0);
	if (how == ARITHMETIC)
		a_vsshl(c, T, d, a, V0t);
	else
		a_vushl(c, T, d, a, V0t);
}
EMIT(vsll8h, 0) { shift(c, i, V8H, d, a, b, LEFT); }
EMIT(vsll4s, 0) { shift(c, i, V4S, d, a, b, LEFT); }
EMIT(vsll2d, 0) { shift(c, i, V2D, d, a, b, LEFT); }
EMIT(vsrl8h, 0) { shift(c, i, V8H, d, a, b, RIGHT); }
EMIT(vsrl4s, 0) { shift(c, i, V4S, d, a, b, RIGHT); }
EMIT(vsrl2d, 0) { shift(c, i, V2D, d, a, b, RIGHT); }
EMIT(vsra8h, 0) { shift(c, i, V8H, d, a, b, ARITHMETIC); }
EMIT(vsra4s, 0) { shift(c, i, V4S, d, a, b, ARITHMETIC); }

EMIT(vslldq, ANYIMM)                                    /* by bytes */
{
	u8 n = i->imm;

	if (n > 15) {
		a_vzero(c, d);
	} else if (n == 0) {
		v_mov(c, d, a);
	} else {
		a_vzero(c, V0t);
		a_vext(c, V16B, d, V0t, a, 16 - n);
	}
}
EMIT(vsrldq, ANYIMM)
{
	u8 n = i->imm;
	int left = 16 - n;

	if (n > 15) {
		a_vzero(c, d);
	} else if (n == 0) {
		v_mov(c, d, a);
	} else if ((left & (left - 1)) == 0) {
		a_vdup_e(c, a_vscalar(left), d, a, n / left);
	} else {
		a_vzero(c, V0t);
		a_vext(c, V16B, d, a, V0t, n);
	}
}

/* ---- PTEST: ZF = (a & b) is zero, CF = (~a & b) is; the other flags are cleared. VTESTPx: of the sign bits alone */

static void flags_cleared(struct tr *c)                 /* PF and AF */
{
	if (live(c, F_P | F_A))
		a_mov_i(c, 4, R_PF, 1);
	if (live(c, F_A))
		a_mov(c, 4, R_AF, R_PF);
}

/* V0t = a & b, V1t = ~a & b, as far as they are asked for. */
static void products(struct tr *c, struct insn *i, int a, int b, bool z, bool cf)
{
	if (z)
		a_vand(c, V16B, V0t, a, b);
	if (cf)
		a_vbic(c, V16B, V1t, b, a);
	if (!y_wide(&i->o[0]))
		return;
	a = y_high(c, i->o[0].reg, V_A);
	b = y_source(c, i, 1, V_B);
	if (z) {
		a_vand(c, V16B, V2t, a, b);
		a_vorr(c, V16B, V0t, V0t, V2t);
	}
	if (cf) {
		a_vbic(c, V16B, V2t, b, a);
		a_vorr(c, V16B, V1t, V1t, V2t);
	}
}

static void test(struct tr *c, struct insn *i, int T, int a, int b)     /* T: whose signs; 0: all bits */
{
	bool z = live(c, F_Z | F_S | F_O), cf = live(c, F_C);

	flags_cleared(c);
	c->cs = CS_SUB;
	if (!z && !cf)
		return;
	if (z && !cf && a == b && !T) {                 /* is it zero? */
		if (y_wide(&i->o[0]))
			a_vorr(c, V16B, V0t, a, y_high(c, i->o[0].reg, V_A));
		a_vumaxv(c, V4S, V0t, y_wide(&i->o[0]) ? V0t : a);
		a_fmov_xv(c, 4, T0, V0t);
		a_cmp_i(c, 8, T0, 0);
		return;
	}
	products(c, i, a, b, z, cf);
	if (T && z)
		a_vcmlt_z(c, T, V0t, V0t);
	if (T && cf)
		a_vcmlt_z(c, T, V1t, V1t);
	if (!z || !cf) {
		a_vumaxv(c, V4S, V0t, z ? V0t : V1t);
		a_fmov_xv(c, 4, T0, V0t);
		a_cmp_i(c, 8, T0, cf ? 1 : 0);          /* 64 bits: N stays clear */
		return;
	}
	a_vumaxp(c, V4S, V0t, V0t, V1t);
	a_vumaxp(c, V4S, V0t, V0t, V0t);
	a_vcmtst(c, V4S, V0t, V0t, V0t);                /* 32 bits alike for each */
	a_fmov_xv(c, 8, T0, V0t);
	a_tst_i(c, 4, T0, 1);
	tr_setflag_nc_bit(c, T0, 32);
}
EMIT(vptest,  WHOLE) { test(c, i, 0, a, b); }
EMIT(vtestps, WHOLE) { test(c, i, V4S, a, b); }
EMIT(vtestpd, WHOLE) { test(c, i, V2D, a, b); }
