/* fpcheck.c - floating point in code that is checked: where the host's own result, or its flags, might not be x86's, the
 * instruction is done whole in C (rt/sse.c).
 *
 * Checked code is made where MXCSR does not mask all exceptions, and under STELE_FP=exact on a host without FEAT_AFP
 * (tr_env.fp_check). Before an instruction its operands are looked at. If all are ordinary numbers, or zeros where these
 * do no harm, then the host's instruction can raise nothing but inexactness, meets no NaN and no denormal, and makes
 * none: then both machines agree in every bit, whatever DAZ and FTZ say. Anything else branches out of line. So an
 * instruction that raises an exception that is not masked has done nothing yet.
 *
 * In other code, without FEAT_FRINTTS, conversions of doubles that may not fit 32 bits go the same way; and compares into
 * masks under STELE_FP=exact, as ARM's pairs of compares may report a denormal beside a NaN.
 */
#include "tr/avx.h"
#include "tr/sse.h"
#include "gen/decode.h"

#define SCRATCH(n) (offsetof(struct cpu, scratch) + 8 * (n))

/* Sources: a and b; one (a, or b in scalar forms); those of a multiply-add; one that is an integer. */
enum form { BOTH, ONE, F132, F213, F231, INTEGER };
struct row { const struct emitter *e; u8 op, w, to, kind, form, imm; };

