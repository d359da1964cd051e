/* emit_sys.c - flags as data, frames, fences, caches, and what the runtime does in C.
 *
 * What only the kernel may do is #GP. Values pass through cpu.scratch (rt/helper.c).
 * SDM vol. 1 3.4.3 (EFLAGS), 6.5 (ENTER); vol. 3 5 (protection), 9.2.5 (fences).
 */
#include "tr/emit_sys.h"
#include "gen/decode.h"

enum { AX = X8, BX = X19, SP_ = X21, BP = X20 };

/* ---- flags */

/* The flags in the form cs, for an instruction that reads `reads` of them and may write some. */
static void flags_in(struct tr *c, enum csense cs, u8 reads)
{
	u8 keep = c->live;

	c->live |= reads;
	tr_need(c, cs);
	c->live = keep;
}

/* CF = v, the others stay. */
static void constant_cf(struct tr *c, bool v)
{
	if (!live(c, F_C))
		return;
	if (c->cs == CS_FCMP || c->cs == CS_FORD)
		tr_need(c, CS_SUB);
	if (c->cs == CS_ZERO && !v)
		return;
	if (!live(c, F_S | F_Z | F_O)) {
		a_cmp(c, 4, XZR, XZR);                  /* C = 1 */
		c->cs = v ? CS_ADD : CS_SUB;
		return;
	}
	if (has(c, HOST_FLAGM)) {
		a_rmif(c, XZR, 0, 2);
	} else {
		a_mrs(c, T0, SR_NZCV);
		a_and_i(c, 8, T0, T0, ~(1ull << 29));
		a_msr(c, SR_NZCV, T0);
	}
	c->cs = v ? CS_SUB : CS_ADD;                    /* C = 0 */
}

EMIT(clc, 0) { constant_cf(c, false); }
EMIT(stc, 0) { constant_cf(c, true); }

EMIT(cmc, 0)                                    /* no code: C's sense turns round */
{
	if (c->cs == CS_FCMP || c->cs == CS_FORD)
		flags_in(c, CS_SUB, F_C);
	c->cs = c->cs == CS_SUB ? CS_ADD : CS_SUB;      /* CS_ZERO: C = 0 */
}

static void set_df(struct tr *c, u64 v)
{
	a_mov_i(c, 8, T0, v);
	a_str_i(c, 8, T0, R_CPU, offsetof(struct cpu, df));
}

EMIT(cld, RAW) { set_df(c, 1); }
EMIT(std, RAW) { set_df(c, ~0ull); }

EMIT(lahf, RAW | IMPLICIT)                      /* AH = SF:ZF:0:AF:0:PF:1:CF */
{
	flags_in(c, CS_SUB, F_S | F_Z | F_A | F_P | F_C);
	a_cset(c, 4, T2, CC_LO);
	a_mrs(c, T3, SR_NZCV);
	a_lsr_i(c, 4, T3, T3, 30);
	a_bfi(c, 4, T2, T3, 6, 2);
	a_eor(c, 4, T3, R_PF, R_AF);
	a_and_i(c, 4, T3, T3, 0x10);
	a_orr(c, 4, T2, T2, T3);
	tr_parity(c, T3, true);
	a_bfi(c, 4, T2, T3, 2, 1);
	a_orr_i(c, 4, T2, T2, 2);
	a_bfi(c, 8, AX, T2, 8, 8);
}

EMIT(sahf, RAW | IMPLICIT)
{
	if (c->cs == CS_FCMP || c->cs == CS_FORD)
		flags_in(c, CS_SUB, 0);
	if (live(c, F_S | F_Z | F_C | F_O) && has(c, HOST_FLAGM)) {
		a_rmif(c, AX, 12, 12);
		a_rmif(c, AX, 7, 2);
		c->cs = CS_ADD;
	} else if (live(c, F_S | F_Z | F_C | F_O)) {
		a_mrs(c, T0, SR_NZCV);
		a_ubfx(c, 8, T1, AX, 14, 2);
		a_bfi(c, 8, T0, T1, 30, 2);
		a_mvn_sh(c, 8, T1, AX, LSR, 8);
		a_bfi(c, 8, T0, T1, 29, 1);
		a_msr(c, SR_NZCV, T0);
		c->cs = CS_SUB;
	}
	if (live(c, F_P | F_A)) {
		a_ubfx(c, 4, R_AF, AX, 8, 8);           /* AF's bit is the fourth here too */
		a_ubfx(c, 4, R_PF, AX, 10, 1);
		a_eor_i(c, 4, R_PF, R_PF, 1);           /* an odd number of ones: PF = 0 */
	}
}

