/* emit_seg.c - segment registers, far transfers, and questions about descriptors.
 *
 * A program sees the flat segments of 64-bit Linux: CS 0x33, SS 0x2b, the others null; what it may load besides is the
 * kernel's other user descriptor, 32-bit code at 0x23; anything else is #GP as from an empty descriptor table (the kernel's
 * per-CPU descriptor 0x7b is not there). Selectors loaded into DS ES FS GS do nothing but be read again; loading FS or GS
 * clears its base. There is no way to 32-bit code. SDM vol. 1 3.4.2, vol. 3 3.4.
 */
#include "tr/emit_bit.h"
#include "tr/emit_sys.h"
#include "gen/decode.h"

enum { SP_ = X21 };
enum { SEL_CS32 = 0x23, SEL_DS = 0x2b, SEL_CS = 0x33 };

static int kept(int seg) { return offsetof(struct cpu, sel) + 2 * cpu_sel(seg); }

/* d = the selector in seg */
static void get_selector(struct tr *c, int d, int seg)
{
	if (seg == SEG_CS || seg == SEG_SS)
		a_mov_i(c, 4, d, seg == SEG_CS ? SEL_CS : SEL_DS);
	else
		a_ldr_i(c, 2, d, R_CPU, kept(seg));
}

/* #GP unless the selector in r (extended) may be loaded into seg: null or a user's, whatever its privilege bits. Keeps NZCV. */
static void check_selector(struct tr *c, int seg, int r)
{
	if (seg == SEG_SS) {
		a_sub_i(c, 4, T0, r, SEL_DS);
	} else {
		a_mov_i(c, 4, T1, ~(1u | 1u << (SEL_CS32 >> 3) | 1u << (SEL_DS >> 3) | 1u << (SEL_CS >> 3)));
		a_lsr_i(c, 4, T0, r, 3);
		a_lsr(c, 4, T1, T1, T0);
		a_and_i(c, 4, T1, T1, 1);
		a_ubfx(c, 4, T0, r, 2, 1);              /* the local table */
		a_orr(c, 4, T1, T1, T0);
		a_lsr_i(c, 4, T0, r, 7);
		a_orr(c, 4, T0, T0, T1);
	}
	a_cbnz(c, 4, T0, 0);
	tr_cold(c, TR_H_GP);
}

static void load_selector(struct tr *c, int seg, int r)
{
	if (seg == SEG_SS)
		return;
	a_str_i(c, 2, r, R_CPU, kept(seg));
	if (seg == SEG_FS || seg == SEG_GS)
		a_str_i(c, 8, XZR, R_CPU, tr_seg_base(seg));
}

EMIT(movrs, RAW)                                /* destination = selector */
{
	d = tr_dst(c, i, 0, T_DST);
	get_selector(c, d, i->o[1].reg);
	tr_wb(c, i, 0, d);
}

EMIT(movsr, RAW | IMPLICIT)                     /* segment register = source */
{
	a = tr_srcz(c, i, 1, T_SRC);
	check_selector(c, i->o[0].reg, a);
	load_selector(c, i->o[0].reg, a);
}

EMIT(pushs, RAW | IMPLICIT)
{
	get_selector(c, T_SRC, i->o[0].reg);
	tr_push(c, i->w == 2 ? 2 : 8, T_SRC);
}

EMIT(pops, RAW | IMPLICIT)
{
	int w = i->w == 2 ? 2 : 8;

	tr_load(c, tr_ea_reg(SP_), w, T_SRC);
	a_uxth(c, T_SRC, T_SRC);
	check_selector(c, i->o[0].reg, T_SRC);
	load_selector(c, i->o[0].reg, T_SRC);
	a_add_i(c, 8, SP_, SP_, w);
}

EMIT(rdbase, RAW)                               /* RDFSBASE, RDGSBASE */
{
	int seg = x86_rows[i->row].mn == MN_RDFSBASE ? SEG_FS : SEG_GS;

	a_ldr_i(c, i->w == 8 ? 8 : 4, G(i->o[0].reg), R_CPU, tr_seg_base(seg));
}

/* #GP unless r is canonical. */
static void check_canonical(struct tr *c, int r)
{
	a_asr_i(c, 8, T0, r, 47);                       /* 0 or -1 */
	a_add_i(c, 8, T0, T0, 1);
	a_lsr_i(c, 8, T0, T0, 1);
	a_cbnz(c, 8, T0, 0);
	tr_cold(c, TR_H_GP);
}

