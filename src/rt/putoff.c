/* putoff.c - flags that translated code had put off to a return (tr/defer.c), where it is left before that: by a fault, a
 * safepoint, a helper that goes on elsewhere.
 *
 * The side table names the instruction that set them. Its operands are still in their registers, but for rsp, which pops
 * may have moved since; an operand that was overwritten by the result is what the result and the other one say.
 */
#include "rt/rt.h"
#include "gen/decode.h"
#include "rt/except.h"

enum { CF = 1, PF = 4, AF = 16, ZF = 64, SF = 128, OF = 0x800, ALL = CF | PF | AF | ZF | SF | OF };

static u64 operand(const struct cpu *c, const struct insn *i, int n)
{
	return i->o[n].kind == OP_IMM ? (u64)i->imm : c->r[i->o[n].reg];
}

/* How far pops have moved rsp from the instruction after pc on, up to rip. */
static u64 popped(gaddr pc, gaddr rip)
{
	struct insn i;
	u64 n = 0;

	for (; pc < rip && rt_insn_at(pc, &i); pc = insn_next(&i))
		if (i.mn == MN_POP)
			n += i.o[0].w == 2 ? 2 : 8;
	return n;
}

/* r = a + b or a - b, all of w bits. SDM vol. 1, 3.4.3.1. */
static u64 flags_of(u64 r, u64 a, u64 b, bool sub, int w)
{
	u64 mask = ~0ull >> (64 - w), carry = sub ? (a & mask) < (b & mask) : (r & mask) < (a & mask);
	u64 over = sub ? (a ^ b) & (a ^ r) : ~(a ^ b) & (a ^ r);

	return (carry ? CF : 0) | (__builtin_parity((u8)r) ? 0 : PF) | ((a ^ b ^ r) & AF) | (r & mask ? 0 : ZF) |
	       (r >> (w - 1) & 1 ? SF : 0) | (over >> (w - 1) & 1 ? OF : 0);
}

void rt_put_off(struct cpu *c, const struct code_state *s)
{
	struct insn i;
	u64 a, b, r, f;
	bool sub;

	if (!rt_insn_at(s->put_off, &i))
		return;
	a = r = operand(c, &i, 0);
	b = operand(c, &i, 1);
	sub = i.mn == MN_SUB || i.mn == MN_CMP;
	switch (i.mn) {
	case MN_ADD: case MN_SUB:
		if (i.o[0].reg == RSP)
			r -= popped(insn_next(&i), s->rip);
		a = sub ? r + b : r - b;
		break;
	case MN_CMP:
		r = a - b;
		break;
	default:                                /* TEST, AND, OR, XOR: as a result less zero, but for AF, which they clear */
		if (i.mn == MN_TEST)
			r = a & b;
		if (i.mn == MN_XOR && i.o[1].kind == OP_GPR && i.o[1].reg == i.o[0].reg)
			r = 0;                  /* the register may hold something else by now */
		a = r;
		b = 0;
	}
	f = flags_of(r, a, b, sub, i.w == 8 ? 64 : 32);
	rt_set_rflags(c, (rt_get_rflags(c) & ~(u64)ALL) | f);
}

void rt_put_off_leave(struct thread *t)
{
	struct code_state s;

	if (unlikely(t->back != 0) && rt_code_state(t->back - 4, &s) && s.put_off)
		rt_put_off(&t->cpu, &s);
	t->back = 0;
}
