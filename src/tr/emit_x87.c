/* emit_x87.c - the x87's instructions, as one table, and how rt/x87.c executes one whole.
 *
 * Most need not go there: x87_inline.c has those that translated code does itself. SDM vol. 1, 8.
 *
 * A memory operand is accessed here, so that it faults as any other does: values to be loaded and stored pass through
 * scratch[0] and [1], and a store is done between two visits to C.
 */
#include "tr/tr.h"
#include "gen/decode.h"

#define SCRATCH(n) (offsetof(struct cpu, scratch) + 8 * (n))
#define FCW        offsetof(struct cpu, fcw)

enum { FLOAT, INTEGER, DECIMAL };
static const struct { u8 op, pops, kind, i; } rows[] = {
	[MN_FADD]   = { X87_ADD },      [MN_FADDP]  = { X87_ADD, 1 },  [MN_FIADD]  = { X87_ADD, 0, INTEGER },
	[MN_FMUL]   = { X87_MUL },      [MN_FMULP]  = { X87_MUL, 1 },  [MN_FIMUL]  = { X87_MUL, 0, INTEGER },
	[MN_FSUB]   = { X87_SUB },      [MN_FSUBP]  = { X87_SUB, 1 },  [MN_FISUB]  = { X87_SUB, 0, INTEGER },
	[MN_FSUBR]  = { X87_SUBR },     [MN_FSUBRP] = { X87_SUBR, 1 }, [MN_FISUBR] = { X87_SUBR, 0, INTEGER },
	[MN_FDIV]   = { X87_DIV },      [MN_FDIVP]  = { X87_DIV, 1 },  [MN_FIDIV]  = { X87_DIV, 0, INTEGER },
	[MN_FDIVR]  = { X87_DIVR },     [MN_FDIVRP] = { X87_DIVR, 1 }, [MN_FIDIVR] = { X87_DIVR, 0, INTEGER },
	[MN_FCOM]   = { X87_COM },      [MN_FCOMP]  = { X87_COM, 1 },  [MN_FCOMPP] = { X87_COM, 2, 0, 1 },
	[MN_FICOM]  = { X87_COM, 0, INTEGER }, [MN_FICOMP] = { X87_COM, 1, INTEGER },
	[MN_FUCOM]  = { X87_UCOM },     [MN_FUCOMP] = { X87_UCOM, 1 }, [MN_FUCOMPP] = { X87_UCOM, 2, 0, 1 },
	[MN_FCOMI]  = { X87_COMI },     [MN_FCOMIP] = { X87_COMI, 1 },
	[MN_FUCOMI] = { X87_UCOMI },    [MN_FUCOMIP] = { X87_UCOMI, 1 },
	[MN_FTST]   = { X87_TST },      [MN_FXAM]   = { X87_XAM },
	[MN_FLD]    = { X87_LD },       [MN_FILD]   = { X87_LD, 0, INTEGER }, [MN_FBLD] = { X87_LD, 0, DECIMAL },
	[MN_FLD1]   = { X87_LDC, .i = 0 }, [MN_FLDL2T] = { X87_LDC, .i = 1 }, [MN_FLDL2E] = { X87_LDC, .i = 2 },
	[MN_FLDPI]  = { X87_LDC, .i = 3 }, [MN_FLDLG2] = { X87_LDC, .i = 4 }, [MN_FLDLN2] = { X87_LDC, .i = 5 },
	[MN_FLDZ]   = { X87_LDC, .i = 6 },
	[MN_FST]    = { X87_ST },       [MN_FSTP]   = { X87_ST, 1 },   [MN_FSTPNCE] = { X87_STNC, 1 },
	[MN_FIST]   = { X87_ST, 0, INTEGER }, [MN_FISTP] = { X87_ST, 1, INTEGER }, [MN_FISTTP] = { X87_STT, 1, INTEGER },
	[MN_FBSTP]  = { X87_ST, 1, DECIMAL },
	[MN_FXCH]   = { X87_XCH },      [MN_FFREE]  = { X87_FREE },    [MN_FFREEP] = { X87_FREE, 1 },
	[MN_FINCSTP] = { X87_INCSTP },  [MN_FDECSTP] = { X87_DECSTP },
	[MN_FCMOVB] = { X87_CMOV },     [MN_FCMOVE] = { X87_CMOV },    [MN_FCMOVBE] = { X87_CMOV }, [MN_FCMOVU] = { X87_CMOV },
	[MN_FCMOVNB] = { X87_CMOV },    [MN_FCMOVNE] = { X87_CMOV },   [MN_FCMOVNBE] = { X87_CMOV }, [MN_FCMOVNU] = { X87_CMOV },
	[MN_FCHS]   = { X87_CHS },      [MN_FABS]   = { X87_ABS },     [MN_FSQRT]  = { X87_SQRT },
	[MN_FRNDINT] = { X87_RNDINT },  [MN_FSCALE] = { X87_SCALE },   [MN_FXTRACT] = { X87_XTRACT },
	[MN_FPREM]  = { X87_PREM },     [MN_FPREM1] = { X87_PREM1 },
	[MN_F2XM1]  = { X87_2XM1 },     [MN_FYL2X]  = { X87_YL2X },    [MN_FYL2XP1] = { X87_YL2XP1 },
	[MN_FPTAN]  = { X87_PTAN },     [MN_FPATAN] = { X87_PATAN },
	[MN_FSIN]   = { X87_SIN },      [MN_FCOS]   = { X87_COS },     [MN_FSINCOS] = { X87_SINCOS },
	[MN_FNOP]   = { X87_NOP },      [MN_FWAIT]  = { X87_WAIT },
	[MN_FLDCW]  = { X87_LDCW },     [MN_FNSTSW] = { X87_STSW },    [MN_FNCLEX] = { X87_CLEX }, [MN_FNINIT] = { X87_INIT },
	[MN_FLDENV] = { X87_LDENV },    [MN_FNSTENV] = { X87_STENV },  [MN_FRSTOR] = { X87_RSTOR }, [MN_FNSAVE] = { X87_SAVE },
};

