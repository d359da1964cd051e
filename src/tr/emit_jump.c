/* emit_jump.c - leaving a block: branches, calls, returns, system calls, helpers, and the tail of a region.
 *
 * A way out whose target has code is a branch to it (tr.link); the others are patched later (only b and bl are ever
 * written over):
 *   link record    bl STUB_LINK; .word site; .quad target     target is relative to the record, near and far alike
 * A jump's record stands where the jump would be and its first word becomes `b entry`. A conditional branch goes to a
 * record in the tail. A direct call's bl goes to a tail that pushes the pair and then has a record whose `site` is the
 * distance back to that bl, which becomes `bl entry-4` (the word before an entry pushes the pair).
 * Stubs take their argument in x16 and may change x17, x30.
 */
#include "tr/tr.h"
#include "tr/vec.h"
#include "gen/decode.h"

static bool unlinked(struct tr *c) { return c->env->single || c->env->unlinked; }

void tr_stub(struct tr *c, int stub)
{
	s64 off = (s64)(c->env->stubs + stub) - ((s64)(u64)c->code.p + c->code.exec);

	a_bl(c, off);
	c->page_ok = false;
}

static void record(struct tr *c, u32 site, gaddr target)
{
	u32 *at = c->code.p;
	u64 rel = target - ((u64)at + c->code.exec);

	tr_stub(c, TR_STUB_LINK);
	a_put(c, site);
	a_put(c, (u32)rel);
	a_put(c, (u32)(rel >> 32));
}

/* The branch at site, b or bl, goes to pc's code if there is any within reach. */
static bool linked(struct tr *c, u32 *site, gaddr pc, bool call)
{
	u64 to = c->env->code ? c->env->code(c->env->ctx, pc, call) : 0;
	s64 off = (s64)(to & ~1ull) - ((s64)(u64)site + c->code.exec);

	if (!to || off + (128ll << 20) < 0 || off >= 128ll << 20)
		return false;
	a_set_offset(site, off);
	if (to & 1)
		c->link[c->nlink++] = (struct tr_link){ pc, site, call };
	return true;
}

/* Counts the entries of a cold region down. The counters lie apart: a store beside code would be costly. */
void tr_count(struct tr *c)
{
	u32 at = c->env->count * 4;

	a_ldr_i(c, 8, T1, R_CPU, offsetof(struct cpu, counts));
	if (at >> 14)
		a_add_i(c, 8, T1, T1, at & ~0xfffu);
	at &= at >> 14 ? 0xfff : 0x3fff;
	a_ldr_i(c, 4, T0, T1, at);
	a_sub_i(c, 4, T0, T0, 1);
	a_str_i(c, 4, T0, T1, at);
	c->count = c->code.p;
	a_cbz(c, 4, T0, 0);
}

/* Are the lanes of c->guard zero? Keeps the flags. */
void tr_guard(struct tr *c)
{
	int sum = -1;

	for (int r = 0; r < 16; r++)
		if (c->guard >> r & 0x10001) {
			if (sum >= 0)
				a_vorr(c, V16B, V0t, sum, r);
			sum = sum < 0 ? r : V0t;
		}
	a_vumov(c, 8, T0, sum, 1);
	if (c->guard >> 16) {
		a_vumov(c, 4, T1, sum, 1);
		a_orr(c, 8, T0, T0, T1);
	}
	c->guarded = c->code.p;
	a_cbnz(c, 8, T0, 0);
}

void tr_exit_to(struct tr *c, gaddr pc)
{
	tr_need(c, CS_SUB);
	if (unlinked(c)) {
		tr_gaddr(c, T0, pc);
		tr_exit_reg(c, T0);
		return;
	}
	a_b(c, 0);
	if (linked(c, c->code.p - 1, pc, false))
		return;
	c->code.p--;
	record(c, pc < c->hi ? TR_LINK_BACK : 0, pc);
}

/* The table of indirect targets; T0 = guest address. A miss, and everything in an unlinked region (one of a
 * single instruction must not stay in the loop of linked code), goes through the dispatcher. */
