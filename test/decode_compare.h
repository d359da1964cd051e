/* decode_compare.h - one instruction by our decoder and by Zydis: where do they differ?
 *
 * A difference is a line of text, "KIND MNEMONIC [detail]", so that many bytes with the same cause count as one.
 * Known differences, each with its reason, stand in the table of decode_test.c.
 */
#ifndef DECODE_COMPARE_H
#define DECODE_COMPARE_H

#include <Zydis/Zydis.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "gen/decode.h"
#include "x86/insn.h"

struct zinsn { ZydisDecodedInstruction i; ZydisDecodedOperand o[ZYDIS_MAX_OPERAND_COUNT]; ZyanStatus status; };

typedef void differ_fn(void *ctx, const char *what);

struct compare {
	const struct insn *i;
	const struct zinsn *z;
	gaddr pc;
	differ_fn *differ;
	void *ctx;
	const char *name;               /* Zydis's mnemonic */
};

static void __attribute__((format(printf, 3, 4))) differ(const struct compare *c, const char *kind, const char *fmt, ...)
{
	char buf[200];
	int n = snprintf(buf, sizeof buf, "%s %s ", kind, c->name);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf + n, sizeof buf - n, fmt, ap);
	va_end(ap);
	c->differ(c->ctx, buf);
}

/* ---- names ---------------------------------------------------------------------------------------------- */

/* Where Zydis spells a mnemonic otherwise than the SDM does. A "*" stands for b, w, d, q by the operand size. */
static const struct { u16 mn; const char *zydis; } spelled[] = {
	{ MN_MOVS, "movs*" }, { MN_CMPS, "cmps*" }, { MN_STOS, "stos*" }, { MN_LODS, "lods*" }, { MN_SCAS, "scas*" },
	{ MN_INS, "ins*" }, { MN_OUTS, "outs*" }, { MN_CALLF, "call" }, { MN_JMPF, "jmp" }, { MN_RETF, "ret" },
};

static void our_name(const struct insn *i, char *out, size_t size)
{
	static const char cc[16][4] = { "o", "no", "b", "nb", "z", "nz", "be", "nbe",
		"s", "ns", "p", "np", "l", "nl", "le", "nle" };
	static const char suffix[] = { [1] = 'b', [2] = 'w', [4] = 'd', [8] = 'q' };
	const char *name = x86_rows[i->row].name;
	size_t n = 0;

	for (size_t k = 0; k < countof(spelled); k++)
		if (spelled[k].mn == x86_rows[i->row].mn)
			name = spelled[k].zydis;
	for (; *name && n + 4 < size; name++) {
		if (*name == 'c' && name[1] == 'c' && x86_rows[i->row].attr & ROW_CC) {
			n += snprintf(out + n, size - n, "%s", cc[i->cc]);
			break;
		}
		out[n++] = *name == '*' ? suffix[i->w] : tolower(*name);
	}
	out[n] = 0;
}

/* iretq, pushfq, far returns: the size is in Zydis's mnemonic, in our operand size. */
static bool same_name(const struct insn *i, const char *zydis)
{
	char ours[40];
	size_t n;

	our_name(i, ours, sizeof ours);
	n = strlen(ours);
	if (!strcmp(ours, zydis))
		return true;
	switch (x86_rows[i->row].mn) {
	case MN_JRCXZ: return i->aw == 4 && !strcmp(zydis, "jecxz");
	case MN_IRET: case MN_PUSHF: case MN_POPF:
		return !strncmp(ours, zydis, n) && !strcmp(zydis + n, i->w == 8 ? "q" : i->w == 4 ? "d" : "");
	default: return false;
	}
}

/* ---- operands ------------------------------------------------------------------------------------------- */

static u8 zreg(ZydisRegister r)
{
	if (r == ZYDIS_REGISTER_NONE)
		return NOREG;
	return r == ZYDIS_REGISTER_RIP || r == ZYDIS_REGISTER_EIP ? RIP : ZydisRegisterGetId(r);
}

