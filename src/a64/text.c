/* text.c - ARM64 words back to text, for dumps and golden lines.
 *
 * A row says which words it is for (mask, value, and where a set is given the arrangements allowed) and how they
 * read: %kf is a register of kind k in field f, {name} an operand of operand.c. The regular rows come from
 * a64_*.def, so that a form the assembler has is a form the dump knows; the irregular ones stand here. The first
 * row that fits wins: aliases come before what they stand for. No row fits a reserved word. Arm ARM C4, C6, C7.
 */
#include "text.h"
#include "a64.h"
#include "operand.h"

enum by { BY_NONE, BY_SIZE, BY_SZ, BY_IMMH };           /* what gives the arrangement */

struct row {
	u32 mask, value;
	const char *text;
	bool (*when)(u32 insn);
	enum by by;
	u32 set;
};

/* ---- what mask and value cannot say: reserved combinations, and when an alias is meant */
static u32 r(u32 insn)            { return bits(insn, 16, 6); }
static u32 s(u32 insn)            { return bits(insn, 10, 6); }
static u32 top(u32 insn)          { return insn >> 31 ? 63 : 31; }
static bool same_nm(u32 insn)     { return bits(insn, 5, 5) == bits(insn, 16, 5); }

static bool is_extr(u32 insn)     { return insn >> 31 == bits(insn, 22, 1) && s(insn) <= top(insn); }
static bool is_field(u32 insn)    { return is_extr(insn) && r(insn) <= top(insn); }
static bool is_shr(u32 insn)      { return is_field(insn) && s(insn) == top(insn); }
static bool is_shl(u32 insn)      { return is_field(insn) && s(insn) != top(insn) && s(insn) + 1 == r(insn); }
static bool is_extract(u32 insn)  { return is_field(insn) && s(insn) >= r(insn); }
static bool is_insert(u32 insn)   { return is_field(insn) && s(insn) < r(insn); }
static bool is_ror(u32 insn)      { return is_extr(insn) && same_nm(insn); }
static bool is_movw(u32 insn)     { return insn >> 31 || bits(insn, 21, 2) < 2; }
static bool is_mov(u32 insn)      { return is_movw(insn) && (bits(insn, 5, 16) || !bits(insn, 21, 2)); }
static bool is_movn(u32 insn)     { return is_mov(insn) && (insn >> 31 || bits(insn, 5, 16) != 0xffff); }
static bool is_cinc(u32 insn)     { return same_nm(insn) && bits(insn, 12, 4) < 14; }
static bool is_shifted(u32 insn)  { return s(insn) <= top(insn); }
static bool is_arith(u32 insn)    { return is_shifted(insn) && bits(insn, 22, 2) != ROR; }
static bool is_ext(u32 insn)      { return bits(insn, 10, 3) <= 4; }
static bool is_logic(u32 insn)    { u64 x; return a_decode_logic(insn >> 31 ? 8 : 4, insn, &x); }
static bool is_copy(u32 insn)
{
	u32 d = bits(insn, 0, 5), n = bits(insn, 5, 5), m = bits(insn, 16, 5);

	return d != n && d != m && n != m && d != 31 && n != 31;
}
static bool is_copy3(u32 insn)    { return is_copy(insn) && bits(insn, 16, 5) != 31; }

static bool is_kpair(u32 insn)    { return insn >> 30 != 3; }
static bool is_float(u32 insn)    { return bits(insn, 22, 2) != 2; }
static bool is_sd(u32 insn)       { return bits(insn, 22, 2) < 2; }
static bool is_fcvt(u32 insn)
{
	u32 to = bits(insn, 15, 2);

	return is_float(insn) && to != 2 && to != bits(insn, 22, 2);
}
static bool is_q_lane(u32 insn)   { return bits(insn, 16, 4) && (bits(insn, 16, 3) || bits(insn, 30, 1)); }
static bool is_dup_w(u32 insn)    { u32 imm5 = bits(insn, 16, 5); return imm5 == 1 || imm5 == 2 || imm5 == 4; }
static bool is_lane(u32 insn)     { return bits(insn, 16, 4); }
static bool is_lane_w(u32 insn)   { return bits(insn, 16, 3); }
static bool is_smov(u32 insn)     { return bits(insn, 30, 1) ? bits(insn, 16, 3) : bits(insn, 16, 2); }
static bool is_ins(u32 insn)
{
	u32 imm5 = bits(insn, 16, 5);

	return imm5 & 15 && !(bits(insn, 11, 4) & ((imm5 & -imm5) - 1));
}
static bool is_extv(u32 insn)     { return bits(insn, 30, 1) || !bits(insn, 14, 1); }
static bool is_whole(u32 insn)    { return !(bits(insn, 19, 4) & (bits(insn, 19, 4) - 1)); }    /* shift of 0 */
static bool is_element(u32 insn)  { return !bits(insn, 22, 1) || !bits(insn, 21, 1); }