static int mn(const struct insn *i) { return x86_rows[i->row].mn; }

static const struct opnd *memory(const struct insn *i)
{
	return i->o[0].kind == OP_MEM ? &i->o[0] : i->o[1].kind == OP_MEM ? &i->o[1] : 0;
}

static int format(int kind, int w)
{
	if (kind == DECIMAL)
		return X87_BCD;
	if (kind == INTEGER)
		return w == 2 ? X87_I16 : w == 4 ? X87_I32 : X87_I64;
	return w == 4 ? X87_F32 : w == 8 ? X87_F64 : X87_F80;
}

union x87_desc tr_x87_desc(const struct insn *i)
{
	const struct opnd *m = memory(i);
	union x87_desc d = { .word = 0 };

	if (mn(i) == MN_FNSTCW) {                       /* changes as little as that */
		d.op = X87_STSW;
		return d;
	}
	d.op = rows[mn(i)].op;
	d.pops = rows[mn(i)].pops;
	d.i = rows[mn(i)].i;
	d.len = i->len;
	d.narrow = i->prefix & PFX_OPSZ && !(i->prefix & PFX_REXW);
	if (m && m->w)
		d.fmt = format(rows[mn(i)].kind, m->w);
	for (int k = 0; k < 2; k++)
		if (i->o[k].kind == OP_ST && i->o[k].reg)
			d.i = i->o[k].reg;
	d.to_i = i->o[0].kind == OP_ST && i->o[0].reg;
	return d;
}

/* --- whole, in C */

/* The operand's value is in scratch[0] and [1]. */
static void operate(struct tr *c, union x87_desc d)
{
	a_mov_i(c, 4, T0, d.word);
	a_str_i(c, 8, T0, R_CPU, SCRATCH(2));
	tr_helper(c, TR_H_X87);
}

/* Ten bytes are eight and two: T_SRC, T_SRC2. */
static void load(struct tr *c, struct insn *i, int w)
{
	struct ea m = tr_ea(c, i, w == 10 ? 8 : w);

	tr_load(c, m, w == 10 ? 8 : w, T_SRC);
	if (w == 10)
		tr_load(c, tr_ea_off(c, m, 2, 8), 2, T_SRC2);
}

void tr_x87_store(struct tr *c, struct insn *i, int w, int lo, int hi)
{
	struct ea m = tr_ea(c, i, w == 10 ? 8 : w);

	tr_store(c, m, w == 10 ? 8 : w, lo);
	if (w == 10)
		tr_store(c, tr_ea_off(c, m, 2, 8), 2, hi);
}

