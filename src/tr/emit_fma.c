/* emit_fma.c - fused multiply-add: x * y + z, either of product and z negated. SDM volume 2, VFMADD132PS; volume 1 14.5.2.
 *
 * The three orders say which operand is which: 132 d * w and h, 213 h * d and w, 231 h * w and d. FPCR.AH picks among NaNs
 * as x86 does: x, y, z in this order; and it leaves a NaN's sign alone where z or the product is negated. Without it the
 * sign and the choice are ARM's.
 */
#include "tr/vec.h"

enum { MINUS_Z = 1, MINUS_XY = 2 };
typedef void fma4(A c, int w, int d, int n, int m, int a);

static fma4 *const scalars[4] = { a_fmadd, a_fnmsub, a_fmsub, a_fnmadd };

/* a_fmadd: a + n * m, a_fmsub: a - n * m, a_fnmsub: n * m - a, a_fnmadd: -a - n * m. */
static void scalar(struct tr *c, struct insn *i, int w, int how, int d, int x, int y, int z)
{
	int r = fp_afp(c) && d == z ? d : fp_dst(c, i, d);      /* NEP keeps the upper lanes of z */

	scalars[how](c, w, r, x, y, z);
	fp_merge(c, i, w, d, d, r);
}

static void product(struct tr *c, int T, int how, int r, int x, int y)
{
	(how & MINUS_XY ? a_vfmls : a_vfmla)(c, T, r, x, y);
}

static void packed(struct tr *c, int T, int how, int d, int x, int y, int z)
{
	int r = d == z && d != x && d != y ? d : V0t;

	if (how & MINUS_Z && fp_afp(c))                 /* fneg need not leave NaNs alone */
		fp_flip(c, T, r, z, FLIP_EVEN | FLIP_ODD);
	else if (how & MINUS_Z)
		a_vfneg(c, T, r, z);
	else
		v_mov(c, r, z);
	product(c, T, how, r, x, y);
	v_mov(c, d, r);
}

/* z is subtracted in some lanes and added in the others. */
static void alternating(struct tr *c, int T, int lanes, int d, int x, int y, int z)
{
	int r = d == z && d != x && d != y ? d : V0t;

	fp_flip(c, T, r, z, lanes);
	a_vfmla(c, T, r, x, y);
	v_mov(c, d, r);
}

/* a is d's old value, b is h, c->third is w. */
#define ORDERS(F) F(132, a, c->third, b) F(213, b, a, c->third) F(231, b, c->third, a)
#define FMA(name, how, order, x, y, z) \
	EMIT(name##order##_ps, 0) { packed(c, V4S, how, d, x, y, z); } \
	EMIT(name##order##_pd, 0) { packed(c, V2D, how, d, x, y, z); } \
	EMIT(name##order##_ss, 0) { scalar(c, i, 4, how, d, x, y, z); } \
	EMIT(name##order##_sd, 0) { scalar(c, i, 8, how, d, x, y, z); }
#define FMADD(order, x, y, z)  FMA(fmadd,  0, order, x, y, z)
#define FMSUB(order, x, y, z)  FMA(fmsub,  MINUS_Z, order, x, y, z)
#define FNMADD(order, x, y, z) FMA(fnmadd, MINUS_XY, order, x, y, z)
#define FNMSUB(order, x, y, z) FMA(fnmsub, MINUS_XY | MINUS_Z, order, x, y, z)
#define FMALT(order, x, y, z) \
	EMIT(fmaddsub##order##_ps, 0) { alternating(c, V4S, FLIP_EVEN, d, x, y, z); } \
	EMIT(fmaddsub##order##_pd, 0) { alternating(c, V2D, FLIP_EVEN, d, x, y, z); } \
	EMIT(fmsubadd##order##_ps, 0) { alternating(c, V4S, FLIP_ODD, d, x, y, z); } \
	EMIT(fmsubadd##order##_pd, 0) { alternating(c, V2D, FLIP_ODD, d, x, y, z); }
ORDERS(FMADD)
ORDERS(FMSUB)
ORDERS(FNMADD)
ORDERS(FNMSUB)
ORDERS(FMALT)
