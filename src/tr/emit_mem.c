/* emit_mem.c - guest memory: effective addresses in the fewest words, and the only loads and stores of it.
 *
 * struct ea is an addressing mode of the access that asked for it: [base, #off] or [base, index {, lsl #log2 w}].
 * In ordered code (TR_TSO) it is [base, #off] with an offset that ldapur takes, or none.
 * The order of each access is argued in doc/memory.md.
 */
#include "tr/tr.h"

#define NOIDX 0xff

static bool ordered(struct tr *c) { return c->env->order == TR_TSO; }
static bool ordered_v(struct tr *c) { return ordered(c) && !c->env->scalar_order; }
/* May an access of w bytes have any addressing mode? Those of 16 and more are vector registers'. */
static bool any_mode(struct tr *c, int w) { return w >= 16 ? !ordered_v(c) : !ordered(c); }

static bool off_fits(struct tr *c, int w, s64 off)
{
	if (w == 32)
		return a_fits_mem(16, off) && a_fits_mem(16, off + 16);
	if (!ordered(c) || w == 16)
		return a_fits_mem(w, off);
	return off == 0 || (has(c, HOST_LRCPC2) && a_fits_unscaled(off));
}

/* d = n + k for any k; d may be n. Uses d as its scratch, or T_ADDR when d is n. */
void tr_add_const(struct tr *c, int w, int d, int n, s64 k)
{
	u64 abs = k < 0 ? -(u64)k : (u64)k;

	if (a_fits_arith(abs)) {
		(k < 0 ? a_sub_i : a_add_i)(c, w, d, n, abs);
	} else if (abs < 1 << 24) {
		(k < 0 ? a_sub_i : a_add_i)(c, w, d, n, abs & ~0xfffull);
		(k < 0 ? a_sub_i : a_add_i)(c, w, d, d, abs & 0xfff);
	} else {
		int t = d == n ? T_ADDR : d;

		a_mov_i(c, w, t, w == 4 ? (u32)k : (u64)k);
		a_add(c, w, d, n, t);
	}
}

/* A guest address as a constant. Near code reaches it from the program counter, so that it moves with its image. */
void tr_gaddr(struct tr *c, int d, gaddr a)
{
	s64 pc = (s64)(u64)c->code.p + c->code.exec, off = (s64)a - pc, page = align_down((s64)a, 4096) - align_down(pc, 4096);

	if (c->page_ok && align_down(a, 4096) == c->page) {
		a_add_i(c, 8, d, R_PAGE, a & 0xfff);
	} else if (c->env->near && off >= -(1 << 20) && off < 1 << 20) {
		a_adr(c, d, off);
	} else if (c->env->near && page >= -(1ll << 32) && page < 1ll << 32) {
		a_adrp(c, d, page);
		if (a & 0xfff)
			a_add_i(c, 8, d, d, a & 0xfff);
	} else {
		a_mov_i(c, 8, d, a);
	}
}

/* Makes R_PAGE hold the page of a, for it and its neighbours. */
static void page(struct tr *c, gaddr a)
{
	gaddr p = align_down(a, 4096);

	if (c->page_ok && c->page == p)
		return;
	tr_gaddr(c, R_PAGE, p);
	c->page = p;
	c->page_ok = true;
}

struct ea tr_ea_reg(int reg) { return (struct ea){ reg, NOIDX, 0, 0, 0 }; }

static struct ea constant(struct tr *c, gaddr a, int w)
{
	page(c, a);
	if (off_fits(c, w, a & 0xfff))
		return (struct ea){ R_PAGE, NOIDX, 0, 0, a & 0xfff };
	a_add_i(c, 8, T_ADDR, R_PAGE, a & 0xfff);
	return tr_ea_reg(T_ADDR);
}

