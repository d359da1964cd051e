/* operand.c - the operands of ARM64 instructions as text: registers by kind, everything else by name.
 *
 * A name in the text of a row of text.c is one line here. Arm ARM C6, C7 ("Assembler symbols").
 */
#include "operand.h"
#include "a64.h"

void put_c(struct out *o, char c)
{
	if (o->len + 1 < o->size)
		o->p[o->len] = c;
	o->len++;
}

void put_s(struct out *o, const char *s)
{
	while (*s)
		put_c(o, *s++);
}

static void put_number(struct out *o, u64 x, unsigned base)
{
	char digit[20];
	int n = 0;

	do
		digit[n++] = "0123456789abcdef"[x % base];
	while (x /= base);
	while (n)
		put_c(o, digit[--n]);
}

void put_hex(struct out *o, u64 x)
{
	put_s(o, "0x");
	put_number(o, x, 16);
}

static void put_dec(struct out *o, s64 x)
{
	if (x < 0)
		put_c(o, '-');
	put_number(o, x < 0 ? 0 - (u64)x : (u64)x, 10);
}

static void put_imm(struct out *o, u64 x)
{
	put_c(o, '#');
	put_hex(o, x);
}

static void put_decimm(struct out *o, s64 x)
{
	put_c(o, '#');
	put_dec(o, x);
}

static s64 sbits(u32 insn, int at, int n)
{
	return (s64)((u64)insn << (64 - at - n)) >> (64 - n);
}

int size_of_immh(u32 insn)
{
	return bits(insn, 19, 4) ? 31 - __builtin_clz(bits(insn, 19, 4)) : 15;
}

static void put_vreg(struct out *o, int size, int q, u32 r)
{
	put_c(o, 'v');
	put_dec(o, r);
	put_c(o, '.');
	put_dec(o, (q ? 16 : 8) >> size);
	put_c(o, "bhsdq"[size]);
}

static void put_scalar(struct out *o, int size, u32 r)
{
	put_c(o, "bhsdq???"[size & 7]);
	put_dec(o, r);
}

static void put_lane(struct out *o, u32 r, int size, u32 i)
{
	put_c(o, 'v');
	put_dec(o, r);
	put_c(o, '.');
	put_c(o, "bhsd"[size & 3]);
	put_c(o, '[');
	put_dec(o, i);
	put_c(o, ']');
}

static void put_xreg(struct out *o, int wide, u32 r, bool sp)
{
	if (r == 31 && sp)
		put_s(o, wide ? "sp" : "wsp");
	else
		put_c(o, wide ? 'x' : 'w');
	if (r < 31)
		put_dec(o, r);
	else if (!sp)
		put_s(o, "zr");
}

void put_register(struct out *o, u32 insn, char kind, char field)
{
	static const u8 ftype[] = { 2, 3, 3, 1 };
	u32 r = field == 'n' ? bits(insn, 5, 5) : field == 'a' ? bits(insn, 10, 5) :
	        field == 'm' || field == 'M' ? bits(insn, 16, 5) : bits(insn, 0, 5);
	int q = bits(insn, 30, 1), scalar = bits(insn, 28, 1), size = bits(insn, 22, 2), sz = bits(insn, 22, 1);

	if (field == 'D' || field == 'M')
		r++;
	switch (kind) {
	case 'r': put_xreg(o, insn >> 31, r, false); break;
	case 'R': put_xreg(o, insn >> 31, r, true); break;
	case 'w': put_xreg(o, 0, r, false); break;
	case 'x': put_xreg(o, 1, r, false); break;
	case 'X': put_xreg(o, 1, r, true); break;
	case 't': put_xreg(o, insn >> 30 == 3, r, false); break;
	case 'e': put_xreg(o, q, r, false); break;
	case 'l': put_xreg(o, !sz, r, false); break;
	case '0': put_dec(o, r); break;
	case 'f': put_scalar(o, ftype[size], r); break;
	case 'c': put_scalar(o, ftype[bits(insn, 15, 2)], r); break;
	case 'k': put_scalar(o, bits(insn, 23, 1) ? 4 : insn >> 30, r); break;
	case 'K': put_scalar(o, 2 + (insn >> 30), r); break;
	case 'y': put_scalar(o, size, r); break;
	case 'Y': put_scalar(o, size + 1, r); break;
	case 'b': put_vreg(o, 0, q, r); break;
	case 'v': scalar ? put_scalar(o, size, r) : put_vreg(o, size, q, r); break;
	case 'V': put_vreg(o, size + 1, 1, r); break;
	case 'p': put_vreg(o, size + 1, q, r); break;
	case 'g': put_vreg(o, 1 + sz, q, r); break;
	case 'G': put_vreg(o, 2 + sz, 1, r); break;
	case 'F': scalar ? put_scalar(o, 2 + sz, r) : put_vreg(o, 2 + sz, q, r); break;
	case 'i': scalar ? put_scalar(o, size_of_immh(insn), r) : put_vreg(o, size_of_immh(insn), q, r); break;
	case 'I': put_vreg(o, size_of_immh(insn) + 1, 1, r); break;
	default: __builtin_trap();
	}
}

