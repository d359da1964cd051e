/* emit.c - walks a region's blocks and calls one emitter per instruction.
 *
 * The driver does once what every instruction needs: it brings operands into registers, computes the memory operand's
 * address, picks the destination and writes the result back. An emitter sees registers only (tr.h, EMIT).
 */
#include "tr/tr.h"
#include "gen/decode.h"

#define I(name, enc, opnds, reads, writes, feature, emit, lock) extern const struct emitter emit_##emit;
#include "x86/insn.def"
#undef I

const struct emitter *const tr_emit_tab[] = {
#define I(name, enc, opnds, reads, writes, feature, emit, lock) &emit_##emit,
#include "x86/insn.def"
#undef I
};

const u8 tr_greg[16] = { X8, X9, X2, X19, X21, X20, X1, X0, X4, X5, X3, X10, X22, X23, X24, X25 };

EMIT(NONE, RAW | IMPLICIT)
{
	tr_fault(c, TR_H_UNKNOWN);
}

/* --- operands */

static int gpr(struct tr *c, const struct opnd *o, int tmp)
{
	if (o->kind == OP_GPR)
		return G(o->reg);
	a_ubfx(c, 4, tmp, G(o->reg), 8, 8);
	return tmp;
}

int tr_src(struct tr *c, struct insn *i, int n, int tmp)
{
	const struct opnd *o = &i->o[n];

	switch (o->kind) {
	case OP_GPR: case OP_GPRH:
		return gpr(c, o, tmp);
	case OP_MEM:
		tr_load(c, tr_ea(c, i, o->w), o->w, tmp);
		return tmp;
	case OP_IMM: case OP_REL:
		if (i->imm == 0)
			return XZR;
		a_mov_i(c, i->w == 8 ? 8 : 4, tmp, i->w == 8 ? (u64)i->imm : (u32)i->imm);
		return tmp;
	default:
		return o->reg;
	}
}

int tr_srcz(struct tr *c, struct insn *i, int n, int tmp)
{
	const struct opnd *o = &i->o[n];

	if (o->kind != OP_GPR || o->w == 8)
		return tr_src(c, i, n, tmp);
	if (o->w == 4)
		a_mov(c, 4, tmp, G(o->reg));
	else
		a_ubfx(c, 4, tmp, G(o->reg), 0, o->w * 8);
	return tmp;
}

int tr_srcs(struct tr *c, struct insn *i, int n, int tmp)
{
	const struct opnd *o = &i->o[n];

	if (o->kind == OP_MEM)
		tr_loads(c, tr_ea(c, i, o->w), o->w, 8, tmp);
	else if (o->kind == OP_GPRH)
		a_sbfx(c, 8, tmp, G(o->reg), 8, 8);
	else if (o->kind == OP_GPR && o->w < 8)
		a_sbfx(c, 8, tmp, G(o->reg), 0, o->w * 8);
	else if (o->kind == OP_IMM)
		a_mov_i(c, 8, tmp, (u64)i->imm);
	else
		return tr_src(c, i, n, tmp);
	return tmp;
}

int tr_dst(struct tr *c, struct insn *i, int n, int tmp)
{
	const struct opnd *o = &i->o[n];

	if (o->kind == OP_GPR)
		return o->w >= 4 || tr_above_free(c, i, o->reg, o->w) ? G(o->reg) : tmp;
	return o->kind == OP_XMM ? o->reg : tmp;
}

void tr_mov_gpr(struct tr *c, int w, int d, int a)
{
	if (w >= 4) {
		if (d != a || w == 4)
			a_mov(c, w, d, a);
	} else if (d != a) {
		a_bfi(c, 8, d, a, 0, w * 8);
	}
}

void tr_wb(struct tr *c, struct insn *i, int n, int r)
{
	const struct opnd *o = &i->o[n];

	switch (o->kind) {
	case OP_GPR:
		if (r == G(o->reg))
			return;
		if (o->w < 4 && tr_above_free(c, i, o->reg, o->w))
			a_mov(c, 4, G(o->reg), r);
		else
			tr_mov_gpr(c, o->w, G(o->reg), r);
		break;
	case OP_GPRH:
		a_bfi(c, 8, G(o->reg), r, 8, 8);
		break;
	case OP_MEM:
		tr_store(c, tr_ea(c, i, o->w), o->w, r);
		break;
	}
}

/* --- the driver */

/* May the immediate of i stay one? Narrow operations shift it into place themselves. */
bool tr_imm_ok(const struct insn *i, int how)
{
	u64 v = i->w == 8 ? (u64)i->imm : (u32)i->imm, neg = i->w == 8 ? -v : (u32)-v;

	if (how & ANYIMM || (how & (ARITH | LOGIC) && i->w < 4))
		return true;
	if (how & ARITH)
		return a_fits_arith(v) || a_fits_arith(neg);
	return how & LOGIC && (a_fits_logic(i->w, v) || i->imm == -1);
}