static struct ea based(struct tr *c, int base, s64 off, int w)
{
	if (off_fits(c, w, off))
		return (struct ea){ base, NOIDX, 0, 0, off };
	if (any_mode(c, w) && w < 32 && (off < -(1 << 24) || off >= 1 << 24)) {
		int x = base == T_ADDR ? R_PAGE : T_ADDR;

		a_mov_i(c, 8, x, (u64)off);
		c->page_ok &= x != R_PAGE;
		return (struct ea){ base, x, UXTX, 0, 0 };
	}
	if (any_mode(c, w) && off > 0 && off < 1 << 24 && off_fits(c, w, off & 0xfff)) {
		a_add_i(c, 8, T_ADDR, base, off & ~0xfffll);
		return (struct ea){ T_ADDR, NOIDX, 0, 0, off & 0xfff };
	}
	if (base == T_ADDR && (off < -(1 << 24) || off >= 1 << 24)) {
		a_mov_i(c, 8, R_PAGE, (u64)off);
		c->page_ok = false;
		a_add(c, 8, T_ADDR, T_ADDR, R_PAGE);
	} else {
		tr_add_const(c, 8, T_ADDR, base, off);
	}
	return tr_ea_reg(T_ADDR);
}

/* base + (index << shift) + disp into d, w bytes wide; base and index are x86 numbers or NOREG. */
static void sum(struct tr *c, int w, int d, int base, int index, int shift, s64 disp)
{
	if (base == NOREG && index == NOREG) {
		a_mov_i(c, w, d, w == 4 ? (u32)disp : (u64)disp);
		return;
	}
	if (index == NOREG) {
		if (disp == 0)
			a_mov(c, w, d, G(base));
		else
			tr_add_const(c, w, d, G(base), disp);
		return;
	}
	if (base == NOREG)
		a_lsl_i(c, w, d, G(index), shift);
	else
		a_add_sh(c, w, d, G(base), G(index), LSL, shift);
	if (disp == 0)
		return;
	if (d != T_ADDR) {
		tr_add_const(c, w, d, d, disp);
	} else {
		u64 abs = disp < 0 ? -(u64)disp : (u64)disp;

		if (abs < 1 << 24) {
			tr_add_const(c, w, d, d, disp);
		} else {
			a_mov_i(c, 8, R_PAGE, (u64)disp);
			c->page_ok = false;
			a_add(c, w, d, d, R_PAGE);
		}
	}
}

/* Segment base (FS, GS) plus what T_ADDR holds, or plus disp alone. */
static struct ea segment(struct tr *c, struct insn *i, int w)
{
	int field = i->seg == SEG_FS ? offsetof(struct cpu, fs_base) : offsetof(struct cpu, gs_base);

	if (i->base == NOREG && i->index == NOREG && i->aw == 8) {
		a_ldr_i(c, 8, T_ADDR, R_CPU, field);
		return based(c, T_ADDR, i->disp, w);
	}
	tr_addr(c, i, T_ADDR);
	return tr_ea_reg(T_ADDR);
}

struct ea tr_ea(struct tr *c, struct insn *i, int w)
{
	if (i->base == MOFFS) {
		if (i->seg != SEG_NONE) {
			tr_addr(c, i, T_ADDR);
			return tr_ea_reg(T_ADDR);
		}
		return constant(c, i->aw == 4 ? (u32)i->imm : (u64)i->imm, w);
	}
	if (i->seg == SEG_FS || i->seg == SEG_GS)
		return segment(c, i, w);
	if (i->base == RIP) {
		gaddr a = insn_next(i) + i->disp;

		return constant(c, i->aw == 4 ? (u32)a : a, w);
	}
	if (i->aw == 4) {
		sum(c, 4, T_ADDR, i->base, i->index, i->shift, i->disp);
		return tr_ea_reg(T_ADDR);
	}
	if (i->base == NOREG && i->index == NOREG)
		return constant(c, (s64)i->disp, w);
	if (i->index == NOREG)
		return based(c, G(i->base), i->disp, w);
	if (any_mode(c, w) && w < 32 && i->base != NOREG && i->disp == 0 && (i->shift == 0 || 1 << i->shift == w))
		return (struct ea){ G(i->base), G(i->index), UXTX, i->shift, 0 };
	if (any_mode(c, w) && w < 32 && i->base == NOREG && (i->shift == 0 || 1 << i->shift == w) && i->disp) {
		a_mov_i(c, 8, T_ADDR, (s64)i->disp);
		return (struct ea){ T_ADDR, G(i->index), UXTX, i->shift, 0 };
	}
	sum(c, 8, T_ADDR, i->base, i->index, i->shift, 0);
	return based(c, T_ADDR, i->disp, w);
}