static const char ccs[][3] = { "eq", "ne", "hs", "lo", "mi", "pl", "vs", "vc",
                               "hi", "ls", "ge", "lt", "gt", "le", "al", "nv" };
static const char shifts[][4] = { "lsl", "lsr", "asr", "ror" };
static const char extends[][5] = { "uxtb", "uxth", "uxtw", "uxtx", "sxtb", "sxth", "sxtw", "sxtx" };

static void put_shifted(struct out *o, const char *name, u32 amount)
{
	put_s(o, ", ");
	put_s(o, name);
	put_s(o, " #");
	put_dec(o, amount);
}

static void put_extended(struct out *o, u32 insn)
{
	u32 ext = bits(insn, 13, 3), amount = bits(insn, 10, 3);

	put_xreg(o, insn >> 31 && (ext & 3) == 3, bits(insn, 16, 5), false);
	put_s(o, ", ");
	put_s(o, extends[ext]);
	if (amount) {
		put_s(o, " #");
		put_dec(o, amount);
	}
}

/* [base], [base, #off], [base, #off]!, [base], #off */
static void put_address(struct out *o, u32 insn, s64 off, char mode)
{
	put_c(o, '[');
	put_xreg(o, 1, bits(insn, 5, 5), true);
	if (mode == '+')
		put_c(o, ']');
	if (off || mode != ' ') {
		put_s(o, ", #");
		put_dec(o, off);
	}
	if (mode != '+')
		put_c(o, ']');
	if (mode == '!')
		put_c(o, '!');
}

static int log2_access(u32 insn)
{
	return bits(insn, 26, 1) && bits(insn, 23, 1) ? 4 : (int)(insn >> 30);
}

static void put_indexed(struct out *o, u32 insn)
{
	u32 ext = bits(insn, 13, 3), scaled = bits(insn, 12, 1);

	put_c(o, '[');
	put_xreg(o, 1, bits(insn, 5, 5), true);
	put_s(o, ", ");
	put_xreg(o, ext & 1, bits(insn, 16, 5), false);
	if (ext != UXTX || scaled) {
		put_s(o, ", ");
		put_s(o, ext == UXTX ? "lsl" : extends[ext]);
	}
	if (scaled) {
		put_s(o, " #");
		put_dec(o, log2_access(insn));
	}
	put_c(o, ']');
}

static void put_pair_address(struct out *o, u32 insn)
{
	int opc = (int)(insn >> 30), mode = (int)bits(insn, 23, 2);
	int wide = bits(insn, 26, 1) ? 4 << opc : opc == 2 ? 8 : 4;

	put_address(o, insn, sbits(insn, 15, 7) * wide, mode == 1 ? '+' : mode == 3 ? '!' : ' ');
}

/* An 8-bit float is (16 + its low 4 bits) / 16 times a power of two from -3 to 4: a multiple of 1/128. */
static void put_float(struct out *o, u32 imm8)
{
	int exp = (imm8 & 0x40 ? -4 : 0) + (int)(imm8 >> 4 & 3) + 1;
	u32 x = (16 + (imm8 & 15)) << (exp + 3);

	put_s(o, imm8 & 0x80 ? "#-" : "#");
	put_dec(o, x >> 7);
	put_c(o, '.');
	do {
		x = (x & 127) * 10;
		put_dec(o, x >> 7);
	} while (x & 127);
}