#define LANES(X, emit, ...) \
	X(emit##_ps, 4, 4, SSE_PACKED, __VA_ARGS__) X(emit##_pd, 8, 8, SSE_PACKED, __VA_ARGS__) \
	X(emit##_ss, 4, 4, SSE_SCALAR, __VA_ARGS__) X(emit##_sd, 8, 8, SSE_SCALAR, __VA_ARGS__)
#define PACKED(X, emit, ...) \
	X(emit##_ps, 4, 4, SSE_PACKED, __VA_ARGS__) X(emit##_pd, 8, 8, SSE_PACKED, __VA_ARGS__)
#define ORDERS(X, L, emit, imm) \
	L(X, emit##132, FMA, F132, imm) L(X, emit##213, FMA, F213, imm) L(X, emit##231, FMA, F231, imm)
#define MINUS_Z (SSE_MINUS_Z_EVEN | SSE_MINUS_Z_ODD)

/* emitter, bytes of a source's and a result's lane, kind, operation, form, what is added to imm */
#define ROWS(X) \
	LANES(X, fadd, ADD, BOTH, 0)     LANES(X, fsub, SUB, BOTH, 0) \
	LANES(X, fmul, MUL, BOTH, 0)     LANES(X, fdiv, DIV, BOTH, 0) \
	LANES(X, fmin, MIN, BOTH, 0)     LANES(X, fmax, MAX, BOTH, 0) \
	LANES(X, fcmp, CMP, BOTH, 0)     LANES(X, fsqrt, SQRT, ONE, 0) \
	LANES(X, fround, ROUND, ONE, 0) \
	PACKED(X, faddp, HADD, BOTH, 0)  PACKED(X, fsubp, HSUB, BOTH, 0) \
	PACKED(X, faddsub, ADDSUB, BOTH, 0) PACKED(X, fdp, DP, BOTH, 0) \
	ORDERS(X, LANES, fmadd, 0)       ORDERS(X, LANES, fmsub, MINUS_Z) \
	ORDERS(X, LANES, fnmadd, SSE_MINUS_PRODUCT) ORDERS(X, LANES, fnmsub, SSE_MINUS_PRODUCT | MINUS_Z) \
	ORDERS(X, PACKED, fmaddsub, SSE_MINUS_Z_EVEN) ORDERS(X, PACKED, fmsubadd, SSE_MINUS_Z_ODD) \
	X(fcomi_ss, 4, 4, SSE_SCALAR, COMI, BOTH, 0)    X(fcomi_sd, 8, 8, SSE_SCALAR, COMI, BOTH, 0) \
	X(fucomi_ss, 4, 4, SSE_SCALAR, UCOMI, BOTH, 0)  X(fucomi_sd, 8, 8, SSE_SCALAR, UCOMI, BOTH, 0) \
	X(cvtss2si, 4, 0, SSE_GPR, TO_INT, ONE, 0)      X(cvtsd2si, 8, 0, SSE_GPR, TO_INT, ONE, 0) \
	X(cvttss2si, 4, 0, SSE_GPR, TRUNCATE, ONE, 0)   X(cvttsd2si, 8, 0, SSE_GPR, TRUNCATE, ONE, 0) \
	X(cvtps2dq, 4, 4, SSE_PACKED, TO_INT, ONE, 0)   X(cvtpd2dq, 8, 4, SSE_PACKED, TO_INT, ONE, 0) \
	X(cvttps2dq, 4, 4, SSE_PACKED, TRUNCATE, ONE, 0) X(cvttpd2dq, 8, 4, SSE_PACKED, TRUNCATE, ONE, 0) \
	X(cvtsi2ss, 0, 4, SSE_SCALAR, FROM_INT, INTEGER, 0) X(cvtsi2sd, 0, 8, SSE_SCALAR, FROM_INT, INTEGER, 0) \
	X(cvtdq2ps, 4, 4, SSE_PACKED, FROM_INT, ONE, 0) X(cvtdq2pd, 4, 8, SSE_PACKED, FROM_INT, ONE, 0) \
	X(cvtss2sd, 4, 8, SSE_SCALAR, RESIZE, ONE, 0)   X(cvtsd2ss, 8, 4, SSE_SCALAR, RESIZE, ONE, 0) \
	X(cvtps2pd, 4, 8, SSE_PACKED, RESIZE, ONE, 0)   X(cvtpd2ps, 8, 4, SSE_PACKED, RESIZE, ONE, 0) \
	X(cvtph2ps, 2, 4, SSE_PACKED, RESIZE, ONE, 4)   X(cvtps2ph, 4, 2, SSE_PACKED, RESIZE, ONE, 0)

#define X(emit, w, to, kind, op, form, imm) extern const struct emitter emit_##emit;
ROWS(X)
#undef X
static const struct row rows[] = {
#define X(emit, w, to, kind, op, form, imm) { &emit_##emit, SSE_##op, w, to, kind, form, imm },
	ROWS(X)
#undef X
};

static const struct row *find(const struct emitter *e)
{
	for (size_t k = 0; k < countof(rows); k++)
		if (rows[k].e == e)
			return &rows[k];
	return 0;
}

bool tr_fp_checked(struct tr *c, const struct insn *i)
{
	return c->env->fp_check && !i->fact && x86_rows[i->row].attr & ROW_VEC && find(tr_emitter(i));
}

/* --- what is to be done */

static u8 imm_of(const struct row *r, const struct insn *i)
{
	switch (r->op) {
	case SSE_CMP: return i->imm & (i->prefix & PFX_VEX ? 31 : 7);
	case SSE_ROUND: case SSE_DP: return i->imm;
	case SSE_RESIZE: return r->to == 2 ? i->imm : 0;
	default: return r->imm;
	}
}

static union sse_desc describe(struct tr *c, const struct row *r, const struct insn *i, int d, int a, int b)
{
	union sse_desc x = { .word = 0 };
	int one = r->kind == SSE_SCALAR ? b : a;

	x.op = r->op;
	x.w = r->w ? r->w : i->o[2].w;
	x.to = r->to ? r->to : i->o[0].w;
	x.kind = r->kind;
	x.imm = imm_of(r, i);
	x.n = r->kind == SSE_PACKED ? (r->form == ONE ? i->o[1].w : i->o[0].w) / x.w : 1;
	x.d = r->kind == SSE_GPR ? i->o[0].reg : d >= 0 ? d : 0;
	x.upper = a;
	x.a = r->form == ONE ? one : r->form == INTEGER ? 0 : a;
	x.b = r->form == BOTH ? b : 0;
	switch (r->form) {
	case F132: x.a = a; x.b = c->third; x.z = b; break;
	case F213: x.a = b; x.b = a; x.z = c->third; break;
	case F231: x.a = b; x.b = c->third; x.z = a; break;
	}
	return x;
}

/* --- looking at operands */

/* Of a number without its sign, exponent first: from lo on, below hi. */
struct range { u64 lo, hi; };

static struct range exponents(int w, int lo, int hi)
{
	int frac = w == 8 ? 52 : w == 4 ? 23 : 10;

	return (struct range){ (u64)lo << (frac + 1), (u64)hi << (frac + 1) };
}

static struct range ordinary(union sse_desc x)
{
	int w = x.w, bias = w == 8 ? 1023 : 127, all = 2 * bias + 1;

	switch ((enum sse_op)x.op) {
	case SSE_MIN: case SSE_MAX: case SSE_CMP: case SSE_COMI: case SSE_UCOMI: case SSE_ROUND:
		return exponents(w, 1, all);
	case SSE_TO_INT: case SSE_TRUNCATE:
		return exponents(w, 1, bias + 8 * x.to - 2);
	case SSE_RESIZE:
		return x.to == 8 ? exponents(w, 1, all) : x.to == 4 ? exponents(w, bias - 31, bias + 33) :
		       exponents(w, bias - 14, bias + 15);
	default:                        /* a product's, a quotient's and a sum's last bits are ordinary too */
		return w == 8 ? exponents(w, 768, 1280) : exponents(w, 96, 160);
	}
}

enum { NO_ZERO = 1, NO_SIGN = 2, FIRST = 4 };

/* V0t |= which lanes of n are not in the range that V3t, V4t have. */
static void look(struct tr *c, int T, int n, int how)
{
	if (how & NO_SIGN)
		a_vcmlt_z(c, T, V2t, n);
	a_vshl_i(c, T, V1t, n, 1);
	if (!(how & NO_ZERO))
		a_vcmeq_z(c, T, V2t, V1t);
	a_vsub(c, T, V1t, V1t, V3t);
	a_vcmhs(c, T, V1t, V1t, V4t);
	if (how & NO_SIGN)
		a_vorr(c, V16B, V1t, V1t, V2t);
	else if (!(how & NO_ZERO))
		a_vbic(c, V16B, V1t, V1t, V2t);
	if (how & FIRST)
		a_vmov(c, V16B, V0t, V1t);
	else
		a_vorr(c, V16B, V0t, V0t, V1t);
}

/* Leaves T0 not zero if some operand is not ordinary. */
static void look_at_all(struct tr *c, const struct row *r, union sse_desc x)
{
	int T = x.w == 8 ? V2D : V4S, bytes = x.n * x.w, n[3] = { x.a, x.b, x.z };
	int sources = r->form == ONE ? 1 : r->form == BOTH ? 2 : 3;
	struct range in = ordinary(x);
	u64 twice = x.w == 8 ? 1 : 0x100000001;

	v_const(c, V3t, in.lo * twice, in.lo * twice);
	v_const(c, V4t, (in.hi - in.lo) * twice, (in.hi - in.lo) * twice);
	for (int k = 0; k < sources; k++) {
		int how = x.op == SSE_SQRT ? NO_ZERO | NO_SIGN : x.op == SSE_DIV && k == 1 ? NO_ZERO : 0;

		look(c, T, n[k], how | (k ? 0 : FIRST));
		if (bytes > 16)
			look(c, T, n[k] < 16 ? y_high(c, n[k], V1t) : V5t, how);
	}
	if (bytes > 8)
		a_vxtn(c, x.w == 8 ? V2S : V4H, V0t, V0t);
	a_fmov_xv(c, bytes > 4 ? 8 : 4, T0, V0t);
}

/* Leaves T0 for a branch, as below: may some operand not fit? Looks at exponents alone. */
static void look_at_size(struct tr *c, union sse_desc x)
{
	int T = x.w == 8 ? V2D : V4S, frac = x.w == 8 ? 52 : 23, bytes = x.n * x.w;
	u64 most = (x.w == 8 ? 1023 : 127) + 8 * x.to - 2;

	if (x.kind == SSE_GPR) {
		a_fmov_xv(c, x.w, T0, x.a);
		a_ubfx(c, x.w, T0, T0, frac, x.w == 8 ? 11 : 8);
		a_sub_i(c, 4, T0, T0, most);
		return;
	}
	v_const(c, V2t, most << (frac + 1), most << (frac + 1));
	a_vshl_i(c, T, V0t, x.a, 1);
	a_vcmhs(c, T, V0t, V0t, V2t);
	if (bytes > 16) {
		a_vshl_i(c, T, V1t, x.a < 16 ? y_high(c, x.a, V1t) : V5t, 1);
		a_vcmhs(c, T, V1t, V1t, V2t);
		a_vorr(c, V16B, V0t, V0t, V1t);
	}
	a_vxtn(c, V2S, V0t, V0t);
	a_fmov_xv(c, 8, T0, V0t);
}

/* --- in C */

static void whole(struct tr *c, union sse_desc x)
{
	a_mov_i(c, 8, T0, x.word);
	a_str_i(c, 8, T0, R_CPU, SCRATCH(2));
	tr_helper(c, TR_H_SSE);
}

static bool compares(union sse_desc x) { return x.op == SSE_COMI || x.op == SSE_UCOMI; }

/* Without a look: where inexactness is not masked, hardly anything is sure to raise nothing. */
static bool always(struct tr *c, union sse_desc x)
{
	return c->env->fp_inexact || (x.w == 2 && c->env->fp_traps);
}

/* Is the size of i's operands to be looked at, in code that is not checked? */
static bool sized(struct tr *c, const struct insn *i)
{
	if (has(c, HOST_FRINTTS))
		return false;
	switch (i->mn) {
	case MN_CVTSD2SI: case MN_VCVTSD2SI:
		return i->o[0].w == 4;
	case MN_CVTPD2DQ: case MN_CVTTPD2DQ: case MN_VCVTPD2DQ: case MN_VCVTTPD2DQ: case MN_CVTPD2PI: case MN_CVTTPD2PI:
		return true;
	}
	return false;
}

static void branch(struct tr *c, struct insn *i, union sse_desc x)
{
	if (!c->env->fp_check && x.kind == SSE_GPR)     /* look_at_size */
		a_tbz(c, T0, 31, 0);
	else
		a_cbnz(c, 8, T0, 0);
	c->fp_cold[c->nfp_cold] = (struct fp_cold){ .site = c->code.p - 1, .i = i, .cs = c->cs, .desc = x.word };
	c->fp_open = true;
}

bool tr_fp_before(struct tr *c, struct insn *i, const struct emitter *e, int d, int a, int b)
{
	bool size = !c->env->fp_check && sized(c, i);
	const struct row *r = c->env->fp_check || c->env->fp_exact || size ? find(e) : 0;
	union sse_desc x;

	c->fp_open = false;
	if (!r || !(c->env->fp_check || size || r->op == SSE_CMP))
		return false;
	x = describe(c, r, i, d, a, b);
	if (size) {
		tr_x87_flags(c, i);
		look_at_size(c, x);
		branch(c, i, x);
		return false;
	}
	if (always(c, x)) {
		if (r->form == INTEGER)
			a_str_i(c, 8, b, R_CPU, SCRATCH(0));
		whole(c, x);
		if (compares(x))
			c->cs = CS_FCMP;
		return true;
	}
	if (r->op == SSE_FROM_INT || x.w == 2)
		return false;
	tr_x87_flags(c, i);
	look_at_all(c, r, x);
	branch(c, i, x);
	return false;
}

void tr_fp_after(struct tr *c)
{
	if (!c->fp_open)
		return;
	c->fp_open = false;
	c->page_ok = false;
	c->fp_cold[c->nfp_cold++].back = c->code.p;
}

bool tr_fp_tail(struct tr *c)
{
	for (u32 k = 0; k < c->nfp_cold; k++) {
		struct fp_cold *w = &c->fp_cold[k];
		union sse_desc x = { .word = w->desc };

		if (c->code.p + TR_INSN_ROOM > c->code.end || !a_bind(c, w->site))
			return false;
		c->i = w->i;
		c->cs = w->cs;
		c->live = w->i->live;
		c->page_ok = false;
		tr_note(c, w->i);
		whole(c, x);
		a_b(c, (u8 *)w->back - (u8 *)c->code.p);
	}
	return true;
}