struct ea tr_ea_off(struct tr *c, struct ea m, int w, s32 off)
{
	if (m.index != NOIDX) {
		a_add_sh(c, 8, T_ADDR, m.base, m.index, LSL, m.scaled);
		return based(c, T_ADDR, off, w);
	}
	return based(c, m.base, m.off + off, w);
}

int tr_addr_in(struct tr *c, struct insn *i, int tmp)
{
	if (i->base < 16 && i->index == NOREG && !i->disp && i->aw == 8 && i->seg != SEG_FS && i->seg != SEG_GS)
		return G(i->base);
	tr_addr(c, i, tmp);
	return tmp;
}

/* The address that the access uses: segment base included. d may be T_ADDR or any register. */
void tr_addr(struct tr *c, struct insn *i, int d)
{
	int field = i->seg == SEG_FS ? offsetof(struct cpu, fs_base) : offsetof(struct cpu, gs_base);

	tr_lea(c, i, i->aw, d);
	if (i->seg == SEG_FS || i->seg == SEG_GS) {
		int t = d == R_PAGE ? T_ADDR : R_PAGE;

		c->page_ok &= t != R_PAGE;
		a_ldr_i(c, 8, t, R_CPU, field);
		a_add(c, 8, d, d, t);
	}
}

/* The address without its segment, w bytes of it: what LEA gives. */
void tr_lea(struct tr *c, struct insn *i, int w, int d)
{
	if (i->base == MOFFS)
		tr_gaddr(c, d, i->aw == 4 ? (u32)i->imm : (u64)i->imm);
	else if (i->base == RIP && i->aw == 8 && w == 8)
		tr_gaddr(c, d, insn_next(i) + i->disp);
	else if (i->base == RIP)
		a_mov_i(c, 4, d, (u32)(insn_next(i) + i->disp));
	else
		sum(c, i->aw == 4 || w < 8 ? 4 : 8, d, i->base, i->index, i->shift, i->disp);
}

/* --- accesses */

static void ldapr(struct tr *c, int w, int t, int base, s32 off)
{
	if (c->crosses) {
		a_ldr_u(c, w, t, base, off);
		a_dmb(c, A_ISHLD);
	} else if (off || has(c, HOST_LRCPC2)) {
		a_ldapur(c, w, t, base, off);
	} else if (has(c, HOST_LRCPC)) {
		a_ldapr(c, w, t, base);
	} else {
		a_ldar(c, w, t, base);
	}
}

void tr_load(struct tr *c, struct ea m, int w, int t)
{
	if (ordered(c))
		ldapr(c, w, t, m.base, m.off);
	else if (m.index != NOIDX)
		a_ldr_r(c, w, t, m.base, m.index, m.ext, m.scaled);
	else
		a_ldr_i(c, w, t, m.base, m.off);
}

void tr_loads(struct tr *c, struct ea m, int w, int dw, int t)
{
	if (w == dw) {
		tr_load(c, m, w, t);
	} else if (ordered(c) && has(c, HOST_LRCPC2) && !c->crosses) {
		a_ldapurs(c, w, dw, t, m.base, m.off);
	} else if (ordered(c)) {
		ldapr(c, w, t, m.base, m.off);
		a_sbfx(c, dw, t, t, 0, w * 8);
	} else if (m.index != NOIDX) {
		a_ldrs_r(c, w, dw, t, m.base, m.index, m.ext, m.scaled);
	} else {
		a_ldrs_i(c, w, dw, t, m.base, m.off);
	}
}