static void put_vector_immediate(struct out *o, u32 insn)
{
	u32 cmode = bits(insn, 12, 4), imm8 = bits(insn, 16, 3) << 5 | bits(insn, 5, 5), op = bits(insn, 29, 1);
	int size = cmode < 8 ? 2 : cmode < 12 ? 1 : cmode < 14 ? 2 : cmode == 14 ? 3 * (int)op : 2 + (int)op;
	u32 shift = cmode < 8 ? 8 * (cmode >> 1) : cmode < 12 ? 8 * (cmode >> 1 & 1) : 8 + 8 * (cmode & 1);
	u64 x = imm8;

	if (size == 3 && !bits(insn, 30, 1))
		put_scalar(o, 3, bits(insn, 0, 5));
	else
		put_vreg(o, size, bits(insn, 30, 1), bits(insn, 0, 5));
	put_s(o, ", ");
	if (cmode == 15) {
		put_float(o, imm8);
		return;
	}
	if (cmode == 14)
		a_decode_vec(insn, &x);
	put_imm(o, cmode == 14 && !op ? imm8 : x);
	if (cmode < 14 && shift)
		put_shifted(o, cmode < 12 ? "lsl" : "msl", shift);
}

static void put_list(struct out *o, int size, int q, u32 first, u32 count)
{
	put_c(o, '{');
	for (u32 i = 0; i < count; i++) {
		put_s(o, i ? ", " : "");
		put_vreg(o, size, q, (first + i) & 31);
	}
	put_c(o, '}');
}

static void put_multi(struct out *o, u32 insn, u32 count)
{
	put_list(o, (int)bits(insn, 10, 2), (int)bits(insn, 30, 1), bits(insn, 0, 5), count);
}

static u32 multi_count(u32 insn)
{
	u32 opcode = bits(insn, 12, 4);

	return opcode == 7 ? 1 : opcode == 10 ? 2 : opcode == 6 ? 3 : 4;
}

static void put_multi_lane(struct out *o, u32 insn)
{
	int size = bits(insn, 14, 2) < 2 ? (int)bits(insn, 14, 2) : 2 + (int)bits(insn, 10, 1);
	u32 at = bits(insn, 30, 1) << 3 | bits(insn, 10, 3);            /* Q:S:size */

	put_s(o, "{v");
	put_dec(o, bits(insn, 0, 5));
	put_c(o, '.');
	put_c(o, "bhsd"[size]);
	put_s(o, "}[");
	put_dec(o, at >> size);
	put_c(o, ']');
}

static void put_sysreg_name(struct out *o, u32 insn)
{
	static const struct { u32 sr; const char *name; } names[] = {
#define SYSREG(name, op0, op1, crn, crm, op2) { (u32)SR_##name, #name },
#include "a64/a64_sys.def"
	};
	u32 sr = insn & 0x1fffe0;

	for (size_t i = 0; i < countof(names); i++) {
		if (names[i].sr == sr) {
			for (const char *s = names[i].name; *s; s++)
				put_c(o, *s >= 'A' && *s <= 'Z' ? *s + 32 : *s);
			return;
		}
	}
	put_c(o, 's');
	put_dec(o, bits(sr, 19, 2));
	put_c(o, '_');
	put_dec(o, bits(sr, 16, 3));
	put_s(o, "_c");
	put_dec(o, bits(sr, 12, 4));
	put_s(o, "_c");
	put_dec(o, bits(sr, 8, 4));
	put_c(o, '_');
	put_dec(o, bits(sr, 5, 3));
}

static void put_barrier_name(struct out *o, u32 domain)
{
	static const char names[][6] = { "", "oshld", "oshst", "osh", "", "nshld", "nshst", "nsh",
	                                 "", "ishld", "ishst", "ish", "", "ld", "st", "sy" };

	if (names[domain][0])
		put_s(o, names[domain]);
	else
		put_c(o, '#'), put_dec(o, domain);
}

static void put_hint_name(struct out *o, u32 hint)
{
	if (hint >= 24 || (hint & 7) >= 6 || (hint >> 3) == 3) {
		put_c(o, '#');
		put_dec(o, hint);
		return;
	}
	put_s(o, hint & 16 ? "pst" : hint & 8 ? "pli" : "pld");
	put_c(o, 'l');
	put_dec(o, (hint >> 1 & 3) + 1);
	put_s(o, hint & 1 ? "strm" : "keep");
}