/* d = bit 0: the condition of an FCMOVcc. Keeps C's sense if that is CS_SUB. */
void tr_x87_condition(struct tr *c, struct insn *i, int d)
{
	int cc = COND_B;

	switch (mn(i)) {
	case MN_FCMOVNB:  cc = COND_AE; break;
	case MN_FCMOVE:   cc = COND_E; break;
	case MN_FCMOVNE:  cc = COND_NE; break;
	case MN_FCMOVBE:  cc = COND_BE; break;
	case MN_FCMOVNBE: cc = COND_A; break;
	case MN_FCMOVU:   cc = COND_P; break;
	case MN_FCMOVNU:  cc = COND_NP; break;
	}
	if ((cc >> 1) != COND_P >> 1) {
		a_cset(c, 4, d, tr_cond(c, cc));
		return;
	}
	tr_parity(c, d, false);                                /* !PF */
	if (cc == COND_P)
		a_mvn(c, 4, d, d);
}

void tr_x87_whole(struct tr *c, struct insn *i)
{
	const struct opnd *m = memory(i);
	union x87_desc d = tr_x87_desc(i);

	tr_x87_sync(c);
	if (m && !m->w) {                               /* an environment goes by its address */
		tr_addr(c, i, T_ADDR);
		a_str_i(c, 8, T_ADDR, R_CPU, SCRATCH(0));
	} else if (m && m->access & OP_READ) {
		load(c, i, m->w);
		a_stp_i(c, 8, T_SRC, T_SRC2, R_CPU, SCRATCH(0));
	} else if (d.op == X87_CMOV) {
		tr_x87_condition(c, i, T_SRC);
		a_str_i(c, 8, T_SRC, R_CPU, SCRATCH(0));
	}
	operate(c, d);
	if (m && m->w && m->access & OP_WRITE) {
		a_ldp_i(c, 8, T_SRC, T_SRC2, R_CPU, SCRATCH(0));
		tr_x87_store(c, i, m->w, T_SRC, T_SRC2);
		d.op = X87_COMMIT;
		operate(c, d);
	}
}

/* --- emitters */

static void whole(struct tr *c, struct insn *i)
{
	union x87_desc d = tr_x87_desc(i);

	if (d.op < X87_LDCW) {
		tr_x87_flags(c, i);
		tr_x87_guard(c, 0);
	}
	tr_x87_whole(c, i);
	tr_x87_effect(&c->x87, d);
	c->x87.set = c->x87.clear = 0;                  /* C has done that */
	c->x87.moved = 0;
	c->x87_held = false;
	if (d.op < X87_LDCW)
		c->x87.ip = false;
}

EMIT(x87, RAW | IMPLICIT)
{
	if (!tr_x87_inline(c, i))
		whole(c, i);
}

EMIT(fnstcw, 0)                                         /* d = control word, with bit 6 as it is read: set */
{
	tr_x87_sync(c);                                 /* the store may fault */
	a_ldr_i(c, 4, d, R_CPU, FCW);
}

/* The status word is put together from its pieces; where nothing is known of them, in C. */
EMIT(fnstsw, RAW | IMPLICIT)
{
	if (!c->x87.sure) {
		operate(c, tr_x87_desc(i));
		a_ldr_i(c, 8, T_SRC, R_CPU, SCRATCH(0));
	} else {
		a_ldr_i(c, 2, T_SRC, R_CPU, offsetof(struct cpu, x87.sw));
		a_ldr_i(c, 1, T0, R_CPU, offsetof(struct cpu, x87.c1));
		a_bfi(c, 4, T_SRC, T0, 9, 1);
		a_ldr_i(c, 1, T0, R_CPU, offsetof(struct cpu, x87.pe));
		a_bfi(c, 4, T_SRC, T0, 5, 1);
		a_ldr_i(c, 1, T0, R_CPU, offsetof(struct cpu, x87.bias));
		if (c->x87.top)
			a_add_i(c, 4, T0, T0, c->x87.top);
		a_bfi(c, 4, T_SRC, T0, 11, 3);
	}
	tr_x87_sync(c);                                 /* it may fault */
	tr_wb(c, i, 0, T_SRC);
}