EMIT(pushf, RAW | IMPLICIT)
{
	tr_helper(c, TR_H_PUSHF);
	a_ldr_i(c, 8, T_SRC, R_CPU, SCRATCH(0));
	tr_push(c, i->w == 2 ? 2 : 8, T_SRC);
}

void tr_set_rflags(struct tr *c, int w)
{
	a_mov_i(c, 4, T0, w);
	a_str_i(c, 8, T_SRC, R_CPU, SCRATCH(0));
	a_str_i(c, 8, T0, R_CPU, SCRATCH(1));
	tr_helper(c, TR_H_POPF);
}

EMIT(popf, RAW | IMPLICIT)
{
	int w = i->w == 2 ? 2 : 8;

	tr_pop(c, w, T_SRC);
	tr_set_rflags(c, w);
}

/* ---- frames and tables */

/* Writes a byte of memory as it is. */
static void probe(struct tr *c, int at)
{
	u32 *loop;

	if (has(c, HOST_LSE)) {
		a_ldaddal(c, 1, XZR, T_SRC, at);
		return;
	}
	loop = c->code.p;
	a_ldaxr(c, 1, T_SRC, at);
	a_stlxr(c, 1, T1, T_SRC, at);
	a_cbnz(c, 4, T1, (u8 *)loop - (u8 *)c->code.p);
}

/* [rsp - w] = rBP, then the outer frames' pointers and this one's; all stores before a register changes, and a probe of
 * where rsp will be. */
EMIT(enter, RAW | IMPLICIT)
{
	int w = i->w == 2 ? 2 : 8, level = i->imm2 & 31;
	u32 *loop;

	a_sub_i(c, 8, T_DST, SP_, w);                   /* the new frame */
	tr_store(c, tr_ea_reg(T_DST), w, BP);
	a_mov(c, 8, T3, T_DST);                         /* the last word written */
	if (level > 1) {
		a_mov(c, 8, T2, BP);
		a_mov_i(c, 4, T4, level - 1);
		loop = c->code.p;
		a_sub_i(c, 8, T2, T2, w);
		tr_load(c, tr_ea_reg(T2), w, T_SRC);
		a_sub_i(c, 8, T3, T3, w);
		tr_store(c, tr_ea_reg(T3), w, T_SRC);
		a_sub_i(c, 4, T4, T4, 1);
		a_cbnz(c, 4, T4, (u8 *)loop - (u8 *)c->code.p);
	}
	if (level) {
		a_sub_i(c, 8, T3, T3, w);
		tr_store(c, tr_ea_reg(T3), w, T_DST);
	}
	a_mov_i(c, 4, T0, (u16)i->imm);
	a_sub(c, 8, T3, T3, T0);
	probe(c, T3);
	tr_mov_gpr(c, w, BP, T_DST);
	a_mov(c, 8, SP_, T3);
}

EMIT(leave, RAW | IMPLICIT)                     /* rsp = rbp; pop rbp */
{
	int w = i->w == 2 ? 2 : 8;

	tr_load(c, tr_ea_reg(BP), w, T_SRC);
	a_add_i(c, 8, SP_, BP, w);
	tr_mov_gpr(c, w, BP, T_SRC);
}

EMIT(xlat, RAW | IMPLICIT)                      /* AL = [rBX + AL] */
{
	a_uxtb(c, T0, AX);
	a_add(c, i->aw, T_ADDR, BX, T0);
	if (i->seg == SEG_FS || i->seg == SEG_GS) {
		a_ldr_i(c, 8, T0, R_CPU, tr_seg_base(i->seg));
		a_add(c, 8, T_ADDR, T_ADDR, T0);
	}
	tr_load(c, tr_ea_reg(T_ADDR), 1, T_SRC);
	a_bfi(c, 8, AX, T_SRC, 0, 8);
}

/* ---- exceptions */

EMIT(ud,   RAW | IMPLICIT) { tr_fault(c, TR_H_UD); }
EMIT(priv, RAW | IMPLICIT) { tr_fault(c, TR_H_GP); }
EMIT(int3, RAW | IMPLICIT) { tr_fault(c, TR_H_INT3); }
EMIT(intn, RAW | IMPLICIT) { tr_fault(c, TR_H_INT); }
EMIT(int1, RAW | IMPLICIT) { tr_fault(c, TR_H_INT); }

/* ---- done in C */

EMIT(cpuid,  RAW | IMPLICIT) { tr_helper(c, TR_H_CPUID); }
EMIT(rdtsc,  RAW | IMPLICIT) { tr_helper(c, TR_H_RDTSC); }
EMIT(rdtscp, RAW | IMPLICIT) { tr_helper(c, TR_H_RDTSCP); }
EMIT(xgetbv, RAW | IMPLICIT) { tr_helper(c, TR_H_XGETBV); }