EMIT(wrbase, RAW | IMPLICIT)                    /* WRFSBASE, WRGSBASE: #GP for a non-canonical address */
{
	int seg = x86_rows[i->row].mn == MN_WRFSBASE ? SEG_FS : SEG_GS;

	a = tr_srcz(c, i, 0, T_SRC);
	if (i->w == 8)
		check_canonical(c, a);
	a_str_i(c, 8, a, R_CPU, tr_seg_base(seg));
}

/* ---- far transfers: only to the segment one is in */

/* T_SRC = the offset at T_ADDR; #GP unless the selector behind it is CS's, but for the privilege bits where there are any. */
static void far_pointer(struct tr *c, int w, u32 any)
{
	tr_load(c, tr_ea_reg(T_ADDR), w, T_SRC);
	a_add_i(c, 8, T_ADDR, T_ADDR, w);
	tr_load(c, tr_ea_reg(T_ADDR), 2, T_SRC2);
	if (any)
		a_orr_i(c, 4, T_SRC2, T_SRC2, any);
	a_sub_i(c, 4, T0, T_SRC2, SEL_CS);
	a_cbnz(c, 4, T0, 0);
	tr_cold(c, TR_H_GP);
	if (w == 8)
		check_canonical(c, T_SRC);
}

EMIT(jmpf, RAW | IMPLICIT)
{
	int w = i->o[0].w - 2;

	tr_addr(c, i, T_ADDR);
	far_pointer(c, w, 3);
	tr_exit_reg(c, T_SRC);
}

EMIT(callf, RAW | IMPLICIT)
{
	int w = i->o[0].w - 2;

	tr_addr(c, i, T_ADDR);
	far_pointer(c, w, 3);
	a_sub_i(c, 8, T_ADDR, SP_, w);
	tr_store(c, tr_ea_reg(T_ADDR), w, T_SRC2);
	tr_gaddr(c, T0, insn_next(i));
	a_sub_i(c, 8, T_ADDR, SP_, 2 * w);
	tr_store(c, tr_ea_reg(T_ADDR), w, T0);
	a_mov(c, 8, SP_, T_ADDR);
	tr_exit_reg(c, T_SRC);
}

EMIT(retf, RAW | IMPLICIT)
{
	a_mov(c, 8, T_ADDR, SP_);
	far_pointer(c, i->w, 0);
	a_add_i(c, 8, SP_, T_ADDR, i->w);
	if (i->o[0].kind == OP_IMM && i->imm) {
		a_mov_i(c, 4, T0, (u16)i->imm);
		a_add(c, 8, SP_, SP_, T0);
	}
	tr_exit_reg(c, T_SRC);
}

/* Pops rip, cs, rflags, rsp, ss. The stack stays the same one unless the frame says otherwise. */
EMIT(iret, RAW | IMPLICIT)
{
	int w = i->w;

	a_ldr_i(c, 8, T0, R_CPU, offsetof(struct cpu, rflags));
	a_tbnz(c, T0, 14, 0);                           /* NT: there are no tasks to return to */
	tr_cold(c, TR_H_GP);
	a_add_i(c, 8, T_ADDR, SP_, 4 * w);
	tr_load(c, tr_ea_reg(T_ADDR), 2, T2);
	a_sub_i(c, 4, T2, T2, SEL_DS);
	a_sub_i(c, 8, T_ADDR, T_ADDR, w);
	tr_load(c, tr_ea_reg(T_ADDR), w, T_DST);
	a_sub_i(c, 8, T_ADDR, T_ADDR, 2 * w);
	tr_load(c, tr_ea_reg(T_ADDR), 2, T3);
	a_sub_i(c, 4, T3, T3, SEL_CS);
	a_orr(c, 4, T2, T2, T3);
	a_cbnz(c, 4, T2, 0);
	tr_cold(c, TR_H_GP);
	tr_load(c, tr_ea_reg(SP_), w, T_SRC2);
	if (w == 8)
		check_canonical(c, T_SRC2);
	a_add_i(c, 8, T_ADDR, T_ADDR, w);
	tr_load(c, tr_ea_reg(T_ADDR), w, T_SRC);
	a_mov(c, 8, SP_, T_DST);
	a_str_i(c, 8, T_SRC2, R_CPU, SCRATCH(2));
	tr_set_rflags(c, w);
	a_ldr_i(c, 8, T_SRC, R_CPU, SCRATCH(2));
	tr_exit_reg(c, T_SRC);
}

