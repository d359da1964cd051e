/* text.c - struct insn as Intel-syntax text, for dumps and messages.
 *
 * Prints the facts the decoder found, not the bytes: sizes of memory operands always, absolute branch targets,
 * RIP-relative addresses as [rip+disp]. No libc: dumps are made inside the runtime too.
 */
#include "x86/insn.h"
#include "gen/decode.h"

struct out { char *p, *end; size_t n; };

static void ch(struct out *o, char c)
{
	if (o->p < o->end)
		*o->p++ = c;
	o->n++;
}

static void str(struct out *o, const char *s)
{
	while (*s)
		ch(o, *s++);
}

static void hex(struct out *o, u64 v)
{
	int k;

	str(o, "0x");
	for (k = 60; k && !(v >> k & 15); k -= 4)
		;
	for (; k >= 0; k -= 4)
		ch(o, "0123456789abcdef"[v >> k & 15]);
}

static void num(struct out *o, unsigned v)
{
	if (v >= 10)
		num(o, v / 10);
	ch(o, '0' + v % 10);
}

static void gpr(struct out *o, unsigned reg, unsigned w)
{
	static const char low[8][3] = { "ax", "cx", "dx", "bx", "sp", "bp", "si", "di" };

	if (reg >= 8 && reg < 16) {
		ch(o, 'r');
		num(o, reg);
		str(o, w == 8 ? "" : w == 4 ? "d" : w == 2 ? "w" : "b");
	} else if (reg < 8 && w == 1) {
		ch(o, low[reg][0]);
		if (reg >= 4)
			ch(o, low[reg][1]);
		ch(o, 'l');
	} else if (reg < 8) {
		str(o, w == 8 ? "r" : w == 4 ? "e" : "");
		str(o, low[reg]);
	} else {
		str(o, w == 8 ? "rip" : "eip");
	}
}

static void vector(struct out *o, const struct opnd *op)
{
	str(o, op->kind == OP_MMX ? "mm" : op->w == 32 ? "ymm" : "xmm");
	num(o, op->reg);
}

static void segment(struct out *o, unsigned seg)
{
	if (seg < SEG_NONE) {
		ch(o, "ecsdfg"[seg]);
		ch(o, 's');
	}
}

static void pointer(struct out *o, unsigned w)
{
	static const struct { u8 w; char name[8]; } names[] = {
		{ 1, "byte" }, { 2, "word" }, { 4, "dword" }, { 6, "fword" }, { 8, "qword" }, { 10, "tbyte" },
		{ 16, "xmmword" }, { 32, "ymmword" },
	};

	for (size_t k = 0; k < countof(names); k++)
		if (names[k].w == w) {
			for (size_t c = 0; c < sizeof names[k].name && names[k].name[c]; c++)
				ch(o, names[k].name[c]);
			str(o, " ptr ");
		}
}

static void address(struct out *o, const struct insn *i, bool vmem)
{
	bool any = false;

	if (i->seg != SEG_NONE) {
		segment(o, i->seg);
		ch(o, ':');
	}
	ch(o, '[');
	if (i->base == MOFFS) {
		hex(o, i->imm);
		ch(o, ']');
		return;
	}
	if (i->base != NOREG) {
		gpr(o, i->base, i->aw);
		any = true;
	}
	if (i->index != NOREG) {
		if (any)
			ch(o, '+');
		if (vmem) {
			str(o, i->w == 32 ? "ymm" : "xmm");
			num(o, i->index);
		} else {
			gpr(o, i->index, i->aw);
		}
		if (i->shift) {
			ch(o, '*');
			num(o, 1u << i->shift);
		}
		any = true;
	}
	if (!any)
		hex(o, i->aw == 4 ? (u32)i->disp : (u64)(s64)i->disp);
	else if (i->disp) {
		ch(o, i->disp < 0 ? '-' : '+');
		hex(o, i->disp < 0 ? -(u64)(s64)i->disp : (u64)i->disp);
	}
	ch(o, ']');
}

static void string_operand(struct out *o, const struct insn *i, const struct opnd *op)
{
	pointer(o, op->w);
	if (op->kind == OP_STR_DST) {
		str(o, "es:");
	} else if (i->seg != SEG_NONE) {
		segment(o, i->seg);
		ch(o, ':');
	}
	ch(o, '[');
	gpr(o, op->kind == OP_STR_SRC ? RSI : RDI, i->aw);
	ch(o, ']');
}

/* As wide as the operation: -1 of a byte is 0xff. */
static u64 shown(s64 imm, unsigned w)
{
	return w >= 8 ? (u64)imm : (u64)imm & ((1ull << 8 * w) - 1);
}

static void operand(struct out *o, const struct insn *i, const struct opnd *op)
{
	switch (op->kind) {
	case OP_GPR: gpr(o, op->reg, op->w); break;
	case OP_GPRH:
		ch(o, "acdb"[op->reg & 3]);
		ch(o, 'h');
		break;
	case OP_MEM:
	case OP_VMEM:
		pointer(o, op->w);
		address(o, i, op->kind == OP_VMEM);
		break;
	case OP_IMM: hex(o, shown(op > i->o && op[-1].kind == OP_IMM ? i->imm2 : i->imm, op->w)); break;
	case OP_REL: hex(o, i->imm); break;
	case OP_XMM:
	case OP_MMX: vector(o, op); break;
	case OP_ST:
		str(o, "st(");
		num(o, op->reg);
		ch(o, ')');
		break;
	case OP_SEG: segment(o, op->reg); break;
	case OP_CR:
	case OP_DR:
		str(o, op->kind == OP_CR ? "cr" : "dr");
		num(o, op->reg);
		break;
	case OP_STR_SRC:
	case OP_STR_DST: string_operand(o, i, op); break;
	}
}

static void mnemonic(struct out *o, const struct insn *i, const struct x86_row *r)
{
	static const char cc[16][4] = { "o", "no", "b", "ae", "e", "ne", "be", "a",
		"s", "ns", "p", "np", "l", "ge", "le", "g" };

	if (i->prefix & PFX_LOCK)
		str(o, "lock ");
	if (i->prefix & PFX_REPNE)
		str(o, "repne ");
	if (i->prefix & PFX_REP)
		str(o, r->attr & ROW_MAYBE ? "repe " : "rep ");
	for (const char *s = r->mn == MN_JRCXZ && i->aw == 4 ? "JECXZ" : r->name; *s; s++) {
		if (*s == 'c') {                /* Jcc: the only lower-case letters */
			str(o, cc[i->cc & 15]);
			break;
		}
		ch(o, *s >= 'A' && *s <= 'Z' ? *s + 32 : *s);
	}
}

int x86_text(char *out, size_t size, const struct insn *i)
{
	const struct x86_row *r = &x86_rows[i->row];
	struct out o = { out, out + (size ? size - 1 : 0), 0 };
	int shown_ops = 0;

	mnemonic(&o, i, r);
	for (int k = 0; k < 4 && i->o[k].kind; k++) {
		/* a legacy vector form's H is its destination once more */
		if (k == 1 && r->opnds[0] == '=' && !(r->attr & ROW_VEX)) {
			const char *second = r->opnds;

			while (*second && *second != ' ')
				second++;
			if (second[0] && second[1] == 'H')
				continue;
		}
		str(&o, shown_ops++ ? ", " : " ");
		operand(&o, i, &i->o[k]);
	}
	if (size)
		*o.p = 0;
	return o.n;
}