static const struct { ZydisRegisterClass class; u8 kind, w; } classes[] = {
	{ ZYDIS_REGCLASS_GPR8, OP_GPR, 1 }, { ZYDIS_REGCLASS_GPR16, OP_GPR, 2 }, { ZYDIS_REGCLASS_GPR32, OP_GPR, 4 },
	{ ZYDIS_REGCLASS_GPR64, OP_GPR, 8 }, { ZYDIS_REGCLASS_XMM, OP_XMM, 0 }, { ZYDIS_REGCLASS_YMM, OP_XMM, 32 },
	{ ZYDIS_REGCLASS_MMX, OP_MMX, 0 }, { ZYDIS_REGCLASS_X87, OP_ST, 0 }, { ZYDIS_REGCLASS_SEGMENT, OP_SEG, 0 },
	{ ZYDIS_REGCLASS_CONTROL, OP_CR, 0 }, { ZYDIS_REGCLASS_DEBUG, OP_DR, 0 },
};

static u8 reg_kind(ZydisRegister r)
{
	if (r >= ZYDIS_REGISTER_AH && r <= ZYDIS_REGISTER_BH)
		return OP_GPRH;
	for (size_t n = 0; n < countof(classes); n++)
		if (classes[n].class == ZydisRegisterGetClass(r))
			return classes[n].kind;
	return OP_NONE;
}

/* Zydis numbers al..bl, ah..bh, spl..r15b. */
static u8 reg_number(ZydisRegister r)
{
	if (ZydisRegisterGetClass(r) != ZYDIS_REGCLASS_GPR8)
		return ZydisRegisterGetId(r);
	if (r >= ZYDIS_REGISTER_SPL)
		return r - ZYDIS_REGISTER_SPL + 4;
	return r - (r <= ZYDIS_REGISTER_BL ? ZYDIS_REGISTER_AL : ZYDIS_REGISTER_AH);
}

static u8 reg_width(ZydisRegister r)
{
	for (size_t n = 0; n < countof(classes); n++)
		if (classes[n].class == ZydisRegisterGetClass(r))
			return classes[n].w;
	return 0;
}

static void compare_register(const struct compare *c, int k, const struct opnd *o, ZydisRegister r)
{
	u8 w = reg_width(r);

	if (reg_number(r) != o->reg)
		differ(c, "register", "op%d", k);
	if (w && w != o->w)
		differ(c, "width", "op%d %d for %d", k, o->w, w);
	if (o->kind == OP_XMM && (o->w == 32) != (w == 32))
		differ(c, "width", "op%d ymm", k);
}

static void compare_memory(const struct compare *c, int k, const struct opnd *o, const ZydisDecodedOperand *z)
{
	const struct insn *i = c->i;
	u8 seg = z->mem.segment == ZYDIS_REGISTER_FS ? SEG_FS : z->mem.segment == ZYDIS_REGISTER_GS ? SEG_GS : SEG_NONE;

	if (o->kind == OP_STR_SRC || o->kind == OP_STR_DST) {
		if (zreg(z->mem.base) != (o->kind == OP_STR_SRC ? RSI : RDI))
			differ(c, "memory", "op%d base", k);
		if (o->kind == OP_STR_SRC && seg != i->seg)
			differ(c, "memory", "op%d segment", k);
	} else if (i->aw == 4 && i->base == NOREG && z->mem.base == ZYDIS_REGISTER_R13D) {
		;                               /* Zydis 4.0 takes REX.B for a base where SIB says none: SDM table 2-3 */
	} else if (i->base == MOFFS) {
		u64 disp = i->aw == 4 ? (u32)z->mem.disp.value : (u64)z->mem.disp.value;

		if (z->mem.base || z->mem.index || disp != (u64)i->imm || seg != i->seg)
			differ(c, "memory", "op%d moffs", k);
	} else {
		if (zreg(z->mem.base) != i->base)
			differ(c, "memory", "op%d base", k);
		if (zreg(z->mem.index) != i->index)
			differ(c, "memory", "op%d index", k);
		else if (i->index != NOREG && z->mem.scale != 1 << i->shift)
			differ(c, "memory", "op%d scale", k);
		if (z->mem.disp.value != i->disp)
			differ(c, "memory", "op%d disp", k);
		if (seg != i->seg && z->mem.type != ZYDIS_MEMOP_TYPE_AGEN)
			differ(c, "memory", "op%d segment", k);
	}
	if (o->w && z->size != 8 * o->w)
		differ(c, "width", "op%d %d for memory of %d", k, o->w, z->size / 8);
	if (c->z->i.address_width != 8 * i->aw)
		differ(c, "memory", "address width");
}