void tr_store(struct tr *c, struct ea m, int w, int t)
{
	if (ordered(c) && c->crosses) {
		a_dmb(c, A_ISH);
		a_str_u(c, w, t, m.base, m.off);
	} else if (ordered(c) && (m.off || has(c, HOST_LRCPC2))) {
		a_stlur(c, w, t, m.base, m.off);
	} else if (ordered(c)) {
		a_stlr(c, w, t, m.base);
	} else if (m.index != NOIDX) {
		a_str_r(c, w, t, m.base, m.index, m.ext, m.scaled);
	} else {
		a_str_i(c, w, t, m.base, m.off);
	}
}

/* Ordered, what fits a general register goes through one, T_DST: ldapr and stlr cost less than barriers. */
void tr_loadv(struct tr *c, struct ea m, int w, int v)
{
	if (ordered_v(c) && w <= 8 && !c->crosses) {
		ldapr(c, w, T_DST, m.base, m.off);
		a_fmov_vx(c, w == 8 ? 8 : 4, v, T_DST);
		return;
	}
	if (m.index != NOIDX)
		a_ldrv_r(c, w, v, m.base, m.index, m.ext, m.scaled);
	else
		a_ldrv_i(c, w, v, m.base, m.off);
	if (ordered_v(c))
		a_dmb(c, A_ISHLD);
}

void tr_storev(struct tr *c, struct ea m, int w, int v)
{
	if (ordered_v(c) && w <= 8 && !c->crosses) {
		a_fmov_xv(c, w == 8 ? 8 : 4, T_DST, v);
		tr_store(c, m, w, T_DST);
		return;
	}
	if (ordered_v(c))
		a_dmb(c, A_ISHST);
	if (m.index != NOIDX)
		a_strv_r(c, w, v, m.base, m.index, m.ext, m.scaled);
	else
		a_strv_i(c, w, v, m.base, m.off);
}

bool tr_lane(struct tr *c, struct ea m) { return !ordered(c) && m.index == NOIDX && !m.off; }

void tr_loadv2(struct tr *c, struct ea m, int lo, int hi)
{
	if (a_fits_pair(16, m.off)) {
		a_ldpv_i(c, 16, lo, hi, m.base, m.off);
	} else {
		a_ldrv_i(c, 16, lo, m.base, m.off);
		a_ldrv_i(c, 16, hi, m.base, m.off + 16);
	}
	if (ordered_v(c))
		a_dmb(c, A_ISHLD);
}

void tr_storev2(struct tr *c, struct ea m, int lo, int hi)
{
	if (ordered_v(c))
		a_dmb(c, A_ISHST);
	if (a_fits_pair(16, m.off)) {
		a_stpv_i(c, 16, lo, hi, m.base, m.off);
	} else {
		a_strv_i(c, 16, lo, m.base, m.off);
		a_strv_i(c, 16, hi, m.base, m.off + 16);
	}
}

/* --- the stack: writes rsp only after the access */

void tr_push(struct tr *c, int w, int r)
{
	int sp = G(RSP);

	if (ordered(c)) {
		struct ea m = based(c, sp, -w, w);

		tr_store(c, m, w, r);
		a_sub_i(c, 8, sp, sp, w);
	} else if (r == sp) {
		a_str_i(c, w, r, sp, -w);
		a_sub_i(c, 8, sp, sp, w);
	} else {
		a_str_pre(c, w, r, sp, -w);
	}
}

void tr_pop(struct tr *c, int w, int r)
{
	int sp = G(RSP);

	if (r == sp) {
		tr_load(c, tr_ea_reg(sp), w, r);
	} else if (ordered(c)) {
		tr_load(c, tr_ea_reg(sp), w, r);
		a_add_i(c, 8, sp, sp, w);
	} else {
		a_ldr_post(c, w, r, sp, w);
	}
}
