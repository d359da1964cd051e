/* fuse.c - neighbours that become one: a peephole over decoded instructions, just before they are emitted.
 *
 *   mov d, a ; op d, b        op d, a, b                   movaps and its like too
 *   pxor d, d ; cvtsi2sd d, b cvtsi2sd d, b
 *   push a ; push b           stp b, a, [rsp, #-16]!       and pops likewise
 *   the same, ordered         stlur a, stlur b, sub rsp
 *   test a, a ; jz            cbz a                        also cmp a, 0 and single bits: see tr_only_branches
 *
 * A group faults as its first instruction: nothing of it has changed a register when it does. The runtime then takes it
 * apart (rt/fault.c), so that the guest sees which one it was.
 */
#include "tr/tr.h"
#include "gen/decode.h"

/* --- mov + operation */

static bool three_operand(const struct insn *i)
{
	switch (i->mn) {
	case MN_ADD: case MN_SUB: case MN_AND: case MN_OR: case MN_XOR: case MN_INC: case MN_DEC: case MN_NEG: case MN_NOT:
		return true;
	case MN_IMUL:
		return i->o[0].access == (OP_READ | OP_WRITE);
	case MN_SHL: case MN_SHR: case MN_SAR:
		return i->o[1].kind == OP_IMM && i->imm & (i->w == 8 ? 63 : 31);
	}
	return false;
}

static bool mentions(const struct insn *i, int n, int reg)
{
	for (; n < 4; n++)
		if ((i->o[n].kind == OP_GPR && i->o[n].reg == reg) || (i->o[n].kind == OP_GPRH && i->o[n].reg == reg))
			return true;
	return i->base == reg || i->index == reg;
}

static bool mov_op(struct insn *i, struct insn *op)
{
	struct opnd *d = &i->o[0], *a = &i->o[1];

	return d->kind == OP_GPR && a->kind == OP_GPR && d->w >= 4 && d->reg != a->reg &&
	       three_operand(op) && op->o[0].kind == OP_GPR && op->o[0].reg == d->reg &&
	       op->o[0].w >= 4 && op->o[0].w <= d->w && !mentions(op, 1, d->reg);
}

/* Vectors: the operation's own sources become the register that was copied, as VEX forms have it. It need not be the
 * next instruction, if those between cannot fault: after one that did, d would have to be there. */
static bool uses(const struct insn *i, int n, int xmm, int access)
{
	for (; n < 4; n++)
		if (i->o[n].kind == OP_XMM && i->o[n].reg == xmm && i->o[n].access & access)
			return true;
	return false;
}

static bool passes_by(const struct insn *k, int d, int a)
{
	if (k->fact || tr_emitter(k)->how & IMPLICIT || k->mn == MN_DIV || k->mn == MN_IDIV || k->prefix & PFX_LOCK)
		return false;
	for (int n = 0; n < 4; n++)
		if (k->o[n].kind != OP_NONE && k->o[n].kind != OP_GPR && k->o[n].kind != OP_XMM && k->o[n].kind != OP_IMM)
			return false;
	return !uses(k, 0, d, OP_READ | OP_WRITE) && !uses(k, 0, a, OP_WRITE);
}

/* 1: the next instruction takes over the copy; 2: a later one does; 0: none. */
static int movaps_op(struct insn *i, struct insn *end)
{
	int d = i->o[0].reg, a = i->o[1].reg;
	struct insn *op = i + 1;

	if (i->o[0].kind != OP_XMM || i->o[1].kind != OP_XMM || a == d)
		return 0;
	while (op < end && op < i + 5 && passes_by(op, d, a))
		op++;
	if (op >= end || op >= i + 5 || op->fact || tr_emitter(op)->how & IMPLICIT || op->prefix & PFX_VEX)
		return 0;
	if (op->o[0].kind != OP_XMM || op->o[0].reg != d || !(op->o[0].access & OP_WRITE))
		return 0;
	for (int n = 0; op > i + 1 && n < 4; n++)
		if (op->o[n].kind == OP_MEM)    /* it may fault, and then d would have to be there */
			return 0;
	if (op->o[0].access != OP_WRITE)
		return op == i + 1 && !uses(op, 1, d, OP_READ);
	if (!uses(op, 1, d, OP_READ))
		return 0;
	for (int n = 1; n < 4; n++)
		if (op->o[n].kind == OP_XMM && op->o[n].reg == d)
			op->o[n].reg = a;
	return op == i + 1 ? 1 : 2;
}

/* pxor d, d only breaks a dependency where a conversion writes d next: that clears the upper lanes itself, since
 * they are known to be zero. Not with FEAT_AFP's NEP, which keeps what d holds. */