#define TEXT_W       "w"
#define TEXT_X       "x"
#define TEXT_VS(f)   "s%0" f
#define TEXT_VQ(f)   "q%0" f
#define TEXT_V4S(f)  "v%0" f ".4s"
#define TEXT_V2D(f)  "v%0" f ".2d"
#define TEXT_V16B(f) "v%0" f ".16b"

#define ROW(mask, value, text)               { mask, value, text, NULL, BY_NONE, 0 },
#define ROW_IF(mask, value, text, when)       { mask, value, text, when, BY_NONE, 0 },
#define VROW(mask, value, text, by, set)     { mask, value, text, NULL, by, set },
#define VROW_IF(mask, value, text, when, by, set) { mask, value, text, when, by, set },

static const struct row rows[] = {
	/* aliases */
	ROW_IF(0x7fe0001f, 0x6b00001f, "cmp %rn, %rm{shift}", is_arith)
	ROW_IF(0x7fe0001f, 0x6b20001f, "cmp %Rn, {ext}", is_ext)
	ROW(0x7f80001f, 0x7100001f, "cmp %Rn, {arith}")
	ROW_IF(0x7fe0001f, 0x2b00001f, "cmn %rn, %rm{shift}", is_arith)
	ROW_IF(0x7fe0001f, 0x2b20001f, "cmn %Rn, {ext}", is_ext)
	ROW(0x7f80001f, 0x3100001f, "cmn %Rn, {arith}")
	ROW_IF(0x7f2003e0, 0x4b0003e0, "neg %rd, %rm{shift}", is_arith)
	ROW_IF(0x7f2003e0, 0x6b0003e0, "negs %rd, %rm{shift}", is_arith)
	ROW_IF(0x7f20001f, 0x6a00001f, "tst %rn, %rm{shift}", is_shifted)
	ROW_IF(0x7f80001f, 0x7200001f, "tst %rn, {logic}", is_logic)
	ROW(0x7fe0ffe0, 0x2a0003e0, "mov %rd, %rm")
	ROW_IF(0x7f2003e0, 0x2a2003e0, "mvn %rd, %rm{shift}", is_shifted)
	ROW(0x7ffffc1f, 0x1100001f, "mov %Rd, %Rn")
	ROW(0x7fffffe0, 0x110003e0, "mov %Rd, %Rn")
	ROW_IF(0x7f800000, 0x52800000, "mov %rd, {wide}", is_mov)
	ROW_IF(0x7f800000, 0x12800000, "mov %rd, {wide}", is_movn)
	ROW(0x7fe0ffe0, 0x5a0003e0, "ngc %rd, %rm")
	ROW(0x7fe0ffe0, 0x7a0003e0, "ngcs %rd, %rm")
	ROW(0x7fe0fc00, 0x1b007c00, "mul %rd, %rn, %rm")
	ROW(0x7fe0fc00, 0x1b00fc00, "mneg %rd, %rn, %rm")
	ROW(0xffe0fc00, 0x9b207c00, "smull %xd, %wn, %wm")
	ROW(0xffe0fc00, 0x9ba07c00, "umull %xd, %wn, %wm")
	ROW_IF(0x7fff0fe0, 0x1a9f07e0, "cset %rd, {not_cc}", is_cinc)
	ROW_IF(0x7fff0fe0, 0x5a9f03e0, "csetm %rd, {not_cc}", is_cinc)
	ROW_IF(0x7fe00c00, 0x1a800400, "cinc %rd, %rn, {not_cc}", is_cinc)
	ROW_IF(0x7fe00c00, 0x5a800000, "cinv %rd, %rn, {not_cc}", is_cinc)
	ROW_IF(0x7fe00c00, 0x5a800400, "cneg %rd, %rn, {not_cc}", is_cinc)
	ROW(0xfffffc00, 0x53001c00, "uxtb %wd, %wn")
	ROW(0xfffffc00, 0x53003c00, "uxth %wd, %wn")
	ROW_IF(0x7fbffc00, 0x13001c00, "sxtb %rd, %wn", is_field)
	ROW_IF(0x7fbffc00, 0x13003c00, "sxth %rd, %wn", is_field)
	ROW(0xfffffc00, 0x93407c00, "sxtw %xd, %wn")
	ROW_IF(0x7f800000, 0x53000000, "lsr %rd, %rn, {immr}", is_shr)
	ROW_IF(0x7f800000, 0x13000000, "asr %rd, %rn, {immr}", is_shr)
	ROW_IF(0x7f800000, 0x53000000, "lsl %rd, %rn, {neg_immr}", is_shl)
	ROW_IF(0x7f800000, 0x53000000, "ubfx %rd, %rn, {immr}, {x_width}", is_extract)
	ROW_IF(0x7f800000, 0x13000000, "sbfx %rd, %rn, {immr}, {x_width}", is_extract)
	ROW_IF(0x7f800000, 0x33000000, "bfxil %rd, %rn, {immr}, {x_width}", is_extract)
	ROW_IF(0x7f800000, 0x53000000, "ubfiz %rd, %rn, {neg_immr}, {iz_width}", is_insert)
	ROW_IF(0x7f800000, 0x13000000, "sbfiz %rd, %rn, {neg_immr}, {iz_width}", is_insert)
	ROW_IF(0x7f8003e0, 0x330003e0, "bfc %rd, {neg_immr}, {iz_width}", is_insert)
	ROW_IF(0x7f800000, 0x33000000, "bfi %rd, %rn, {neg_immr}, {iz_width}", is_insert)
	ROW(0x7fe0fc00, 0x1ac02000, "lsl %rd, %rn, %rm")
	ROW(0x7fe0fc00, 0x1ac02400, "lsr %rd, %rn, %rm")
	ROW(0x7fe0fc00, 0x1ac02800, "asr %rd, %rn, %rm")
	ROW(0x7fe0fc00, 0x1ac02c00, "ror %rd, %rn, %rm")
	ROW_IF(0x7fa00000, 0x13800000, "ror %rd, %rn, {imms}", is_ror)
	ROW_IF(0x7fa00000, 0x13800000, "extr %rd, %rn, %rm, {imms}", is_extr)
	ROW_IF(0xbfe0fc00, 0x0ea01c00, "mov %bd, %bn", same_nm)
	ROW(0xbffffc00, 0x2e205800, "mvn %bd, %bn")
	VROW_IF(0xbf87fc00, 0x0f00a400, "sxtl{half} %Id, %in", is_whole, BY_IMMH, T_BHS)
	VROW_IF(0xbf87fc00, 0x2f00a400, "uxtl{half} %Id, %in", is_whole, BY_IMMH, T_BHS)

	/* general registers, irregular */
	ROW(0xfffffc00, 0x5ac00800, "rev %wd, %wn")
	ROW(0xfffffc00, 0xdac00800, "rev32 %xd, %xn")
	ROW(0xfffffc00, 0xdac00c00, "rev %xd, %xn")
	ROW(0xfffffc1f, 0x3a00080d, "setf8 %wn")
	ROW(0xfffffc1f, 0x3a00480d, "setf16 %wn")
	ROW(0xffe07c10, 0xba000400, "rmif %xn, {rmif_lsb}, {nzcv}")
	ROW(0xfc000000, 0x14000000, "b {target}")
	ROW(0xfc000000, 0x94000000, "bl {target}")
	ROW(0xff000010, 0x54000000, "b.{branch_cc} {target}")
	ROW(0x7f000000, 0x34000000, "cbz %rd, {target}")
	ROW(0x7f000000, 0x35000000, "cbnz %rd, {target}")
	ROW(0x7f000000, 0x36000000, "tbz %rd, {bit}, {target}")
	ROW(0x7f000000, 0x37000000, "tbnz %rd, {bit}, {target}")
	ROW(0xfffffc1f, 0xd61f0000, "br %xn")
	ROW(0xfffffc1f, 0xd63f0000, "blr %xn")
	ROW(0xffffffff, 0xd65f03c0, "ret")
	ROW(0xfffffc1f, 0xd65f0000, "ret %xn")
	ROW(0x9f000000, 0x10000000, "adr %xd, {target}")
	ROW(0x9f000000, 0x90000000, "adrp %xd, {target}")
	ROW(0xffff0000, 0x00000000, "udf {imm0_16}")
	ROW(0xfff00000, 0xd5300000, "mrs %xd, {sysreg}")
	ROW(0xfff00000, 0xd5100000, "msr {sysreg}, %xd")
	ROW(0xfffff0ff, 0xd50330bf, "dmb {barrier}")
	ROW(0xfffff0ff, 0xd503309f, "dsb {barrier}")

	/* memory, irregular; sign-extending loads of 2 or 3 in opc before the rest */
#define MEM_FORMS(mask, value, name, reg) \
	ROW((mask) | 0x3f000000, (value) | 0x39000000, name " " reg ", {scaled}") \
	ROW((mask) | 0x3f200c00, (value) | 0x38000400, name " " reg ", {post}") \
	ROW((mask) | 0x3f200c00, (value) | 0x38000c00, name " " reg ", {pre}") \
	ROW((mask) | 0x3f204c00, (value) | 0x38204800, name " " reg ", {index}")
	ROW(0xffc00000, 0xf9800000, "prfm {hint}, {scaled}")
	ROW(0xffe00c00, 0xf8800000, "prfum {hint}, {unscaled}")
	ROW(0xffe04c10, 0xf8a04800, "prfm {hint}, {index}")     /* hints from 24 on are RPRFM */
	ROW(0xffe04c18, 0xf8a04810, "prfm {hint}, {index}")
	MEM_FORMS(0x00c00000, 0x00000000, "str{bh}", "%td")
	MEM_FORMS(0x00c00000, 0x00400000, "ldr{bh}", "%td")
	MEM_FORMS(0xc0c00000, 0x80800000, "ldrs{bhw}", "%ld")
	MEM_FORMS(0x80800000, 0x00800000, "ldrs{bhw}", "%ld")
	ROW(0x3fe00c00, 0x38000000, "stur{bh} %td, {unscaled}")
	ROW(0x3fe00c00, 0x38400000, "ldur{bh} %td, {unscaled}")
	ROW(0xffe00c00, 0xb8800000, "ldurs{bhw} %ld, {unscaled}")
	ROW(0xbfa00c00, 0x38800000, "ldurs{bhw} %ld, {unscaled}")
#define MEMV_FORMS(mask, value) \
	MEM_FORMS((mask) | 0x04400000, (value) | 0x04000000, "str", "%kd") \
	MEM_FORMS((mask) | 0x04400000, (value) | 0x04400000, "ldr", "%kd") \
	ROW((mask) | 0x3f600c00, (value) | 0x3c000000, "stur %kd, {unscaled}") \
	ROW((mask) | 0x3f600c00, (value) | 0x3c400000, "ldur %kd, {unscaled}")
	MEMV_FORMS(0x00800000, 0x00000000)
	MEMV_FORMS(0xc0800000, 0x00800000)
	ROW(0x3fe00c00, 0x19000000, "stlur{bh} %td, {unscaled}")
	ROW(0x3fe00c00, 0x19400000, "ldapur{bh} %td, {unscaled}")
	ROW(0xffe00c00, 0x99800000, "ldapurs{bhw} %ld, {unscaled}")
	ROW(0xbfa00c00, 0x19800000, "ldapurs{bhw} %ld, {unscaled}")
	ROW(0x7fc00000, 0x28000000, "stnp %rd, %ra, {pair}")
	ROW_IF(0x3fc00000, 0x2c000000, "stnp %Kd, %Ka, {pair}", is_kpair)
#define PAIR_FORMS(mask, value, name, reg, reg2) \
	ROW_IF((mask) | 0x3fc00000, (value) | 0x00800000, name " " reg ", " reg2 ", {pair}", is_kpair) \
	ROW_IF((mask) | 0x3fc00000, (value) | 0x01000000, name " " reg ", " reg2 ", {pair}", is_kpair) \
	ROW_IF((mask) | 0x3fc00000, (value) | 0x01800000, name " " reg ", " reg2 ", {pair}", is_kpair)
	PAIR_FORMS(0x40000000, 0x28000000, "stp", "%rd", "%ra")
	PAIR_FORMS(0x40000000, 0x28400000, "ldp", "%rd", "%ra")
	PAIR_FORMS(0, 0x2c000000, "stp", "%Kd", "%Ka")
	PAIR_FORMS(0, 0x2c400000, "ldp", "%Kd", "%Ka")
	ROW(0xffc00000, 0x69400000, "ldpsw %xd, %xa, {pair}")
	ROW(0xbf000000, 0x18000000, "ldr %ed, {target}")
	ROW(0xff000000, 0x98000000, "ldrsw %xd, {target}")
	ROW_IF(0x3f000000, 0x1c000000, "ldr %Kd, {target}", is_kpair)
#define MULTI(opcode) \
	ROW(0xbffff000, 0x0c400000 | (opcode), "ld1 {regs}, {base}") \
	ROW(0xbffff000, 0x0c000000 | (opcode), "st1 {regs}, {base}") \
	ROW(0xbffff000, 0x0cdf0000 | (opcode), "ld1 {regs}, {base}, {regs_size}") \
	ROW(0xbffff000, 0x0c9f0000 | (opcode), "st1 {regs}, {base}, {regs_size}")
	MULTI(0x7000) MULTI(0xa000) MULTI(0x6000) MULTI(0x2000)
#define LANE(mask, opcode) \
	ROW(0xbfffe000 | (mask), 0x0d400000 | (opcode), "ld1 {reg_lane}, {base}") \
	ROW(0xbfffe000 | (mask), 0x0d000000 | (opcode), "st1 {reg_lane}, {base}")
	LANE(0, 0) LANE(0x400, 0x4000) LANE(0xc00, 0x8000) LANE(0x1c00, 0x8400)
	ROW(0xbffff000, 0x0d40c000, "ld1r {reg1}, {base}")

	/* floating point and vector, irregular */
	ROW_IF(0xff200c00, 0x1e200c00, "fcsel %fd, %fn, %fm, {cc}", is_float)
	ROW_IF(0xff3e7c00, 0x1e224000, "fcvt %cd, %fn", is_fcvt)
	ROW(0xfffffc00, 0x1e7e0000, "fjcvtzs %wd, d%0n")
	ROW(0xfffffc00, 0x1e260000, "fmov %wd, s%0n")
	ROW(0xfffffc00, 0x1e270000, "fmov s%0d, %wn")
	ROW(0xfffffc00, 0x9e660000, "fmov %xd, d%0n")
	ROW(0xfffffc00, 0x9e670000, "fmov d%0d, %xn")
	ROW(0xfffffc00, 0x9eae0000, "fmov %xd, v%0n.d[1]")
	ROW(0xfffffc00, 0x9eaf0000, "fmov v%0d.d[1], %xn")
	ROW_IF(0xff201fe0, 0x1e201000, "fmov %fd, {fimm}", is_float)
	ROW(0xbfbffc00, 0x0e217800, "fcvtl{half} %Gd, %gn")
	ROW(0xbfbffc00, 0x0e216800, "fcvtn{half} %gd, %Gn")
	ROW(0xbffffc00, 0x2e616800, "fcvtxn{half} %gd, %Gn")
	ROW(0xfffffc00, 0x5ef1b800, "addp d%0d, v%0n.2d")
	ROW_IF(0xbfe08400, 0x2e000000, "ext %bd, %bn, %bm, {ext_at}", is_extv)
	ROW(0xfffffc00, 0x4e080c00, "dup {d_lanes}, %xn")
	ROW_IF(0xbfe0fc00, 0x0e000c00, "dup {d_lanes}, %wn", is_dup_w)
	ROW_IF(0xbfe0fc00, 0x0e000400, "dup {d_lanes}, {n_lane}", is_q_lane)
	ROW_IF(0xffe0fc00, 0x5e000400, "mov {d_scalar}, {n_lane}", is_lane)
	ROW(0xffeffc00, 0x4e081c00, "mov {d_lane}, %xn")
	ROW_IF(0xffe0fc00, 0x4e001c00, "mov {d_lane}, %wn", is_lane_w)
	ROW_IF(0xffe08400, 0x6e000400, "mov {d_lane}, {n_lane4}", is_ins)
	ROW(0xffeffc00, 0x4e083c00, "umov %xd, {n_lane}")
	ROW_IF(0xffe0fc00, 0x0e003c00, "umov %wd, {n_lane}", is_lane_w)
	ROW_IF(0xbfe0fc00, 0x0e002c00, "smov %ed, {n_lane}", is_smov)
	ROW(0xbff89c00, 0x0f000400, "movi {vimm}")              /* 0xx0 */
	ROW(0xbff8dc00, 0x0f008400, "movi {vimm}")              /* 10x0 */
	ROW(0xbff8ec00, 0x0f00c400, "movi {vimm}")              /* 110x */
	ROW(0x9ff8fc00, 0x0f00e400, "movi {vimm}")              /* 1110 */
	ROW(0xbff89c00, 0x2f000400, "mvni {vimm}")
	ROW(0xbff8dc00, 0x2f008400, "mvni {vimm}")
	ROW(0xbff8ec00, 0x2f00c400, "mvni {vimm}")
	ROW(0xbff89c00, 0x0f001400, "orr {vimm}")               /* 0xx1 */
	ROW(0xbff8dc00, 0x0f009400, "orr {vimm}")               /* 10x1 */
	ROW(0xbff89c00, 0x2f001400, "bic {vimm}")
	ROW(0xbff8dc00, 0x2f009400, "bic {vimm}")
	ROW(0xbff8fc00, 0x0f00f400, "fmov {vimm}")
	ROW(0xfff8fc00, 0x6f00f400, "fmov {vimm}")
	ROW(0xffe00000, 0xce800000, "xar v%0d.2d, v%0n.2d, v%0m.2d, {xar_by}")

	/* the regular ones */
#define WORD(name, op)      ROW(0xffffffff, op, #name)
#define EXCEPTION(name, op) ROW(0xffe0001f, op, #name " {imm16}")
#define SYSOP(name, op)     ROW(0xffffffe0, op, #name ", %xd")
#define ARITH(name, op) \
	ROW_IF(0x7f200000, 0x0b000000 | (op), #name " %rd, %rn, %rm{shift}", is_arith) \
	ROW_IF(0x7fe00000, 0x0b200000 | (op), #name " %Rd, %Rn, {ext}", is_ext) \
	ROW(0x7f800000, 0x11000000 | (op), #name " %Rd, %Rn, {arith}")
#define LOGIC_N(name, op)   ROW_IF(0x7f200000, 0x0a000000 | (op), #name " %rd, %rn, %rm{shift}", is_shifted)
#define LOGIC(name, op) \
	LOGIC_N(name, op) \
	ROW_IF(0x7f800000, 0x12000000 | (op), #name " %Rd, %rn, {logic}", is_logic)
#define RR(name, op)        ROW(0x7ffffc00, op, #name " %rd, %rn")
#define RRR(name, op)       ROW(0x7fe0fc00, op, #name " %rd, %rn, %rm")
#define RRRR(name, op)      ROW(0x7fe08000, op, #name " %rd, %rn, %rm, %ra")
#define XWWX(name, op)      ROW(0xffe08000, op, #name " %xd, %wn, %wm, %xa")
#define XXX(name, op)       ROW(0xffe0fc00, op, #name " %xd, %xn, %xm")
#define CRC(name, op, mw)   ROW(0xffe0fc00, op, #name " %wd, %wn, %" TEXT_##mw "m")
#define CSSC(name, op, opi, lo, hi) \
	RRR(name, op) \
	ROW(0x7ffc0000, opi, lo < 0 ? #name " %rd, %rn, {simm8}" : #name " %rd, %rn, {uimm8}")
#define SELECT(name, op)    ROW(0x7fe00c00, op, #name " %rd, %rn, %rm, {cc}")
#define CCOMPARE(name, op) \
	ROW(0x7fe00c10, op, #name " %rn, %rm, {nzcv}, {cc}") \
	ROW(0x7fe00c10, (op) | 0x800, #name " %rn, {imm5}, {nzcv}, {cc}")
#define BITFIELD(name, op)  ROW_IF(0x7f800000, op, #name " %rd, %rn, {immr}, {imms}", is_field)
#define MOVEW(name, op)     ROW_IF(0x7f800000, op, #name " %rd, {imm16}{hw}", is_movw)
#define MEM_TN(name, op)    ROW(0x3ffffc00, op, #name "{bh} %td, {base}")
#define MEM_STN(name, op)   ROW(0x3fe0fc00, op, #name "{bh} %wm, %td, {base}")
#define MEM_TTN(name, op)   ROW(0xbfff8000, op, #name " %ed, %ea, {base}")
#define MEM_STTN(name, op)  ROW(0xbfe08000, op, #name " %wm, %ed, %ea, {base}")
#define CAS(name, op)       ROW(0x3fe0fc00, op, #name "{bh} %tm, %td, {base}")
#define CASP(name, op)      ROW(0xbfe1fc01, op, #name " %em, %eM, %ed, %eD, {base}")
#define ATOMIC(name, op)    ROW(0x3fe0fc00, op, #name "{bh} %tm, %td, {base}")
#define MOPS(name, op)      ROW_IF(0xffe0fc00, op, #name " [%xd]!, [%xm]!, %xn!", is_copy3)
#define MOPS_SET(name, op)  ROW_IF(0xffe0fc00, op, #name " [%xd]!, %xn!, %xm", is_copy)
#define FFF(name, op)       ROW_IF(0xff20fc00, op, #name " %fd, %fn, %fm", is_float)
#define FF(name, op)        ROW_IF(0xff3ffc00, op, #name " %fd, %fn", is_float)
#define FF_SD(name, op)     ROW_IF(0xff3ffc00, op, #name " %fd, %fn", is_sd)
#define FFFF(name, op)      ROW_IF(0xff208000, op, #name " %fd, %fn, %fm, %fa", is_float)
#define FCOMPARE(name, op) \
	ROW_IF(0xff20fc1f, op, #name " %fn, %fm", is_float) \
	ROW_IF(0xff3ffc1f, (op) | 8, #name " %fn, #0.0", is_float)
#define FCCOMPARE(name, op) ROW_IF(0xff200c10, op, #name " %fn, %fm, {nzcv}, {cc}", is_float)
#define F_TO_INT(name, op)  ROW_IF(0x7f3ffc00, op, #name " %rd, %fn", is_float)
#define INT_TO_F(name, op)  ROW_IF(0x7f3ffc00, op, #name " %fd, %rn", is_float)
#define V3(name, op, set)   VROW(0xaf20fc00, op, #name " %vd, %vn, %vm", BY_SIZE, set)
#define V3Q(name, op)       ROW(0xbfe0fc00, op, #name " %bd, %bn, %bm")
#define V3F(name, op, set)  VROW(0xafa0fc00, op, #name " %Fd, %Fn, %Fm", BY_SZ, set)
#define V2(name, op, set)   VROW(0xaf3ffc00, op, #name " %vd, %vn", BY_SIZE, set)
#define V2Q(name, op)       ROW(0xbffffc00, op, #name " %bd, %bn")
#define V2F(name, op, set)  VROW(0xafbffc00, op, #name " %Fd, %Fn", BY_SZ, set)
#define V2Z(name, op, set)  VROW(0xaf3ffc00, op, #name " %vd, %vn, #0", BY_SIZE, set)
#define V2FZ(name, op, set) VROW(0xafbffc00, op, #name " %Fd, %Fn, #0.0", BY_SZ, set)
#define VLONG(name, op, set) VROW(0xbf20fc00, op, #name "{half} %Vd, %vn, %vm", BY_SIZE, set)
#define VWIDE(name, op)     VROW(0xbf20fc00, op, #name "{half} %Vd, %Vn, %vm", BY_SIZE, T_BHS)
#define VHIGH(name, op)     VROW(0xbf20fc00, op, #name "{half} %vd, %Vn, %Vm", BY_SIZE, T_BHS)
#define VNARROW(name, op)   VROW(0xbf3ffc00, op, #name "{half} %vd, %Vn", BY_SIZE, T_BHS)
#define VPAIRLONG(name, op) VROW(0xbf3ffc00, op, #name " %pd, %vn", BY_SIZE, T_BHS)
#define VACROSS(name, op)   VROW(0xbf3ffc00, op, #name " %yd, %vn", BY_SIZE, T_B | T_H | 1 << V4S)
#define VACROSSLONG(name, op) VROW(0xbf3ffc00, op, #name " %Yd, %vn", BY_SIZE, T_B | T_H | 1 << V4S)
#define VACROSSF(name, op)  ROW(0xfffffc00, op, #name " s%0d, v%0n.4s")
#define VPAIRF(name, op) \
	ROW(0xfffffc00, op, #name " s%0d, v%0n.2s") \
	ROW(0xfffffc00, (op) | 0x400000, #name " d%0d, v%0n.2d")
#define VSHIFTL(name, op, set) VROW(0xaf80fc00, op, #name " %id, %in, {left}", BY_IMMH, set)
#define VSHIFTR(name, op, set) VROW(0xaf80fc00, op, #name " %id, %in, {right}", BY_IMMH, set)
#define VSHIFTN(name, op)    VROW(0xbf80fc00, op, #name "{half} %id, %In, {right}", BY_IMMH, T_BHS)
#define VSHIFTLONG(name, op) VROW(0xbf80fc00, op, #name "{half} %Id, %in, {left}", BY_IMMH, T_BHS)
#define VTABLE(name, op)    ROW(0xbfe09c00, op, #name " %bd, {table}, %bm")
#define VDOT(name, op)      ROW(0xbfe0fc00, op, #name " %vd, %bn, %bm")
#define VCADD(name, op)     VROW(0xbf20ec00, op, #name " %vd, %vn, %vm, {rot}", BY_SIZE, T_FP)
#define VBYELEM(name, op)   VROW(0xbf00f400, op, #name " %vd, %vn, {element}", BY_SIZE, T_H | T_S)
#define VBYELEMF(name, op)  VROW_IF(0xaf80f400, op, #name " %Fd, %Fn, {element}", is_element, BY_SZ, T_FP | T_VFP)
#define CRYPTO2(name, op, td, tn) ROW(0xfffffc00, op, #name " " TEXT_##td("d") ", " TEXT_##tn("n"))
#define CRYPTO3(name, op, td, tn, tm) \
	ROW(0xffe0fc00, op, #name " " TEXT_##td("d") ", " TEXT_##tn("n") ", " TEXT_##tm("m"))
#define CRYPTO4(name, op)   ROW(0xffe08000, op, #name " v%0d.16b, v%0n.16b, v%0m.16b, v%0a.16b")
#include "a64/a64_int.def"
#include "a64/a64_mem.def"
#include "a64/a64_vec.def"
};

static int arrangement(u32 insn, enum by by)
{
	int size = by == BY_SZ ? 2 + (int)bits(insn, 22, 1) :
	           by == BY_IMMH ? size_of_immh(insn) : (int)bits(insn, 22, 2);

	return size > 3 ? 31 : (int)bits(insn, 28, 1) << 4 | size << 1 | (int)bits(insn, 30, 1);
}

static const char *find(u32 insn)
{
	for (const struct row *i = rows; i < rows + countof(rows); i++)
		if ((insn & i->mask) == i->value && (!i->when || i->when(insn)) &&
		    (i->by == BY_NONE || i->set >> arrangement(insn, i->by) & 1))
			return i->text;
	return NULL;
}

int a_text(char *out, size_t size, u32 word, u64 pc)
{
	struct out o = { out, size, 0 };
	const char *s = find(word);

	if (!s) {
		put_s(&o, ".inst ");
		put_hex(&o, word);
	}
	while (s && *s) {
		if (*s == '%') {
			put_register(&o, word, s[1], s[2]);
			s += 3;
		} else if (*s == '{') {
			s = put_operand(&o, word, pc, s + 1);
		} else {
			put_c(&o, *s == '_' ? ' ' : *s);        /* dc_cvau */
			s++;
		}
	}
	if (size)
		out[o.len < size ? o.len : size - 1] = 0;
	return (int)o.len;
}