static void compare_immediate(const struct compare *c, int k, const struct opnd *o, const ZydisDecodedOperand *z)
{
	s64 v = k && o[-1].kind == OP_IMM ? c->i->imm2 : c->i->imm, zv = z->imm.value.s;

	if (z->imm.is_relative) {
		if (o->kind != OP_REL)
			differ(c, "kind", "op%d %d for relative", k, o->kind);
		zv += c->pc + c->z->i.length;
	}
	if (!z->imm.is_signed && o->w < 8) {    /* same bits at the operand's width */
		u64 mask = (1ull << 8 * o->w) - 1;

		if ((v ^ zv) & mask)
			differ(c, "immediate", "op%d", k);
	} else if (v != zv) {
		differ(c, "immediate", "op%d signed", k);
	}
}

static u8 zaccess(const ZydisDecodedOperand *z)
{
	return (z->actions & ZYDIS_OPERAND_ACTION_MASK_READ ? OP_READ : 0) |
		(z->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE ? OP_WRITE : 0);
}

/* A legacy vector form repeats its destination as H: then the destination is read. Returns whether op k is such. */
static bool repeats(const struct insn *i, int k)
{
	const char *s = x86_rows[i->row].opnds;

	for (int n = 0; n < k; n++) {
		s = strchr(s, ' ');
		if (!s)
			return false;
		s++;
	}
	return *s == 'H' && !(i->prefix & PFX_VEX);
}

/* Could Zydis's operand be this one at all? */
static bool same_sort(const struct opnd *o, const ZydisDecodedOperand *z)
{
	switch (z->type) {
	case ZYDIS_OPERAND_TYPE_MEMORY:
		return o->kind == OP_MEM || o->kind == OP_VMEM || o->kind == OP_STR_SRC || o->kind == OP_STR_DST;
	case ZYDIS_OPERAND_TYPE_IMMEDIATE: return o->kind == OP_IMM || o->kind == OP_REL;
	case ZYDIS_OPERAND_TYPE_REGISTER:
		/* of st(0), st(i) it shows st(i) alone */
		return reg_kind(z->reg.value) == o->kind && (o->kind != OP_ST || reg_number(z->reg.value) == o->reg);
	default: return false;
	}
}

/* What Zydis hides we may show: st(0), the accumulator, rSI and rDI of a string instruction. */
static const ZydisDecodedOperand *find_hidden(const struct compare *c, const struct opnd *o, u32 *used)
{
	for (int n = 0; n < c->z->i.operand_count; n++) {
		const ZydisDecodedOperand *z = &c->z->o[n];

		if (z->visibility != ZYDIS_OPERAND_VISIBILITY_HIDDEN || *used >> n & 1 || !same_sort(o, z))
			continue;
		if (z->type == ZYDIS_OPERAND_TYPE_REGISTER && reg_number(z->reg.value) != o->reg)
			continue;
		if (z->type == ZYDIS_OPERAND_TYPE_MEMORY && o->kind != OP_MEM &&
		    zreg(z->mem.base) != (o->kind == OP_STR_SRC ? RSI : RDI))
			continue;
		*used |= 1u << n;
		return z;
	}
	return 0;
}

static void compare_operand(const struct compare *c, int k, const ZydisDecodedOperand *z)
{
	const struct opnd *o = &c->i->o[k];
	u8 access = o->access | (k == 0 && repeats(c->i, 1) ? OP_READ : 0);

	if (z->type == ZYDIS_OPERAND_TYPE_REGISTER)
		compare_register(c, k, o, z->reg.value);
	else if (z->type == ZYDIS_OPERAND_TYPE_MEMORY)
		compare_memory(c, k, o, z);
	else
		compare_immediate(c, k, o, z);
	if (z->type == ZYDIS_OPERAND_TYPE_IMMEDIATE)
		return;
	if (z->type == ZYDIS_OPERAND_TYPE_MEMORY && z->mem.type == ZYDIS_MEMOP_TYPE_AGEN)
		return;
	if (access != zaccess(z))
		differ(c, "access", "op%d %d for %d", k, access, zaccess(z));
}