static void jump(struct tr *c, bool call)
{
	if (unlinked(c)) {
		c->miss[c->nmiss++] = c->code.p;
		a_b(c, 0);
		return;
	}
	a_ubfx(c, 8, T1, T0, 0, JTAB_BITS);
	a_add_sh(c, 8, T1, R_CPU, T1, LSL, 4);
	a_ldp_i(c, 8, T2, T1, T1, offsetof(struct cpu, jtab));
	a_sub(c, 8, T2, T2, T0);
	c->miss[c->nmiss++] = c->code.p;
	a_cbnz(c, 8, T2, 0);
	if (call)
		a_blr(c, T1);
	else
		a_br(c, T1);
}

void tr_exit_reg(struct tr *c, int r)
{
	tr_need(c, CS_SUB);
	if (r != T0)
		a_mov(c, 8, T0, r);
	jump(c, false);
}

/* Brings the flags to what the far side of e expects. */
static void settle(struct tr *c, const struct edge *e)
{
	struct block *t = e->block >= 0 ? &c->blk[e->block] : 0;

	c->live = e->live;
	if (t && t->npred == 1 && !t->entry && !t->host && !t->loop)
		t->cs_in = c->cs;
	else
		tr_need(c, t ? t->cs_in : CS_SUB);
}

/* A branch was just emitted: it goes along e. */
static void fix(struct tr *c, const struct edge *e, bool call)
{
	struct block *t = e->block >= 0 ? &c->blk[e->block] : 0;

	if (t && t->npred == 1 && !t->entry && !t->host && !t->loop)
		t->cs_in = c->cs;
	c->fix[c->nfix++] = (struct fix){ c->code.p - 1, *e, c->cs, call, c->b };
}

/* After the last instruction of b: fall through, or jump. */
void tr_next(struct tr *c, struct block *b)
{
	if (!b->next.pc)
		return;
	if (b->next.block < 0) {
		tr_exit_to(c, b->next.pc);
		return;
	}
	settle(c, &b->next);
	if (c->at + 1 < c->nblk && c->order[c->at + 1] == b->next.block)
		return;
	a_b(c, 0);
	fix(c, &b->next, false);
}

/* --- branches */

static void taken(struct tr *c)
{
	fix(c, &c->b->taken, false);
}

EMIT(jcc, RAW)
{
	int cc = i->cc;
	u8 after = c->b->next.live | c->b->taken.live;

	c->live = after;
	if (c->zero.on) {
		bool set = cc == COND_NE || cc == COND_S || cc == COND_L || cc == COND_B;

		c->zero.on = false;
		if (c->zero.bit != 0xff)
			(set ? a_tbnz : a_tbz)(c, c->zero.reg, c->zero.bit, 0);
		else
			(set ? a_cbnz : a_cbz)(c, c->zero.w, c->zero.reg, 0);
		taken(c);
		return;
	}
	if ((cc >> 1) == COND_P >> 1 && c->cs != CS_FCMP && c->cs != CS_FORD) {
		tr_parity(c, T0, false);
		if (cc == COND_P)
			a_tbz(c, T0, 0, 0);
		else
			a_tbnz(c, T0, 0, 0);
		taken(c);
		return;
	}
	cc = tr_cond(c, cc);
	a_bcond(c, cc, 0);
	if (c->cs == CS_FCMP && i->cc == COND_NP) {     /* what is learnt on the way */
		enum csense cs = c->cs;

		c->cs = CS_FORD;
		taken(c);
		c->cs = cs;
	} else {
		taken(c);
		if (c->cs == CS_FCMP && i->cc == COND_P)
			c->cs = CS_FORD;
	}
}

/* Branch on rcx; LOOP counts it down first. None of them touches the flags. */
EMIT(jrcxz, RAW | IMPLICIT)
{
	a_cbz(c, i->aw, G(RCX), 0);
	taken(c);
}

static void loop(struct tr *c, struct insn *i, int until)
{
	u32 *out = 0;

	a_sub_i(c, i->aw, G(RCX), G(RCX), 1);
	if (until >= 0) {
		int cc;

		c->live |= F_Z;
		cc = tr_cond(c, until);
		out = c->code.p;
		a_bcond(c, cc, 0);
	}
	a_cbnz(c, i->aw, G(RCX), 0);
	taken(c);
	if (out)
		a_bind(c, out);
}

EMIT(loop,   RAW | IMPLICIT) { loop(c, i, -1); }
EMIT(loope,  RAW | IMPLICIT) { loop(c, i, COND_NE); }
EMIT(loopne, RAW | IMPLICIT) { loop(c, i, COND_E); }