static bool vec_mem(const struct insn *i, int n)
{
	return i->o[n].kind == OP_MEM && i->o[n].reg != OP_GPR && x86_rows[i->row].attr & ROW_VEC;
}

/* Reads operand n as a source; k is 0 for the first one. */
static int source(struct tr *c, struct insn *i, const struct emitter *e, int n, int k, const struct ea *m)
{
	const struct opnd *o = &i->o[n];
	int tmp = k == 0 ? T_SRC : T_SRC2;

	if (o->kind == OP_MEM && vec_mem(i, n)) {
		tmp = k == 0 ? V_A : V_B;
		tr_loadv(c, *m, o->w, tmp);
		return tmp;
	}
	if (o->kind == OP_MEM) {
		tr_load(c, *m, o->w, tmp);
		return tmp;
	}
	if (o->kind == OP_IMM && tr_imm_ok(i, e->how))
		return IMM;
	return tr_src(c, i, n, tmp);
}

static int reg(const struct opnd *o) { return o->kind == OP_XMM ? o->reg : G(o->reg); }

void tr_operands(struct tr *c, struct insn *i, const struct emitter *e)
{
	int s[2] = { -1, -1 }, ns = 0, d = -1;
	struct ea m = { 0 };
	bool store = false;

	for (int n = 0; n < 4 && i->o[n].kind; n++)
		if (i->o[n].kind == OP_MEM)
			m = tr_ea(c, i, i->o[n].w);
	for (int n = 0; n < 4 && i->o[n].kind && ns < 2; n++)
		if (i->o[n].access & OP_READ) {
			s[ns] = n == 0 && c->first ? reg(&c->first->o[1]) : source(c, i, e, n, ns, &m);
			ns++;
		}
	if (i->o[0].access & OP_WRITE) {
		store = i->o[0].kind == OP_MEM;
		d = store && vec_mem(i, 0) ? V0t + 5 : tr_dst(c, i, 0, T_DST);
		if (d == T_DST && e->how & VIA_PF && live(c, F_P | F_A) && !insn_maybe(i))
			d = R_PF;
	}
	if (store && e->how & PROBE)
		tr_store(c, m, i->o[0].w, s[0]);
	if (!tr_fp_before(c, i, e, d, s[0], s[1]))
		e->fn(c, i, d, s[0], s[1]);
	tr_fp_after(c);
	if (store)
		tr_sense(c);                    /* it may fault, with flags that the instruction keeps */
	if (store && vec_mem(i, 0))
		tr_storev(c, m, i->o[0].w, d);
	else if (store)
		tr_store(c, m, i->o[0].w, d);
	else if (d >= 0 && i->o[0].kind != OP_XMM)
		tr_wb(c, i, 0, d);
}

/* --- the side table */

static inline void map(struct tr *c, u32 guest)
{
	c->map[c->nmap++] = (struct tr_map){ (u8 *)c->code.p - (u8 *)c->start, guest };
}

void tr_sense(struct tr *c)
{
	if (c->cs == c->noted)
		return;
	c->noted = c->cs;
	map(c, TR_SENSE + c->cs);
}

static void put_off(struct tr *c, s16 src)
{
	if (src == c->noted_off)
		return;
	c->noted_off = src;
	if (src >= 0)
		map(c, c->ins[src].pc - c->lo);
	map(c, src >= 0 ? TR_PUT_OFF : TR_MADE);
}

static inline void note(struct tr *c, const struct insn *i)
{
	if (c->cs != c->noted)
		tr_sense(c);
	if (c->puts_off)
		put_off(c, c->put_off[i - c->ins]);
	map(c, i->pc - c->lo);
}

void tr_note(struct tr *c, const struct insn *i)
{
	note(c, i);
}

/* --- an instruction, a block, a region */

/* fcmp's raw result says PF too: what writes PF must not leave it standing, even if it writes nothing to NZCV. */
static void leave_fcmp(struct tr *c, const struct insn *i)
{
	const struct x86_row *r = &x86_rows[i->row];
	u8 keep = c->live;

	if ((c->cs != CS_FCMP && c->cs != CS_FORD) || !(r->writes & F_P) || insn_maybe(i))
		return;
	if ((r->writes & F_ALL) == F_ALL && !insn_reads(i)) {
		c->cs = CS_SUB;                 /* nothing of it is left */
		return;
	}
	c->live = (keep & ~r->writes) | (insn_reads(i) & F_ALL);
	tr_need(c, CS_SUB);
	c->live = keep;
}