static void compare_operands(const struct compare *c)
{
	const ZydisDecodedOperand *zs = c->z->o;
	int nz = c->z->i.operand_count, n = 0;
	u32 used = 0;

	for (int k = 0; k < 4 && c->i->o[k].kind; k++) {
		const ZydisDecodedOperand *z = 0;

		if (k && repeats(c->i, k))
			continue;
		for (; n < nz && zs[n].visibility == ZYDIS_OPERAND_VISIBILITY_HIDDEN; n++)
			;
		if (n < nz && same_sort(&c->i->o[k], &zs[n]))
			z = &zs[n++];
		else
			z = find_hidden(c, &c->i->o[k], &used);
		if (z)
			compare_operand(c, k, z);
		else
			differ(c, "operand", "op%d is ours alone", k);
	}
	for (; n < nz; n++)
		if (zs[n].visibility != ZYDIS_OPERAND_VISIBILITY_HIDDEN)
			differ(c, "operand", "%s is Zydis's alone", zs[n].type == ZYDIS_OPERAND_TYPE_REGISTER ?
				ZydisRegisterGetString(zs[n].reg.value) : zs[n].type == ZYDIS_OPERAND_TYPE_MEMORY ? "memory" : "immediate");
}

/* ---- flags ---------------------------------------------------------------------------------------------- */

static u8 zflags(ZydisAccessedFlagsMask m)
{
	return (m & ZYDIS_CPUFLAG_OF ? F_O : 0) | (m & ZYDIS_CPUFLAG_SF ? F_S : 0) | (m & ZYDIS_CPUFLAG_ZF ? F_Z : 0) |
		(m & ZYDIS_CPUFLAG_AF ? F_A : 0) | (m & ZYDIS_CPUFLAG_PF ? F_P : 0) | (m & ZYDIS_CPUFLAG_CF ? F_C : 0) |
		(m & ZYDIS_CPUFLAG_DF ? F_D : 0);
}

static const char *flag_names(u8 m, char *buf)
{
	char *p = buf;

	for (int k = 0; k < 7; k++)
		if (m >> k & 1)
			*p++ = "OSZAPCD"[k];
	*p = 0;
	return buf;
}

static void compare_flags(const struct compare *c)
{
	static const ZydisAccessedFlags none;
	const ZydisAccessedFlags *z = c->z->i.cpu_flags ? c->z->i.cpu_flags : &none;
	const struct x86_row *r = &x86_rows[c->i->row];
	u8 reads = zflags(z->tested), undef = zflags(z->undefined);
	u8 writes = zflags(z->modified | z->set_0 | z->set_1 | z->undefined);
	char a[8], b[8];

	if (reads != insn_reads(c->i))
		differ(c, "reads", "%s for %s", flag_names(insn_reads(c->i), a), flag_names(reads, b));
	if (writes != r->writes)
		differ(c, "writes", "%s for %s", flag_names(r->writes, a), flag_names(writes, b));
	if (undef != r->undef)
		differ(c, "undefined", "%s for %s", flag_names(r->undef, a), flag_names(undef, b));
}

/* The whole of it. Both have looked at the same bytes at pc. */
static void compare(const struct insn *i, enum x86_status status, const struct zinsn *z, gaddr pc,
	differ_fn *fn, void *ctx)
{
	struct compare c = { i, z, pc, fn, ctx, "-" };
	char ours[40];
	bool ok = ZYAN_SUCCESS(z->status);

	if (!ok && status != X86_OK)            /* #UD, #GP or a fetch beyond the end: in no stated order */
		return;
	our_name(i, ours, sizeof ours);
	if (!ok) {
		c.name = ours;
		differ(&c, "ours", "%s status %x", x86_rows[i->row].opnds, z->status & 0xff);
		return;
	}
	c.name = ZydisMnemonicGetString(z->i.mnemonic);
	if (status != X86_OK) {
		differ(&c, "zydis", "%s status %d", ZydisISASetGetString(z->i.meta.isa_set), status);
		return;
	}
	if (!same_name(i, c.name)) {
		differ(&c, "name", "%s", ours);
		if (i->len != z->i.length)
			differ(&c, "length", "%s", ours);
		return;
	}
	if (i->len != z->i.length)
		differ(&c, "length", "%d for %d", i->len, z->i.length);
	compare_operands(&c);
	compare_flags(&c);
}

#endif