EMIT(jmp,  RAW) { }                     /* tr_next goes there */
EMIT(jmpi, RAW | IMPLICIT)
{
	tr_need(c, CS_SUB);                     /* first: it may take T0 */
	tr_exit_reg(c, tr_src(c, i, 0, T0));
}

/* T0 = the pair's guest address: off by one when the return site may read flags. */
static void reads_flags(struct tr *c)
{
	const struct edge *e = &c->b->next;

	if (e->block >= 0 ? c->blk[e->block].live_in : e->live)
		a_add_i(c, 8, T0, T0, 1);
}

EMIT(call, RAW | IMPLICIT)
{
	tr_need(c, CS_SUB);
	tr_gaddr(c, T0, insn_next(i));
	tr_push(c, 8, T0);
	reads_flags(c);
	if (unlinked(c)) {
		tr_gaddr(c, T0, i->imm);
		jump(c, false);
		return;
	}
	a_bl(c, 0);
	c->page_ok = false;
	fix(c, &c->b->taken, true);
}

EMIT(calli, RAW | IMPLICIT)
{
	int r = tr_src(c, i, 0, T_SRC);

	tr_need(c, CS_SUB);
	if (r == G(RSP))
		a_mov(c, 8, T_SRC, r), r = T_SRC;
	tr_gaddr(c, T0, insn_next(i));
	tr_push(c, 8, T0);
	if (!unlinked(c)) {
		reads_flags(c);
		a_adr(c, X30, 9 * 4);           /* past the blr: this, stp, mov and jump's six */
		c->page_ok = false;
		a_stp_pre(c, 8, T0, X30, SP, -16);
	}
	a_mov(c, 8, T0, r);
	jump(c, true);
}

/* Near return. A pair that does not match, after longjmp or a switch of stacks, goes to the dispatcher; one that is off
 * by one belongs to a return site that reads flags (defer.c). */
EMIT(ret, RAW | IMPLICIT)
{
	bool late = tr_returns_late(c, c->b);

	if (!late)
		tr_need(c, CS_SUB);
	tr_pop(c, 8, T0);
	if (i->o[0].kind == OP_IMM) {
		u64 n = (u16)i->imm;

		if (n >> 12)
			a_add_i(c, 8, G(RSP), G(RSP), n & ~0xfffull);
		if (n & 0xfff)
			a_add_i(c, 8, G(RSP), G(RSP), n & 0xfff);
	}
	if (unlinked(c)) {
		jump(c, false);
		return;
	}
	a_ldp_post(c, 8, T1, X30, SP, 16);
	a_sub(c, 8, T1, T1, T0);
	a_cbnz(c, 8, T1, 0);
	c->late[c->nlate].b = late ? c->b : 0;
	c->late[c->nlate++].site = c->code.p - 1;
	a_ret(c, X30);
}

EMIT(syscall, RAW | IMPLICIT)
{
	c->live |= F_ALL;
	tr_need(c, CS_SUB);
	tr_gaddr(c, T0, insn_next(i));
	a_str_i(c, 8, T0, R_CPU, offsetof(struct cpu, rip));
	tr_stub(c, TR_STUB_SYSCALL);
}

/* --- C helpers */

static void helper(struct tr *c, struct insn *i, int nr)
{
	tr_need(c, CS_SUB);
	tr_gaddr(c, T0, i->pc);
	a_str_i(c, 8, T0, R_CPU, offsetof(struct cpu, rip));
	a_movz(c, 4, T0, nr, 0);
	tr_stub(c, TR_STUB_HELPER);
}

void tr_helper(struct tr *c, int nr)
{
	u8 keep = c->live;

	c->live = F_ALL;                        /* the helper may look at any of them, or at a frame */
	helper(c, c->i, nr);
	c->live = keep;
}

void tr_fault(struct tr *c, int nr)
{
	tr_helper(c, nr);
	a_udf(c, 0);
}

u32 *tr_cold(struct tr *c, int nr)
{
	c->cold[c->ncold].site = c->code.p - 1;
	c->cold[c->ncold].i = c->i;
	c->cold[c->ncold].cs = c->cs;
	c->cold[c->ncold++].helper = nr;
	return c->code.p - 1;
}

/* --- the tail: what branches of the region's blocks go to, out of line */

