/* atomic.c - one step of memory: exchanges and comparisons at any alignment, by the means this host has.
 *
 * With FEAT_LSE the `...al` forms are full barriers by themselves, but for a cas that fails: nothing orders its read after
 * an earlier vector store, so `dmb ish` follows and what it found is read anew. Their result never goes to XZR, which would
 * take the acquire away. Without: ldaxr, stlxr, `dmb ish`; a comparison that fails stores what it found. doc/memory.md argues
 * both.
 *
 * An atomic that ARM64 refuses at its alignment (beyond 16 bytes with LSE2, else any misaligned one) faults with SIGBUS,
 * and its code is made again with c->crosses: then the aligned 8 or 16 bytes around it are exchanged as one. What lies
 * in two such (TR_H_SPLITLOCK) is for the runtime: it stops the process's other threads and runs that one instruction as
 * TR_PLAIN code, which does the same at any alignment, and for a while there is nobody else.
 * Arm ARM B2.2.1 (single-copy atomicity), B2.9 (exclusives).
 */
#include "tr/atomic.h"

static int regw(int w)             { return w == 8 ? 8 : 4; }
static s64 back(struct tr *c, u32 *to) { return (u8 *)to - (u8 *)c->code.p; }

static void new_value(struct tr *c, int w, enum op op, int d, int old, int in)
{
	switch (op) {
	case OP_ADD: a_add(c, w, d, old, in); break;
	case OP_CLR: a_bic(c, w, d, old, in); break;
	case OP_SET: a_orr(c, w, d, old, in); break;
	case OP_EOR: a_eor(c, w, d, old, in); break;
	case OP_SWP: a_mov(c, w, d, in); break;
	case OP_NEG: a_neg(c, w, d, old); break;
	case OP_CAS: break;
	}
}

/* ---- any alignment: by the aligned word around the operand, or the pair of words */

enum { SHIFT = TR_ATOMIC_SHIFT, WORD = TR_ATOMIC_WORD, W0 = T0, W1 = T5, DIFF = T2 };

/* DIFF = the bits of T_SRC, of w bytes, that change: none when a comparison (OP_CAS: with T_ADDR) fails, which stores what
 * was there all the same, as x86 does: the page must be writable. */
static void change(struct tr *c, int w, enum op op, int in)
{
	u32 *differs = 0, *done;

	if (w < 8)
		a_ubfx(c, 8, T_SRC, T_SRC, 0, w * 8);
	if (op == OP_CAS) {
		a_eor(c, 8, DIFF, T_SRC, T_ADDR);
		differs = c->code.p;
		a_cbnz(c, 8, DIFF, 0);
		op = OP_SWP;
	}
	new_value(c, regw(w), op, T_DST, T_SRC, in);
	a_eor(c, 8, DIFF, T_DST, T_SRC);
	if (w < 8)
		a_ubfx(c, 8, DIFF, DIFF, 0, w * 8);
	if (!differs)
		return;
	done = c->code.p;
	a_b(c, 0);
	a_bind(c, differs);
	a_mov(c, 8, DIFF, XZR);
	a_bind(c, done);
}

/* As tr_atomic, for an operand anywhere; T_ADDR is lost, but for OP_CAS it becomes what to compare with, expect. */
static void misaligned(struct tr *c, int w, enum op op, int in, int expect)
{
	u32 *two, *loop, *done;

	a_ubfiz(c, 8, SHIFT, T_ADDR, 3, 3);
	a_and_i(c, 8, WORD, T_ADDR, ~7ull);
	if (op == OP_CAS && w < 8)
		a_ubfx(c, 8, T_ADDR, expect, 0, w * 8);
	else if (op == OP_CAS)
		a_mov(c, 8, T_ADDR, expect);
	a_mov_i(c, 8, DIFF, 64 - w * 8);
	a_sub(c, 8, DIFF, DIFF, SHIFT);
	two = c->code.p;
	a_tbnz(c, DIFF, 63, 0);
	loop = c->code.p;
	a_ldaxr(c, 8, W0, WORD);
	a_lsr(c, 8, T_SRC, W0, SHIFT);
	change(c, w, op, in);
	a_lsl(c, 8, DIFF, DIFF, SHIFT);
	a_eor(c, 8, W0, W0, DIFF);
	a_stlxr(c, 8, DIFF, W0, WORD);
	a_cbnz(c, 4, DIFF, back(c, loop));
	done = c->code.p;
	a_b(c, 0);

	a_bind(c, two);
	a_tbnz(c, WORD, 3, 0);
	tr_cold(c, TR_H_SPLITLOCK);
	loop = c->code.p;
	a_ldaxp(c, 8, W0, W1, WORD);
	a_mvn(c, 4, DIFF, SHIFT);                       /* shifts by 63 - SHIFT */
	a_lsr(c, 8, T_SRC, W0, SHIFT);
	a_lsl_i(c, 8, T_DST, W1, 1);
	a_lsl(c, 8, T_DST, T_DST, DIFF);
	a_orr(c, 8, T_SRC, T_SRC, T_DST);
	change(c, w, op, in);
	a_lsl(c, 8, T_DST, DIFF, SHIFT);
	a_eor(c, 8, W0, W0, T_DST);
	a_lsr_i(c, 8, DIFF, DIFF, 1);
	a_mvn(c, 4, T_DST, SHIFT);
	a_lsr(c, 8, DIFF, DIFF, T_DST);
	a_eor(c, 8, W1, W1, DIFF);
	a_stlxp(c, 8, DIFF, W0, W1, WORD);
	a_cbnz(c, 4, DIFF, back(c, loop));
	a_bind(c, done);
	a_dmb(c, A_ISH);
}

