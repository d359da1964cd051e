/* avx.c - VEX forms: how emitters for 128 bits do 256, and where the upper halves of ymm registers are.
 *
 * Those of ymm0-7 are v16-v23, those of ymm8-15 lie in struct cpu; cpu.ymmh_used is not zero if one of these may be
 * other than zero. An emitter that works lane by lane runs once for each half, on other registers; one that says WHOLE
 * runs once, and makes the upper half itself. What a VEX form of 128 bits or a scalar writes has its upper half cleared,
 * where that changes anything and somebody sees it. All of a memory operand is loaded before a register is written.
 * SDM volume 1, 14; volume 2, 2.3.10.
 */
#include "tr/avx.h"

#define YMMH(n) (s64)(offsetof(struct cpu, ymmh) + 16 * (n))
_Static_assert(YMMH(8) % 4096 <= 1008 - 96, "within stp's reach of a page's begin");

int y_high(struct tr *c, int n, int tmp)
{
	if (n < 8)
		return 16 + n;
	a_ldrv_i(c, 16, tmp, R_CPU, YMMH(n));
	return tmp;
}

int y_dst(int n) { return n < 8 ? 16 + n : V5t; }

void y_put(struct tr *c, int n, int r)
{
	if (n < 8) {
		v_mov(c, 16 + n, r);
		return;
	}
	a_strv_i(c, 16, r, R_CPU, YMMH(n));
	a_str_i(c, 8, R_CPU, R_CPU, offsetof(struct cpu, ymmh_used));
}

void y_copy(struct tr *c, int d, int n)
{
	if (d != n)
		y_put(c, d, y_high(c, n, y_dst(d)));
}

void y_clear(struct tr *c, int n)
{
	if (n < 8) {
		a_vzero(c, 16 + n);
	} else {
		a_vzero(c, V5t);
		a_strv_i(c, 16, V5t, R_CPU, YMMH(n));
	}
}

void y_zero(struct tr *c, struct insn *i, int n)
{
	if (!tr_ymm_free(c, i, n))
		y_clear(c, n);
}

/* Those in struct cpu all at once, and only if some code has written one. */
EMIT(vzeroupper, RAW)
{
	u32 *none;
	bool rest = false;

	for (int n = 0; n < 16; n++)
		if (n >= 8)
			rest |= !tr_ymm_free(c, i, n);
		else
			y_zero(c, i, n);
	if (!rest)
		return;
	a_ldr_i(c, 8, T0, R_CPU, offsetof(struct cpu, ymmh_used));
	none = c->code.p;
	a_cbz(c, 8, T0, 0);
	a_str_i(c, 8, XZR, R_CPU, offsetof(struct cpu, ymmh_used));
	a_vzero(c, V5t);
	a_add_i(c, 8, T0, R_CPU, YMMH(8) & ~0xfffll);
	for (int n = 8; n < 16; n += 2)
		a_stpv_i(c, 16, V5t, V5t, T0, YMMH(n) & 0xfff);
	a_bind(c, none);
}
EMIT(vzeroall, RAW)
{
	for (int n = 0; n < 16; n++)
		a_vzero(c, n);
	emit_vzeroupper.fn(c, i, -1, -1, -1);
}

/* ---- the driver */

static bool is_xmm(const struct opnd *o, int access) { return o->kind == OP_XMM && o->access & access; }

static bool wide(const struct insn *i)
{
	return y_wide(&i->o[0]) || y_wide(&i->o[1]) || y_wide(&i->o[2]);
}

static bool three_sources(const struct insn *i) { return is_xmm(&i->o[0], OP_READ) || i->o[3].kind == OP_XMM; }

int y_source(struct tr *c, struct insn *i, int n, int tmp)
{
	return i->o[n].kind == OP_MEM ? V5t : y_high(c, i->o[n].reg, tmp);
}

/* Finds the sources: which operands, and registers with their lower halves. */
static int sources(struct tr *c, struct insn *i, int op[3], int lo[3])
{
	int k = 0;

	for (int n = 0; n < 4 && k < 3; n++) {
		const struct opnd *o = &i->o[n];
		int tmp = k ? V_B : V_A;

		if (!o->kind || !(o->access & OP_READ))
			continue;
		op[k] = n;
		if (o->kind == OP_MEM && y_wide(o))
			tr_loadv2(c, tr_ea(c, i, 32), lo[k] = tmp, V5t);
		else if (o->kind == OP_MEM)
			tr_loadv(c, tr_ea(c, i, o->w), o->w, lo[k] = tmp);
		else
			lo[k] = o->kind == OP_IMM ? IMM : o->reg;
		k++;
	}
	return k;
}

static void upper(struct tr *c, struct insn *i, const struct emitter *e, int n, const int *op, const int *lo)
{
	static const u8 spare[3] = { V_A, V_B, V5t };
	const struct opnd *to = &i->o[0];
	int hi[3] = { 0 }, d = y_dst(to->reg), used = 0;
	s64 imm = i->imm;

	for (int k = 0; k < n; k++) {
		const struct opnd *o = &i->o[op[k]];

		hi[k] = lo[k];
		if (y_wide(o) && o->kind == OP_MEM)
			hi[k] = V5t;
		else if (y_wide(o) && o->kind == OP_XMM)
			hi[k] = y_high(c, o->reg, spare[used++]);
	}
	if (to->access & OP_READ)
		d = hi[0];
	i->imm = (u64)imm >> (e->how >> 8);
	c->third = hi[2];
	e->fn(c, i, d, hi[0], hi[1]);
	i->imm = imm;
	y_put(c, to->reg, d);
}

static void halves(struct tr *c, struct insn *i, const struct emitter *e, bool both)
{
	int op[3], lo[3] = { 0 }, n = sources(c, i, op, lo), d = -1;

	if (both && n > 1 && lo[1] == i->o[0].reg && !y_wide(&i->o[op[1]]))
		a_vmov(c, V16B, lo[1] = V_B, i->o[0].reg);      /* a shift's count, for both halves */
	if (i->o[0].access & OP_WRITE)
		d = tr_dst(c, i, 0, T_DST);
	c->third = lo[2];
	if (tr_fp_before(c, i, e, d, lo[0], lo[1]))
		return;
	e->fn(c, i, d, lo[0], lo[1]);
	if (d >= 0 && i->o[0].kind == OP_GPR)
		tr_wb(c, i, 0, d);
	if (both)
		upper(c, i, e, n, op, lo);
	tr_fp_after(c);
}

void tr_avx(struct tr *c, struct insn *i, const struct emitter *e)
{
	const struct opnd *to = &i->o[0];

	if (e->how & RAW)
		e->fn(c, i, -1, -1, -1);
	else if (wide(i) || three_sources(i))
		halves(c, i, e, wide(i) && !(e->how & WHOLE));
	else
		tr_operands(c, i, e);
	if (is_xmm(to, OP_WRITE) && !y_wide(to))
		y_zero(c, i, to->reg);
}