static bool bind_edge(struct tr *c, struct fix *f)
{
	struct block *t = f->e.block >= 0 ? &c->blk[f->e.block] : 0;

	c->cs = f->cs;
	c->live = f->e.live;
	c->page_ok = false;
	if (f->call && linked(c, f->site, f->e.pc, true))
		return true;
	if (f->call) {
		a_bind(c, f->site);
		a_stp_pre(c, 8, T0, X30, SP, -16);
		record(c, (u8 *)c->code.p - (u8 *)f->site, f->e.pc);
		return true;
	}
	if (t) {
		bool same = c->cs == t->cs_in || !(c->live & (F_O | F_S | F_Z | F_C | F_P | F_A)) ||
		            (c->cs <= CS_ZERO && !(c->live & F_C));

		if (same && a_patch(f->site, t->host))
			return true;
		a_bind(c, f->site);
		tr_need(c, t->cs_in);
		a_b(c, (u8 *)t->host - (u8 *)c->code.p);
		return true;
	}
	if (!a_bind(c, f->site))
		return false;
	c->live &= ~f->e.defer;
	tr_need(c, CS_SUB);
	if (f->e.live & f->e.defer) {
		c->live = f->e.live & f->e.defer;
		tr_replay(c, tr_source(c, f->from), f->from);
	}
	tr_exit_to(c, f->e.pc);
	return true;
}

/* T0 = a guest address; x30 says where from, should it be one where nothing can be (rt/run.c). */
static void dispatch(struct tr *c, u32 *site, int stub)
{
	a_adr(c, X30, (u8 *)site - (u8 *)c->code.p);
	a_b(c, (s64)(c->env->stubs + stub) - ((s64)(u64)c->code.p + c->code.exec));
}

/* Returns that did not find their pair. T0 = the address, T1 = what the pair was off by. */
static bool returns(struct tr *c)
{
	u32 *miss;

	for (u32 k = 0; k < c->nlate; k++) {
		struct block *b = c->late[k].b;

		if (c->code.p + TR_INSN_ROOM > c->code.end)
			return false;
		if (!a_bind(c, c->late[k].site))
			return false;
		if (b) {
			a_mov(c, 8, T3, T0);
			a_mov(c, 8, T4, T1);
			c->cs = CS_SUB;
			c->live = F_ALL;
			tr_replay(c, tr_source(c, b), b);
			tr_need(c, CS_SUB);
			a_mov(c, 8, T0, T3);
			a_mov(c, 8, T1, T4);
		}
		a_sub_i(c, 8, T1, T1, 1);
		miss = c->code.p;
		a_cbnz(c, 8, T1, 0);
		a_ret(c, X30);
		a_bind(c, miss);
		dispatch(c, c->late[k].site, TR_STUB_RETMISS);
	}
	return true;
}

int tr_tail(struct tr *c)
{
	c->part[TR_EDGES] = c->code.p;
	for (u32 k = 0; k < c->nfix; k++)
		if (c->code.p + TR_INSN_ROOM > c->code.end || !bind_edge(c, &c->fix[k]))
			return -1;
	c->part[TR_RARE] = c->code.p;
	for (u32 k = 0; k < c->ncold; k++) {
		if (c->code.p + TR_INSN_ROOM > c->code.end || !a_bind(c, c->cold[k].site))
			return -1;
		c->cs = c->cold[k].cs;
		c->page_ok = false;
		c->i = c->cold[k].i;
		tr_note(c, c->i);
		tr_fault(c, c->cold[k].helper);
	}
	if (!returns(c) || tr_x87_tail(c) < 0 || !tr_fp_tail(c))
		return -1;
	if (c->count) {
		if (!a_bind(c, c->count))
			return -1;
		record(c, TR_LINK_HOT, c->blk[0].pc);
	}
	if (c->guarded) {
		if (!a_bind(c, c->guarded))
			return -1;
		record(c, TR_LINK_GENERAL, c->blk[0].pc);
	}
	if (!v_tail(c))
		return -1;
	for (u32 k = 0; k < c->nmiss; k++) {
		if (c->code.p + TR_INSN_ROOM > c->code.end || !a_bind(c, c->miss[k]))
			return -1;
		dispatch(c, c->miss[k], TR_STUB_LOOKUP);
	}
	return 0;
}
