/* vec.c - what the vector emitters share: constants, selections, scalar results, x86's default NaN.
 *
 * ARM's default NaN is positive, x86's negative, unless FPCR.AH says otherwise. Where that is made up for, the test
 * is on the hot path and the repair is not. NZCV stays: it may hold the guest's flags. Arm ARM A1.5, SDM 4.8.3.7.
 */
#include "tr/vec.h"

extern const struct emitter emit_vmova, emit_vmovu, emit_vmovz, emit_vst;

void v_mov(struct tr *c, int d, int n)
{
	if (d != n)
		a_vmov(c, V16B, d, n);
}

/* By movi, through a general register, or as a literal behind the region's code. */
void v_const(struct tr *c, int d, u64 lo, u64 hi)
{
	int w = hi ? 16 : 8;
	u32 word[4];

	if (lo == hi && a_vmov_const(c, V2D, d, lo))
		return;
	if (lo == hi && a_mov_plan(8, lo, word) == 1) {
		a_mov_i(c, 8, T0, lo);
		a_vdup(c, V2D, d, T0);
		return;
	}
	if (c->nlit < countof(c->lit)) {
		c->lit[c->nlit].site = c->code.p;
		c->lit[c->nlit].w = w;
		c->lit[c->nlit].x[0] = lo;
		c->lit[c->nlit++].x[1] = hi;
		a_ldrv_lit(c, w, d, 0);
		return;
	}
	a_ldrv_lit(c, w, d, 8);                         /* none left: here, and jumped over */
	a_b(c, 4 + w);
	for (int n = 0; n < w / 4; n++)
		a_put(c, (n < 2 ? lo : hi) >> 32 * (n & 1));
}

static bool literal(struct tr *c, u32 k)
{
	for (u32 n = 0; n < k; n++)
		if (c->lit[n].w == c->lit[k].w && c->lit[n].x[0] == c->lit[k].x[0] && c->lit[n].x[1] == c->lit[k].x[1]) {
			s64 off;

			return a_offset(*c->lit[n].site, &off) &&
			       a_patch(c->lit[k].site, (u32 *)((char *)c->lit[n].site + off));
		}
	while ((u64)c->code.p & (c->lit[k].w - 1))
		a_udf(c, 0);
	if (!a_bind(c, c->lit[k].site))
		return false;
	for (int n = 0; n < c->lit[k].w / 4; n++)
		a_put(c, c->lit[k].x[n / 2] >> 32 * (n & 1));
	return true;
}

void v_select(struct tr *c, int d, int m, int x, int y)
{
	if (d == y) {
		a_vbit(c, V16B, d, x, m);
	} else if (d == x) {
		a_vbif(c, V16B, d, y, m);
	} else {
		a_vbsl(c, V16B, m, x, y);
		v_mov(c, d, m);
	}
}

/* With NEP a scalar operation on scratch registers has no clean upper lanes either: always merge. */
int fp_dst(struct tr *c, struct insn *i, int d)
{
	return !fp_afp(c) && tr_hi_free(c, i, d) ? d : V0t;
}

/* With NEP an operation with one source keeps the upper lanes of its destination. */
int fp_dst1(struct tr *c, struct insn *i, int d, int a, int b)
{
	if (!fp_afp(c) || (d != a && d == b))
		return fp_dst(c, i, d);
	v_mov(c, d, a);
	return d;
}

void fp_merge(struct tr *c, struct insn *i, int w, int d, int a, int r)
{
	if (r != d)
		fp_put(c, i, w, d, a, r);
}

void fp_put(struct tr *c, struct insn *i, int w, int d, int a, int r)
{
	if (tr_hi_free(c, i, d)) {
		a_vdup_e(c, a_vscalar(w), d, r, 0);
	} else {
		v_mov(c, d, a);
		a_vins_e(c, w, d, 0, r, 0);
		c->low.i = i;
		c->low.of = d;
		c->low.in = r;
		c->low.w = w;
	}
}