static void insn(struct tr *c, struct insn *i)
{
	const struct emitter *e = tr_emitter(i);
	const struct insn *at = c->first ? c->first : i;        /* where it faults */
	u16 attr = x86_rows[i->row].attr;

	c->i = i;
	c->crosses = c->env->order == TR_TSO && c->env->crosses && c->env->crosses(c->env->ctx, at->pc);
	c->live = i->live;
	if (!(e->how & LOGIC))                          /* what is undefined is not made; after logic every CPU has AF = 0 */
		c->live &= ~(x86_rows[i->row].undef & F_A);
	note(c, at);
	if (attr & ROW_ALIGN)
		tr_align_check(c, i);
	if (!i->fact)
		leave_fcmp(c, i);
	if (i->fact)
		tr_fault(c, i->fact);
	else if (i->prefix & PFX_LOCK && c->env->order != TR_PLAIN)
		tr_lock(c, i);
	else if ((attr & (ROW_VEX | ROW_VEC)) == (ROW_VEX | ROW_VEC))
		tr_avx(c, i, e);
	else if (e->how & RAW)
		e->fn(c, i, -1, -1, -1);
	else
		tr_operands(c, i, e);
}

static void block(struct tr *c, struct block *b, bool first)
{
	struct insn *end = &c->ins[b->first + b->n];

	c->b = b;
	c->zero.on = false;
	c->page_ok = false;
	if (c->env->align)
		tr_align_start(c);
	if (first)                              /* a call comes in here with x16, x30 = the pair */
		a_stp_pre(c, 8, T0, X30, SP, -16);
	b->host = c->code.p;
	c->cs = b->cs_in;
	if (b->entry)
		c->entry[c->nentry++] = (struct tr_entry){ b->pc, (u8 *)c->code.p - (u8 *)c->start };
	if (b->entry && c->env->order != TR_PLAIN) {
		a_nop(c);                       /* becomes a branch while others run it: Arm ARM B2.2.5 */
		b->host = c->code.p;
	}
	if (first || b->loop) {
		tr_note(c, &c->ins[b->first]);
		a_ldr_i(c, 8, XZR, R_POLL, 0);
	}
	if (c->env->selfcheck && (first || b->loop))
		tr_selfcheck(c, b);
	if (first && c->env->cold)
		tr_count(c);
	if (first && c->guard) {
		tr_guard(c);
		b->host = c->code.p;            /* where the region's own branches go */
		if (b->loop)
			a_ldr_i(c, 8, XZR, R_POLL, 0);
	}
	if (c->has_x87)
		tr_x87_block(c, b);
	for (struct insn *i = &c->ins[b->first]; i < end; i++) {
		if (c->code.p + TR_INSN_ROOM > c->code.end)
			return;
		if (c->has_x87)
			tr_x87_before(c, i);
		struct insn *from = i;
		int n = tr_fuse(c, i, end);

		if (n && !c->first) {
			i += n - 1;
		} else {
			i += n;
			insn(c, i);
		}
		if (c->env->align)
			for (; from <= i; from++)
				tr_align_after(c, from);
	}
	if (c->has_x87)
		tr_x87_before(c, 0);
	c->live = b->next.live;
	tr_next(c, b);
}

int tr_emit(struct tr *c)
{
	c->start = c->code.p;
	c->count = c->guarded = 0;
	c->noted = CS_SUB;
	c->noted_off = -1;
	tr_align_start(c);
	c->nfix = c->ncold = c->nlate = c->nmiss = c->nmap = c->nentry = c->nlink = c->nlit = c->nnan = c->nx87_cold = c->nfp_cold = 0;
	c->low.i = c->zeroed = 0;
	for (u32 k = 0; k < c->nblk; k++) {
		c->blk[k].host = 0;
		c->blk[k].cs_in = CS_SUB;
	}
	/* The entry comes first wherever it lies, so that a call reaches the word before it. */
	for (u32 k = 0; k < c->nblk; k++)
		if (c->order[k] == 0) {
			for (; k; k--)
				c->order[k] = c->order[k - 1];
			c->order[0] = 0;
			break;
		}
	for (u32 k = 0; k < c->nblk; k++) {
		c->at = k;
		block(c, &c->blk[c->order[k]], k == 0);
		if (c->code.p + TR_INSN_ROOM > c->code.end)
			return -1;
	}
	return tr_tail(c);
}

int tr_translate(struct tr *c, gaddr pc)
{
	tr_region(c, pc);
	tr_sources(c);
	tr_live(c);
	if (c->has_x87)
		tr_x87(c);
	return tr_emit(c);
}
