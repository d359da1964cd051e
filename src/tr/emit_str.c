/* emit_str.c - string instructions: MOVS STOS LODS CMPS SCAS, alone and repeated. SDM vol. 1 7.3.9, vol. 2 REP.
 *
 * rcx, rsi and rdi are exact at every access: an iteration changes them after its last access, so a fault or a signal in
 * the middle leaves the state that restarts the instruction where it stopped. Each turn of a loop polls; so the flags
 * are in boundary form before it, and none of the loops touches NZCV, which is still the guest's.
 *
 * REP MOVS and REP STOS upwards go by up to 32 bytes a step. Where such a step faults, the elements before the page that
 * is not there are still to be done: rt/fault.c has the instruction go on alone (tr_env.single), one element at a time, up
 * to the one that faults. What a step had stored already is stored again, so the operands may not overlap by less than a step.
 * A small constant count within a page is done in a row. Such copies may be seen in any order (SDM vol. 3 9.2.4), so ordered
 * code puts one barrier before and one behind them; this file and atomic.c make their own accesses where emit_mem.c's would
 * pay for every one.
 */
#include "tr/tr.h"
#include "gen/decode.h"

extern const struct emitter emit_cmp;

enum { SI = X1, DI = X0, CX = X9, AX = X8, STEP = T2 };

static int log_w(const struct insn *i)    { return __builtin_ctz(i->w); }
static bool repeated(const struct insn *i) { return i->prefix & (PFX_REP | PFX_REPNE); }

static u32 *forward(struct tr *c) { return c->code.p; }
static s64 back(struct tr *c, u32 *to) { return (u8 *)to - (u8 *)c->code.p; }

/* ---- one element */

/* [rsi] with its segment, or es:[rdi], cut to the address size */
static struct ea element(struct tr *c, struct insn *i, int reg)
{
	bool seg = reg == SI && (i->seg == SEG_FS || i->seg == SEG_GS);

	if (!seg && i->aw == 8)
		return tr_ea_reg(reg);
	if (!seg) {
		a_mov(c, 4, T_ADDR, reg);
		return tr_ea_reg(T_ADDR);
	}
	a_ldr_i(c, 8, T_ADDR, R_CPU, i->seg == SEG_FS ? offsetof(struct cpu, fs_base) : offsetof(struct cpu, gs_base));
	a_add_ext(c, 8, T_ADDR, T_ADDR, reg, i->aw == 4 ? UXTW : UXTX, 0);
	return tr_ea_reg(T_ADDR);
}

/* Which way DF points: 1 up, -1 down, where CLD or STD before i in its block says so; else 0. */
static int direction(struct tr *c, const struct insn *i)
{
	for (const struct insn *j = i - 1; j >= &c->ins[c->b->first] && j >= i - 16 && !j->fact; j--) {
		if (j->mn == MN_CLD || j->mn == MN_STD)
			return j->mn == MN_CLD ? 1 : -1;
		if (x86_rows[j->row].writes & F_D)
			return 0;
	}
	return 0;
}

/* STEP = 1 or -1, where it is not known */
static void get_step(struct tr *c)
{
	if (!c->direction)
		a_ldr_i(c, 8, STEP, R_CPU, offsetof(struct cpu, df));
}

static void advance(struct tr *c, struct insn *i, int reg)
{
	if (c->direction)
		(c->direction > 0 ? a_add_i : a_sub_i)(c, i->aw, reg, reg, i->w);
	else
		a_add_sh(c, i->aw, reg, reg, STEP, LSL, log_w(i));
}

/* May an access to [reg] move reg by itself? */
static bool moves(struct tr *c, struct insn *i, int reg)
{
	return c->direction && i->aw == 8 && c->env->order == TR_PLAIN && (reg == DI || (i->seg != SEG_FS && i->seg != SEG_GS));
}

/* The last access of an iteration, and what it does to reg. */
static void load_on(struct tr *c, struct insn *i, int reg, int t)
{
	if (moves(c, i, reg)) {
		a_ldr_post(c, i->w, t, reg, c->direction * i->w);
		return;
	}
	tr_load(c, element(c, i, reg), i->w, t);
	advance(c, i, reg);
}

static void store_on(struct tr *c, struct insn *i, int t)
{
	if (moves(c, i, DI)) {
		a_str_post(c, i->w, t, DI, c->direction * i->w);
		return;
	}
	tr_store(c, element(c, i, DI), i->w, t);
	advance(c, i, DI);
}

/* What one iteration does to memory and pointers; for a comparison, T_SRC and T_SRC2 are what to compare. */
static void once(struct tr *c, struct insn *i)
{
	switch (x86_rows[i->row].mn) {
	case MN_MOVS:
		tr_load(c, element(c, i, SI), i->w, T_SRC);
		store_on(c, i, T_SRC);
		advance(c, i, SI);
		break;
	case MN_STOS:
		store_on(c, i, AX);
		break;
	case MN_LODS:
		load_on(c, i, SI, i->w < 4 ? T_SRC : AX);
		if (i->w < 4)
			tr_mov_gpr(c, i->w, AX, T_SRC);
		break;
	case MN_CMPS:
		tr_load(c, element(c, i, SI), i->w, T_SRC);
		load_on(c, i, DI, T_SRC2);
		advance(c, i, SI);
		break;
	case MN_SCAS:
		load_on(c, i, DI, T_SRC2);
		break;
	}
}