static void put_target_name(struct out *o, u32 insn, u64 pc)
{
	s64 off = 0;

	if (!a_offset(insn, &off)) {                            /* adrp */
		pc &= ~0xfffull;
		off = ((s64)((u64)bits(insn, 5, 19) << 45 | (u64)bits(insn, 29, 2) << 43) >> 43) * 4096;
	}
	put_hex(o, pc + (u64)off);
}

static void put_wide_name(struct out *o, u32 insn)           /* movz, movn as mov */
{
	u64 x = (u64)bits(insn, 5, 16) << 16 * bits(insn, 21, 2);

	if (!bits(insn, 30, 1))
		x = insn >> 31 ? ~x : ~x & 0xffffffff;
	put_imm(o, x);
}

static int lane_size(u32 insn)                          /* by imm5 */
{
	return bits(insn, 16, 5) ? __builtin_ctz(bits(insn, 16, 5)) : 0;
}

static void put_element_name(struct out *o, u32 insn)        /* vm.s[i] of a by-element form */
{
	int size = (int)bits(insn, 22, 2);
	u32 hlm = bits(insn, 11, 1) << 2 | bits(insn, 21, 1) << 1 | bits(insn, 20, 1);

	put_lane(o, bits(insn, 16, size == 1 ? 4 : 5), size, hlm >> (size ? size - 1 : 0));
}

#define OPERAND(name, text) \
	static void put_##name(struct out *o, u32 insn, u64 pc) { (void)insn; (void)pc; text; }

OPERAND(half,       put_s(o, bits(insn, 30, 1) ? "2" : ""))             /* the 2 of a name: upper half */
OPERAND(bh,         put_s(o, insn >> 30 == 0 ? "b" : insn >> 30 == 1 ? "h" : ""))       /* size, in a name */
OPERAND(bhw,        put_s(o, insn >> 30 == 0 ? "b" : insn >> 30 == 1 ? "h" : "w"))
OPERAND(cc,         put_s(o, ccs[bits(insn, 12, 4)]))
OPERAND(not_cc,     put_s(o, ccs[bits(insn, 12, 4) ^ 1]))
OPERAND(branch_cc,  put_s(o, ccs[bits(insn, 0, 4)]))
OPERAND(shift,      if (insn & 0xc0fc00) put_shifted(o, shifts[bits(insn, 22, 2)], bits(insn, 10, 6)))
OPERAND(ext,        put_extended(o, insn))
OPERAND(arith,      put_imm(o, bits(insn, 10, 12)); if (bits(insn, 22, 1)) put_shifted(o, "lsl", 12))
OPERAND(logic,      u64 x = 0; a_decode_logic(insn >> 31 ? 8 : 4, insn, &x); put_imm(o, x))
OPERAND(wide,       put_wide_name(o, insn))
OPERAND(imm16,      put_imm(o, bits(insn, 5, 16)))
OPERAND(hw,         if (bits(insn, 21, 2)) put_shifted(o, "lsl", 16 * bits(insn, 21, 2)))
OPERAND(imm0_16,    put_imm(o, bits(insn, 0, 16)))
OPERAND(simm8,      put_decimm(o, sbits(insn, 10, 8)))
OPERAND(uimm8,      put_decimm(o, bits(insn, 10, 8)))
OPERAND(imm5,       put_decimm(o, bits(insn, 16, 5)))
OPERAND(rot,        put_decimm(o, bits(insn, 12, 1) ? 270 : 90))
OPERAND(nzcv,       put_decimm(o, bits(insn, 0, 4)))
OPERAND(rmif_lsb,   put_decimm(o, bits(insn, 15, 6)))
OPERAND(target,     put_target_name(o, insn, pc))
OPERAND(bit,        put_decimm(o, (insn >> 31) << 5 | bits(insn, 19, 5)))
OPERAND(sysreg,     put_sysreg_name(o, insn))
OPERAND(barrier,    put_barrier_name(o, bits(insn, 8, 4)))
OPERAND(hint,       put_hint_name(o, bits(insn, 0, 5)))