/* ---- what is asked of descriptors */

/* T2 = 0 if the selector in r (extended) names a user's descriptor; T0 = 0, 2, 4: CS32, DS, CS. */
static void descriptor(struct tr *c, int r)
{
	a_ubfx(c, 4, T0, r, 2, 14);                     /* without the privilege bits: 8, 10, 12 */
	a_sub_i(c, 4, T0, T0, SEL_CS32 >> 2);
	a_and_i(c, 4, T2, T0, ~6u);
	a_add_i(c, 4, T1, T0, 2);
	a_and_i(c, 4, T1, T1, 8);
	a_orr(c, 4, T2, T2, T1);
}

/* Operand 0 = T1 if T2 is zero, which ZF says. */
static void describe(struct tr *c, struct insn *i)
{
	u32 *none = c->code.p;

	a_cbnz(c, 4, T2, 0);
	tr_wb(c, i, 0, T1);
	a_bind(c, none);
	tr_zf(c, T2);
}

EMIT(lar, RAW | IMPLICIT)
{
	u32 *skip;

	descriptor(c, tr_srcz(c, i, 1, T_SRC));
	a_mov_i(c, 4, T1, 0xcffb00);
	skip = c->code.p;
	a_tbz(c, T0, 1, 0);
	a_mov_i(c, 4, T1, 0xcff300);
	a_bind(c, skip);
	skip = c->code.p;
	a_tbz(c, T0, 2, 0);
	a_mov_i(c, 4, T1, 0xaffb00);
	a_bind(c, skip);
	describe(c, i);
}

EMIT(lsl, RAW | IMPLICIT)
{
	descriptor(c, tr_srcz(c, i, 1, T_SRC));
	a_mov_i(c, 4, T1, 0xffffffff);
	describe(c, i);
}

EMIT(verr, RAW)
{
	descriptor(c, tr_srcz(c, i, 0, T_SRC));
	tr_zf(c, T2);
}

EMIT(verw, RAW)                                 /* only the data segment can be written */
{
	a_ubfx(c, 4, T2, tr_srcz(c, i, 0, T_SRC), 2, 14);
	a_eor_i(c, 4, T2, T2, 8);
	a_eor_i(c, 4, T2, T2, 2);
	tr_zf(c, T2);
}

EMIT(lseg, RAW | IMPLICIT)                      /* LSS LFS LGS: register, segment = far pointer */
{
	int mn = x86_rows[i->row].mn, seg = mn == MN_LSS ? SEG_SS : mn == MN_LFS ? SEG_FS : SEG_GS;

	tr_addr(c, i, T_ADDR);
	tr_load(c, tr_ea_reg(T_ADDR), i->w, T_SRC);
	a_add_i(c, 8, T_ADDR, T_ADDR, i->w);
	tr_load(c, tr_ea_reg(T_ADDR), 2, T_SRC2);
	check_selector(c, seg, T_SRC2);
	load_selector(c, seg, T_SRC2);
	tr_wb(c, i, 0, T_SRC);
}

/* The kernel's answers on CPUs that keep these from programs (UMIP); it leaves the upper half of a 32-bit register. */
EMIT(umip, RAW | IMPLICIT)
{
	switch (x86_rows[i->row].mn) {
	case MN_SLDT:
		a_mov_i(c, 4, T_DST, 0);
		break;
	case MN_STR:
		a_mov_i(c, 4, T_DST, 0x40);
		break;
	case MN_SMSW:
		a_mov_i(c, 4, T_DST, 0x80050033);
		break;
	default:                                        /* SGDT, SIDT: a limit of zero, a base */
		tr_addr(c, i, T_ADDR);
		tr_store(c, tr_ea_reg(T_ADDR), 2, XZR);
		a_mov_i(c, 8, T_DST, x86_rows[i->row].mn == MN_SGDT ? 0xfffffffffffe0000 : 0xffffffffffff0000);
		a_add_i(c, 8, T_ADDR, T_ADDR, 2);
		tr_store(c, tr_ea_reg(T_ADDR), 8, T_DST);
		return;
	}
	if (i->o[0].kind == OP_GPR && i->o[0].w == 4)
		a_bfi(c, 8, G(i->o[0].reg), T_DST, 0, 32);
	else
		tr_wb(c, i, 0, T_DST);
}