/* ---- repeated */

static void poll(struct tr *c)
{
	a_ldr_i(c, 8, XZR, R_POLL, 0);
}

/* Element by element until rcx is zero; it is not at first. */
static void loop(struct tr *c, struct insn *i)
{
	u32 *top;

	top = c->code.p;
	poll(c);
	once(c, i);
	a_sub_i(c, i->aw, CX, CX, 1);
	a_cbnz(c, i->aw, CX, back(c, top));
}

/* One element, and the instruction anew. */
static void step(struct tr *c, struct insn *i)
{
	u32 *done;

	once(c, i);
	a_sub_i(c, i->aw, CX, CX, 1);
	done = forward(c);
	a_cbz(c, i->aw, CX, 0);
	tr_exit_to(c, i->pc);
	a_bind(c, done);
}

/* n bytes from [rsi] to [rdi], or of V0t to [rdi]; the pointers and rcx move when all of it is done. */
static void piece(struct tr *c, struct insn *i, int n, bool copy)
{
	if (n == 32) {
		if (copy)
			a_ldpv_i(c, 16, V0t, V1t, SI, 0);
		a_stpv_post(c, 16, V0t, copy ? V1t : V0t, DI, 32);
	} else {
		if (copy)
			a_ldrv_i(c, n, V0t, SI, 0);
		a_strv_post(c, n, V0t, DI, n);
	}
	if (copy)
		a_add_i(c, 8, SI, SI, n);
	a_sub_i(c, 8, CX, CX, n >> log_w(i));
}

static void barrier(struct tr *c)
{
	if (c->env->order == TR_TSO)
		a_dmb(c, A_ISH);
}

/* All elements, by 32 bytes and then by what is left of them. */
static void pieces(struct tr *c, struct insn *i, bool copy)
{
	u32 *rest, *top;

	a_lsr_i(c, 8, T0, CX, 5 - log_w(i));
	rest = forward(c);
	a_cbz(c, 8, T0, 0);
	top = c->code.p;
	poll(c);
	piece(c, i, 32, copy);
	a_lsr_i(c, 8, T0, CX, 5 - log_w(i));
	a_cbnz(c, 8, T0, back(c, top));
	a_bind(c, rest);
	for (int n = 16; n >= i->w; n /= 2) {
		u32 *skip = forward(c);

		a_tbz(c, CX, __builtin_ctz(n) - log_w(i), 0);
		piece(c, i, n, copy);
		a_bind(c, skip);
	}
}

/* REP MOVS, REP STOS upwards; the other way, and operands that are close together, element by element. */
static void fast(struct tr *c, struct insn *i, bool copy)
{
	u32 *slow[2], *done, *none;
	int k = 0;

	if (!c->direction) {
		slow[k++] = forward(c);
		a_tbnz(c, STEP, 63, 0);
	}
	if (copy) {
		a_sub(c, 8, T0, DI, SI);
		a_add_i(c, 8, T0, T0, 31);
		a_lsr_i(c, 8, T0, T0, 6);
		slow[k++] = forward(c);
		a_cbz(c, 8, T0, 0);
	} else {
		a_vdup(c, a_lanes(i->w, 1), V0t, AX);
	}
	barrier(c);
	pieces(c, i, copy);
	barrier(c);
	if (!k)
		return;
	done = forward(c);
	a_b(c, 0);
	while (k)
		a_bind(c, slow[--k]);
	none = forward(c);
	a_cbz(c, 8, CX, 0);
	loop(c, i);
	a_bind(c, none);
	a_bind(c, done);
}

/* ---- a constant count, as compilers make it for small objects */

/* rcx where an instruction just before i in its block has put a constant there; else 0. */
static u64 known_count(struct tr *c, struct insn *i)
{
	for (struct insn *j = i - 1; j >= &c->ins[c->b->first] && j >= i - 8; j--) {
		if (j->fact || tr_emitter(j)->how & IMPLICIT)
			return 0;
		for (int n = 0; n < 4; n++) {
			const struct opnd *o = &j->o[n];

			if ((o->kind != OP_GPR && o->kind != OP_GPRH) || o->reg != RCX || !(o->access & OP_WRITE))
				continue;
			if (x86_rows[j->row].mn == MN_MOV && o->w >= 4 && j->o[1].kind == OP_IMM)
				return o->w == 8 ? (u64)j->imm : (u32)j->imm;
			return 0;
		}
	}
	return 0;
}

/* Branches away unless the n bytes at reg lie in one page. Uses T0. */
static u32 *in_page(struct tr *c, int reg, int n)
{
	u32 *site;

	a_and_i(c, 8, T0, reg, 4095);
	a_sub_i(c, 8, T0, T0, 4097 - n);
	site = c->code.p;
	a_tbz(c, T0, 63, 0);
	return site;
}