/* ---- aligned */

void tr_atomic(struct tr *c, int w, enum op op, int in)
{
	u32 *loop;

	if (c->crosses) {
		misaligned(c, w, op, in, XZR);
		return;
	}
	if (!has(c, HOST_LSE)) {
		loop = c->code.p;
		a_ldaxr(c, w, T_SRC, T_ADDR);
		new_value(c, regw(w), op, T_DST, T_SRC, in);
		a_stlxr(c, w, T2, T_DST, T_ADDR);
		a_cbnz(c, 4, T2, back(c, loop));
		a_dmb(c, A_ISH);
		return;
	}
	switch (op) {
	case OP_ADD: a_ldaddal(c, w, in, T_SRC, T_ADDR); break;
	case OP_CLR: a_ldclral(c, w, in, T_SRC, T_ADDR); break;
	case OP_SET: a_ldsetal(c, w, in, T_SRC, T_ADDR); break;
	case OP_EOR: a_ldeoral(c, w, in, T_SRC, T_ADDR); break;
	case OP_SWP: a_swpal(c, w, in, T_SRC, T_ADDR); break;
	case OP_NEG:
		a_ldr_i(c, w, T_SRC, T_ADDR, 0);
		loop = c->code.p;
		a_neg(c, regw(w), T_DST, T_SRC);
		a_mov(c, 8, T2, T_SRC);
		a_casal(c, w, T2, T_DST, T_ADDR);
		a_eor(c, 8, T0, T2, T_SRC);
		a_mov(c, 8, T_SRC, T2);
		a_cbnz(c, 8, T0, back(c, loop));
		break;
	case OP_CAS:                                    /* compare_swap's */
		break;
	}
}

void tr_compare_swap(struct tr *c, int w, int expect, int new)
{
	u32 *loop, *differs, *ok;

	if (c->crosses) {
		misaligned(c, w, OP_CAS, new, expect);
		return;
	}
	if (w < 4)
		a_ubfx(c, 4, T3, expect, 0, w * 8);
	else
		a_mov(c, w, T3, expect);
	if (has(c, HOST_LSE)) {
		loop = c->code.p;
		a_mov(c, 8, T_SRC, T3);
		a_casal(c, w, T_SRC, new, T_ADDR);
		a_eor(c, 8, T0, T_SRC, T3);
		ok = c->code.p;
		a_cbz(c, 8, T0, 0);
		a_dmb(c, A_ISH);
		a_ldar(c, w, T_SRC, T_ADDR);
		a_eor(c, 8, T0, T_SRC, T3);
		a_cbz(c, 8, T0, back(c, loop));
		a_bind(c, ok);
		return;
	}
	loop = c->code.p;
	a_ldaxr(c, w, T_SRC, T_ADDR);
	a_eor(c, 8, T0, T_SRC, T3);
	differs = c->code.p;
	a_cbnz(c, 8, T0, 0);
	a_stlxr(c, w, T2, new, T_ADDR);
	a_cbnz(c, 4, T2, back(c, loop));
	ok = c->code.p;
	a_b(c, 0);
	a_bind(c, differs);
	a_stlxr(c, w, T2, T_SRC, T_ADDR);               /* what was there: x86 stores in any case */
	a_cbnz(c, 4, T2, back(c, loop));
	a_bind(c, ok);
	a_dmb(c, A_ISH);
}