EMIT(rdpid, RAW)
{
	tr_helper(c, TR_H_RDPID);
	a_ldr_i(c, 8, T_DST, R_CPU, SCRATCH(0));
	tr_wb(c, i, 0, T_DST);
}

/* scratch[0] = the address; scratch[1]: not zero with REX.W. */
static void with_address(struct tr *c, struct insn *i, int helper)
{
	int a = tr_addr_in(c, i, T_ADDR);

	a_stp_i(c, 8, a, i->prefix & PFX_REXW ? R_CPU : XZR, R_CPU, SCRATCH(0));
	tr_helper(c, helper);
}

EMIT(fxsave,  RAW | IMPLICIT) { with_address(c, i, TR_H_FXSAVE); }
EMIT(fxrstor, RAW | IMPLICIT) { with_address(c, i, TR_H_FXRSTOR); }
EMIT(xsave,   RAW | IMPLICIT) { with_address(c, i, TR_H_XSAVE); }
EMIT(xsaveopt, RAW | IMPLICIT) { with_address(c, i, TR_H_XSAVEOPT); }
EMIT(xsavec,  RAW | IMPLICIT) { with_address(c, i, TR_H_XSAVEC); }
EMIT(xrstor,  RAW | IMPLICIT) { with_address(c, i, TR_H_XRSTOR); }

EMIT(ldmxcsr, RAW | IMPLICIT)
{
	tr_load(c, tr_ea(c, i, 4), 4, T_SRC);
	a_str_i(c, 8, T_SRC, R_CPU, SCRATCH(0));
	tr_helper(c, TR_H_LDMXCSR);
}

EMIT(stmxcsr, RAW | IMPLICIT)
{
	tr_helper(c, TR_H_STMXCSR);
	a_ldr_i(c, 4, T_SRC, R_CPU, SCRATCH(0));
	tr_store(c, tr_ea(c, i, 4), 4, T_SRC);
}

/* CF says whether there was a number; the other flags are cleared. RNDR says 0 0 0 0 in NZCV for success, which is just
 * that, and else Z and a zero. */
EMIT(rdrand, RAW)
{
	if (!has(c, HOST_RNG)) {
		tr_helper(c, TR_H_RANDOM);
		a_ldr_i(c, 8, T_DST, R_CPU, SCRATCH(0));
		tr_wb(c, i, 0, T_DST);
		return;
	}
	a_mrs(c, T_DST, x86_rows[i->row].mn == MN_RDSEED ? SR_RNDRRS : SR_RNDR);
	a_ccmp_i(c, 8, R_CPU, 0, 0, CC_EQ);             /* an address less 0 is 0 0 1 0 */
	c->cs = CS_SUB;
	if (live(c, F_P | F_A)) {
		a_mov_i(c, 4, R_PF, 1);
		a_mov(c, 4, R_AF, R_PF);
	}
	tr_wb(c, i, 0, T_DST);
}

/* ---- hints, fences, caches */

EMIT(nop, RAW) { }
EMIT(pause, RAW) { a_yield(c); }

EMIT(prefetch, RAW)
{
	struct ea m = tr_ea(c, i, 8);
	int hint = PSTL1KEEP;                           /* PREFETCHW */

	switch (x86_rows[i->row].mn) {
	case MN_PREFETCHT0:  hint = PLDL1KEEP; break;
	case MN_PREFETCHT1:  hint = PLDL2KEEP; break;
	case MN_PREFETCHT2:  hint = PLDL3KEEP; break;
	case MN_PREFETCHNTA: hint = PLDL1STRM; break;
	}
	if (m.index != tr_ea_reg(X0).index)
		a_prfm_r(c, hint, m.base, m.index, m.ext, m.scaled);
	else
		a_prfm_i(c, hint, m.base, m.off);
}

EMIT(mfence, RAW)
{
	if (c->env->order != TR_PLAIN)
		a_dmb(c, A_ISH);
}

EMIT(lfence, RAW)
{
	if (c->env->order == TR_TSO)
		a_dmb(c, A_ISHLD);
}

EMIT(sfence, RAW)
{
	if (c->env->order == TR_TSO)
		a_dmb(c, A_ISHST);
}

EMIT(clflush, RAW | IMPLICIT)                   /* checked as a load of one byte; CLFLUSHOPT and CLWB likewise */
{
	a = tr_addr_in(c, i, T_ADDR);
	a_ldr_i(c, 1, XZR, a, 0);
	a_dc_civac(c, a);
}