OPERAND(base,       put_address(o, insn, 0, ' '))
OPERAND(scaled,     put_address(o, insn, (s64)bits(insn, 10, 12) << log2_access(insn), ' '))
OPERAND(unscaled,   put_address(o, insn, sbits(insn, 12, 9), ' '))
OPERAND(pre,        put_address(o, insn, sbits(insn, 12, 9), '!'))
OPERAND(post,       put_address(o, insn, sbits(insn, 12, 9), '+'))
OPERAND(index,      put_indexed(o, insn))
OPERAND(pair,       put_pair_address(o, insn))
OPERAND(regs,       put_multi(o, insn, multi_count(insn)))
OPERAND(regs_size,  put_decimm(o, multi_count(insn) * (bits(insn, 30, 1) ? 16 : 8)))
OPERAND(reg1,       put_multi(o, insn, 1))
OPERAND(reg_lane,   put_multi_lane(o, insn))

OPERAND(immr,       put_decimm(o, bits(insn, 16, 6)))                   /* of bit-field moves */
OPERAND(imms,       put_decimm(o, bits(insn, 10, 6)))
OPERAND(neg_immr,   put_decimm(o, -bits(insn, 16, 6) & (insn >> 31 ? 63 : 31)))
OPERAND(x_width,    put_decimm(o, bits(insn, 10, 6) - bits(insn, 16, 6) + 1))
OPERAND(iz_width,   put_decimm(o, bits(insn, 10, 6) + 1))

OPERAND(left,       put_decimm(o, (int)bits(insn, 16, 7) - (8 << size_of_immh(insn))))
OPERAND(right,      put_decimm(o, (16 << size_of_immh(insn)) - (int)bits(insn, 16, 7)))
OPERAND(vimm,       put_vector_immediate(o, insn))
OPERAND(fimm,       put_float(o, bits(insn, 13, 8)))
OPERAND(d_lane,     put_lane(o, bits(insn, 0, 5), lane_size(insn), bits(insn, 16, 5) >> (lane_size(insn) + 1)))
OPERAND(n_lane,     put_lane(o, bits(insn, 5, 5), lane_size(insn), bits(insn, 16, 5) >> (lane_size(insn) + 1)))
OPERAND(n_lane4,    put_lane(o, bits(insn, 5, 5), lane_size(insn), bits(insn, 11, 4) >> lane_size(insn)))
OPERAND(d_lanes,    put_vreg(o, lane_size(insn), (int)bits(insn, 30, 1), bits(insn, 0, 5)))
OPERAND(d_scalar,   put_scalar(o, lane_size(insn), bits(insn, 0, 5)))
OPERAND(element,    put_element_name(o, insn))
OPERAND(ext_at,     put_decimm(o, bits(insn, 11, 4)))
OPERAND(xar_by,     put_decimm(o, bits(insn, 10, 6)))
OPERAND(table,      put_list(o, 0, 1, bits(insn, 5, 5), bits(insn, 13, 2) + 1))

static const struct { const char *name; void (*put)(struct out *, u32, u64); } operands[] = {
#define OP(name) { #name, put_##name }
	OP(half), OP(bh), OP(bhw), OP(cc), OP(not_cc), OP(branch_cc), OP(shift), OP(ext), OP(arith), OP(logic),
	OP(wide), OP(imm16), OP(hw), OP(imm0_16), OP(simm8), OP(uimm8), OP(imm5), OP(nzcv), OP(rot), OP(rmif_lsb),
	OP(target), OP(bit), OP(sysreg), OP(barrier), OP(hint),
	OP(base), OP(scaled), OP(unscaled), OP(pre), OP(post), OP(index), OP(pair),
	OP(regs), OP(regs_size), OP(reg1), OP(reg_lane),
	OP(immr), OP(imms), OP(neg_immr), OP(x_width), OP(iz_width),
	OP(left), OP(right), OP(vimm), OP(fimm), OP(d_lane), OP(n_lane), OP(n_lane4), OP(d_lanes), OP(d_scalar),
	OP(element), OP(ext_at), OP(xar_by), OP(table),
};

const char *put_operand(struct out *o, u32 insn, u64 pc, const char *name)
{
	for (size_t i = 0; i < countof(operands); i++) {
		const char *s = operands[i].name, *t = name;

		while (*s && *s == *t)
			s++, t++;
		if (!*s && *t == '}') {
			operands[i].put(o, insn, pc);
			return t + 1;
		}
	}
	__builtin_trap();                                       /* a row names an operand that is not here */
}