static bool zero_op(struct tr *c, struct insn *i, struct insn *op)
{
	int d = i->o[0].reg;

	if (has(c, HOST_AFP) || c->env->fp_check || i->o[0].kind != OP_XMM || i->o[2].kind != OP_XMM || i->o[1].reg != d || i->o[2].reg != d)
		return false;
	switch (op->mn) {
	case MN_CVTSI2SS: case MN_CVTSI2SD: case MN_CVTSS2SD: case MN_CVTSD2SS: case MN_SQRTSS: case MN_SQRTSD:
		return op->o[0].reg == d && op->o[1].reg == d && !(op->o[2].kind == OP_XMM && op->o[2].reg == d);
	}
	return false;
}

/* --- runs of pushes and pops */

static bool push_or_pop(const struct insn *i, int what)
{
	return i->mn == what && i->w == 8 && i->o[0].kind == OP_GPR && i->o[0].reg != RSP;
}

static int pair(struct tr *c, struct insn *i)
{
	if (push_or_pop(i, MN_PUSH) && push_or_pop(i + 1, MN_PUSH)) {
		tr_note(c, i);
		a_stp_pre(c, 8, G(i[1].o[0].reg), G(i->o[0].reg), G(RSP), -16);
		return 2;
	}
	if (push_or_pop(i, MN_POP) && push_or_pop(i + 1, MN_POP) && i->o[0].reg != i[1].o[0].reg) {
		tr_note(c, i);
		a_ldp_post(c, 8, G(i->o[0].reg), G(i[1].o[0].reg), G(RSP), 16);
		return 2;
	}
	return 0;
}

/* Ordered: each access its own, rsp once. The last word is touched before the first pop, so that all of them fault or
 * none does. */
static int ordered_run(struct tr *c, struct insn *i, struct insn *end)
{
	int n = 0, sp = G(RSP);

	if (!has(c, HOST_LRCPC2) || (c->env->crosses && c->env->crosses(c->env->ctx, i->pc)))
		return 0;
	while (i + n < end && n < 16 && push_or_pop(i + n, i->mn) && !(i[n].prefix & PFX_LOCK))
		n++;
	if (n < (i->mn == MN_PUSH ? 2 : 3))
		return 0;
	tr_note(c, i);
	if (i->mn == MN_POP)
		a_ldr_i(c, 8, XZR, sp, 8 * (n - 1));
	for (int k = 0; k < n; k++)
		if (i->mn == MN_PUSH)
			a_stlur(c, 8, G(i[k].o[0].reg), sp, -8 * (k + 1));
		else
			a_ldapur(c, 8, G(i[k].o[0].reg), sp, 8 * k);
	(i->mn == MN_PUSH ? a_sub_i : a_add_i)(c, 8, sp, sp, 8 * n);
	return n;
}

static int __attribute__((noinline)) fuse(struct tr *c, struct insn *i, struct insn *end)
{
	int how = 0;

	if (i + 1 >= end || (i->prefix | i[1].prefix) & PFX_LOCK)
		return 0;
	switch (i->mn) {
	case MN_PUSH: case MN_POP:
		return c->env->order == TR_TSO ? ordered_run(c, i, end) : pair(c, i);
	case MN_MOV:
		how = mov_op(i, i + 1);
		break;
	case MN_MOVAPS: case MN_MOVAPD: case MN_MOVDQA: case MN_MOVUPS: case MN_MOVUPD: case MN_MOVDQU:
		how = c->env->fp_check ? 0 : movaps_op(i, end);      /* an exception is told of at its own instruction */
		break;
	case MN_PXOR: case MN_XORPS: case MN_XORPD:
		how = zero_op(c, i, i + 1);
		break;
	}
	if (how == 1)
		c->first = i;
	return how != 0;
}

/* Returns how many instructions from i on need no more emitting; when c->first is set, the next one goes the usual way. */
int tr_fuse(struct tr *c, struct insn *i, struct insn *end)
{
	c->first = 0;
	switch (i->mn) {
	case MN_MOV:
		return i->o[0].kind == OP_GPR && i->o[1].kind == OP_GPR ? fuse(c, i, end) : 0;
	case MN_PUSH: case MN_POP: case MN_MOVAPS: case MN_MOVAPD: case MN_MOVDQA: case MN_MOVUPS: case MN_MOVUPD: case MN_MOVDQU:
	case MN_PXOR: case MN_XORPS: case MN_XORPD:
		return fuse(c, i, end);
	}
	return 0;
}

/* --- compare + branch: is the next instruction a branch that alone reads i's flags, on E or NE (or, with sign, on the
 * sign)? Then nothing but the tested register need be told to it: tr_zero_branch. */
bool tr_only_branches(struct tr *c, struct insn *i, bool sign)
{
	struct insn *j = i + 1;
	struct block *b = c->b;

	if (c->replay || j >= &c->ins[b->first + b->n] || j->mn != MN_Jcc || j->live)
		return false;
	switch (j->cc) {
	case COND_E: case COND_NE:
		return true;
	case COND_S: case COND_NS: case COND_L: case COND_GE:
		return sign;
	}
	return false;
}