/* Does i leave V0t and xmm register n alone? Of vectors, plain moves do; string instructions go through V0t. */
static bool passes_by(const struct insn *i, int n)
{
	const struct emitter *e = tr_emitter(i);

	if (i->fact || e->how & IMPLICIT || (i->o[0].kind == OP_XMM && i->o[0].reg == n))
		return false;
	return x86_rows[i->row].feature == X86_BASE || e == &emit_vmova || e == &emit_vmovu || e == &emit_vmovz || e == &emit_vst;
}

bool v_kept(struct tr *c, struct insn *k, struct insn *i, int n)
{
	if (!k || k < &c->ins[c->b->first] || k >= i)
		return false;
	while (++k < i)
		if (!passes_by(k, n))
			return false;
	return true;
}

/* So a chain of scalar operations does not wait for each result to join its register's upper lanes. */
int fp_low(struct tr *c, struct insn *i, int w, int n)
{
	if (fp_afp(c) || c->env->fp_check || c->low.of != n || c->low.w < w)
		return n;
	return v_kept(c, c->low.i, i, n) ? c->low.in : n;
}

void v_fmax(struct tr *c, int T, int d, int n, int m)
{
	if (T == VS || T == VD)
		a_fmax(c, a_width(T), d, n, m);
	else
		a_vfmax(c, T, d, n, m);
}

/* Rare: a division or a square root, whose NaNs have the sign by default too. */
bool fp_fixes_nan(struct tr *c, bool rare)
{
	return !fp_afp(c) && (rare || c->env->fp_exact);
}

/* Those NaNs of r that no operand brought in get the sign bit: the greater of two is a NaN if one of them is. V1t: which
 * lanes of a vector are none. */
static void repair(struct tr *c, int T, int r, int a, int b)
{
	int w = a_width(T), top = 8 * w - 1, n = a;

	if (b != a)
		v_fmax(c, T, n = V2t, a, b);
	a_vfcmeq(c, T, V2t, n, n);
	if (T == VS || T == VD) {                       /* r is one, and positive */
		a_vsli_i(c, a_lanes(w, 1), r, V2t, top);
		return;
	}
	a_vbic(c, V16B, V2t, V2t, V1t);
	a_vshl_i(c, T, V2t, V2t, top);
	a_vorr(c, V16B, r, r, V2t);
}

/* A scalar: is it exactly ARM's default NaN? A vector: is there any NaN? Then out of line. */
void fp_result(struct tr *c, int w, bool q, int r, int a, int b)
{
	int T = q ? a_lanes(w, 1) : a_vscalar(w);       /* the other lanes of a scalar must not raise anything */
	u32 *site;

	if (q) {
		a_vfcmeq(c, a_lanes(w, 1), V1t, r, r);
		a_vuminv(c, V4S, V2t, V1t);
		a_fmov_xv(c, 4, T0, V2t);
	} else {
		a_fmov_xv(c, w, T0, r);
		a_eor_i(c, w, T0, T0, w == 8 ? 0x7ff8000000000000 : 0x7fc00000);
	}
	site = c->code.p;
	if (c->nnan < countof(c->nan)) {
		a_cbz(c, q ? 4 : w, T0, 0);
		c->nan[c->nnan].site = site;
		c->nan[c->nnan].T = T;
		c->nan[c->nnan].r = r;
		c->nan[c->nnan].a = a;
		c->nan[c->nnan++].b = b;
		return;
	}
	a_cbnz(c, q ? 4 : w, T0, 0);
	repair(c, T, r, a, b);
	a_bind(c, site);
}

bool v_tail(struct tr *c)
{
	c->part[TR_REPAIRS] = c->code.p;
	for (u32 k = 0; k < c->nnan; k++) {
		u32 *site = c->nan[k].site;

		if (c->code.p + TR_INSN_ROOM > c->code.end || !a_bind(c, site))
			return false;
		repair(c, c->nan[k].T, c->nan[k].r, c->nan[k].a, c->nan[k].b);
		a_b(c, (char *)(site + 1) - (char *)c->code.p);
	}
	c->part[TR_LITERALS] = c->code.p;
	for (u32 k = 0; k < c->nlit; k++)
		if (c->code.p + TR_INSN_ROOM > c->code.end || !literal(c, k))
			return false;
	return true;
}