/* n bytes in a row, all or none, since only the first access to either side can fault; else element by element. */
static void known(struct tr *c, struct insn *i, int n, bool copy)
{
	u32 *slow[4], *done;
	int k = 0, at = 0;

	if (!c->direction) {
		slow[k++] = c->code.p;
		a_tbnz(c, STEP, 63, 0);
	}
	slow[k++] = in_page(c, DI, n);
	if (copy) {
		slow[k++] = in_page(c, SI, n);
		a_sub(c, 8, T0, DI, SI);
		a_lsr_i(c, 8, T0, T0, 5);
		slow[k++] = c->code.p;
		a_cbz(c, 8, T0, 0);
	} else {
		a_vdup(c, a_lanes(i->w, 1), V0t, AX);
	}
	barrier(c);
	for (int size = 32; size; size /= 2)
		for (; n - at >= size; at += size) {
			if (copy && size == 32)
				a_ldpv_i(c, 16, V0t, V1t, SI, at);
			else if (copy)
				a_ldrv_i(c, size, V0t, SI, at);
			if (size == 32)
				a_stpv_i(c, 16, V0t, copy ? V1t : V0t, DI, at);
			else
				a_strv_i(c, size, V0t, DI, at);
		}
	barrier(c);
	if (copy)
		a_add_i(c, 8, SI, SI, n);
	a_add_i(c, 8, DI, DI, n);
	a_mov(c, 8, CX, XZR);
	done = forward(c);
	a_b(c, 0);
	while (k)
		a_bind(c, slow[--k]);
	loop(c, i);
	a_bind(c, done);
}

static bool is_known(u64 count, const struct insn *i, bool copy)
{
	return count && count <= (copy ? 256u : 512u) >> log_w(i);
}

static void move(struct tr *c, struct insn *i)
{
	bool copy = x86_rows[i->row].mn == MN_MOVS, any = i->aw == 4 || i->seg == SEG_FS || i->seg == SEG_GS;
	u64 count;
	u32 *none;

	c->direction = direction(c, i);
	if (!repeated(i)) {
		get_step(c);
		once(c, i);
		return;
	}
	any |= x86_rows[i->row].mn == MN_LODS || c->direction < 0 || c->env->single;
	tr_need(c, CS_SUB);
	count = any ? 0 : known_count(c, i);
	if (is_known(count, i, copy)) {
		get_step(c);
		known(c, i, count << log_w(i), copy);
		return;
	}
	if (!any) {
		get_step(c);
		fast(c, i, copy);
		return;
	}
	none = forward(c);
	a_cbz(c, i->aw, CX, 0);
	get_step(c);
	if (c->env->single)
		step(c, i);
	else
		loop(c, i);
	a_bind(c, none);
}

EMIT(movs, RAW | IMPLICIT) { move(c, i); }      /* [rdi] = [rsi] */
EMIT(stos, RAW | IMPLICIT) { move(c, i); }      /* [rdi] = rAX */
EMIT(lods, RAW | IMPLICIT) { move(c, i); }      /* rAX = [rsi] */

/* The flags are those of the last comparison; where rcx was zero none is made, and they stay. */
static void compare(struct tr *c, struct insn *i, int a)
{
	u32 *none, *out, *last, *top;

	c->direction = direction(c, i);
	if (!repeated(i)) {
		get_step(c);
		once(c, i);
		emit_cmp.fn(c, i, XZR, a, T_SRC2);
		return;
	}
	tr_need(c, CS_SUB);
	none = forward(c);
	a_cbz(c, i->aw, CX, 0);
	get_step(c);
	if (a == AX && i->w < 8) {
		a_ubfx(c, 8, T3, AX, 0, i->w * 8);
		a = T3;
	}
	if (c->env->single) {
		once(c, i);
		a_sub_i(c, i->aw, CX, CX, 1);
		emit_cmp.fn(c, i, XZR, a, T_SRC2);
		out = forward(c);
		a_bcond(c, i->prefix & PFX_REPNE ? CC_EQ : CC_NE, 0);
		last = forward(c);
		a_cbz(c, i->aw, CX, 0);
		tr_exit_to(c, i->pc);
		a_bind(c, out);
		a_bind(c, last);
		a_bind(c, none);
		return;
	}
	top = c->code.p;
	poll(c);
	once(c, i);
	a_sub_i(c, i->aw, CX, CX, 1);
	a_eor(c, 8, T0, a, T_SRC2);
	out = forward(c);
	if (i->prefix & PFX_REPNE)
		a_cbz(c, 8, T0, 0);
	else
		a_cbnz(c, 8, T0, 0);
	a_cbnz(c, i->aw, CX, back(c, top));
	a_bind(c, out);
	emit_cmp.fn(c, i, XZR, a, T_SRC2);
	tr_need(c, CS_SUB);
	a_bind(c, none);
}

EMIT(cmps, RAW | IMPLICIT) { compare(c, i, T_SRC); }    /* flags of [rsi] - [rdi] */
EMIT(scas, RAW | IMPLICIT) { compare(c, i, AX); }       /* flags of rAX - [rdi] */
