/* rows.c - cases for one row: every operand size and kind of operand, each with several states. */
#include "diff.h"
#include "x86/feature.h"
#include <string.h>

bool emits(int row, const char *list)
{
	size_t n = strlen(encs[row].emit);

	for (const char *p = list; (p = strstr(p, encs[row].emit)); p += n)
		if ((p == list || p[-1] == ' ') && (p[n] == ' ' || !p[n])) return true;
	return false;
}

static u64 some_imm(int row, int opsz)
{
	const char *n = encs[row].name;

	if (emits(row, "ret retf enter")) return chance(20) ? 0 : 8 * below(8);
	if (emits(row, "intn")) return (u8[]){ 0, 3, 4, 5, 13, 0x29, 0x81, 0xff }[below(8)];
	if (!strncmp(n, "SHLD", 4) || !strncmp(n, "SHRD", 4)) return opsz == 2 ? below(17) | (rnd() & 0xe0) : rnd() & 0xff;
	return chance(30) ? below(72) : some_int(opsz);
}

static void registers(struct pick *p, enum pick_kind kind)
{
	const struct enc *e = &encs[p->row];

	p->reg = below(16);
	p->rm = below(16);
	p->vvvv = below(16);
	p->cc = below(16);
	if (e->vec && !e->rm_byte && chance(30)) p->reg &= 7, p->rm &= 7;
	if (kind == REG_SAME) p->rm = p->reg;
	if (kind == REG_REX) p->rm |= 8, p->reg |= 8;
	if (kind == REG_LOW) p->rm = 4 + below(4), p->reg &= 7, p->rex = true;
	if (kind == REG_HIGH) {
		p->rm = e->rm_byte ? 4 + below(4) : below(8);
		p->reg = below(8);
		if (e->reg_byte && chance(50)) p->reg = 4 + below(4);
	}
	if (!strncmp(e->opnds, "=Sw", 3) || strstr(e->opnds, " Sw")) p->reg = (u8[]){ 0, 2, 3, 4, 5, 1 }[below(strchr(e->opnds, '=') && e->opnds[1] == 'S' ? 5 : 6)];
}

static void address(struct pick *p, enum pick_kind kind, int w)
{
	bool align = x86_rows[p->row].attr & ROW_ALIGN;
	enum place where = (enum place[]){ AT_ANY, AT_ANY, AT_ALIGNED, AT_PAGE, AT_LAST, AT_RO, AT_OVER, AT_NOWHERE }[below(8)];

	p->mem = true;
	p->index = NOREG;
	p->base = below(16);
	p->scale = below(4);
	if (kind >= MEM_A32 && kind <= MEM_GS && chance(50)) p->dispw = 1, p->disp = (s8)rnd();
	switch (kind) {
	case MEM_D8:    p->dispw = 1; p->disp = (s8)rnd(); break;
	case MEM_D32:   p->dispw = 4; p->disp = chance(50) ? (s32)rnd() : (s32)below(65536) - 32768; break;
	case MEM_INDEX: do p->index = below(16); while (p->index == 4); p->dispw = (u8[]){ 0, 1, 4 }[below(3)];
	                p->disp = p->dispw == 1 ? (s8)rnd() : p->dispw ? (s32)rnd() : 0; break;
	case MEM_NOBASE: p->base = NOREG; do p->index = below(16); while (p->index == 4);
	                p->disp = (s32)(rnd() & 0xffffff8); break;
	case MEM_RIP:   p->rip = true; p->disp = some_place(where, w, align); break;
	case MEM_ABS:   p->base = NOREG; p->disp = some_place(where, w, align); break;
	case MEM_A32:   p->a32 = true; break;
	case MEM_A32X:  p->a32 = true; do p->index = below(16); while (p->index == 4); break;
	case MEM_FS:    p->seg = 0x64; break;
	case MEM_GS:    p->seg = 0x65; if (chance(30)) p->a32 = true; break;
	case MEM_RSP:   p->base = 4 + 8 * below(2); p->dispw = 1; p->disp = 8 * (s32)below(12); break;
	case MEM_RBP:   p->base = 5 + 8 * below(2); p->dispw = below(2); p->disp = p->dispw ? (s8)rnd() : 0; break;
	default: break;
	}
	if (p->rip) p->base = RIP;
	if (encs[p->row].vsib && !p->rip) p->index = below(16);
}

struct pick choose(int row, int opsz, enum pick_kind kind)
{
	const struct enc *e = &encs[row];
	struct pick p = { .row = row, .opsz = opsz, .base = NOREG, .index = NOREG };

	registers(&p, kind);
	if (kind >= MEM_BASE) address(&p, kind, e->rm_byte ? 1 : opsz);
	p.imm = some_imm(row, opsz);
	if (e->vex) p.l = below(2);
	p.imm2 = emits(row, "enter") ? chance(80) ? below(4) : rnd() & 0x1f : 0;
	if (e->moffs) {
		p.disp = some_place(below(PLACES), 8, false);
		p.a32 = chance(30);
	}
	if (e->str) {
		bool compares = emits(row, "cmps scas");

		p.rep = (u8[]){ 0, 0xf3, 0xf3, compares ? 0xf2 : 0xf3 }[below(4)];
		p.a32 = chance(15);
		p.seg = chance(10) ? 0x64 + below(2) : 0;
	}
	if (emits(row, "xlat vmaskmovdqu")) p.a32 = chance(20), p.seg = chance(15) ? 0x64 + below(2) : 0;
	if (emits(row, "loop loope loopne jrcxz")) p.a32 = chance(30);
	if (kind < MEM_BASE && kind != REG_HIGH && chance(8)) p.rex = true;
	if (e->lockable && p.mem && chance(40)) p.lock = true;
	return p;
}

static const u8 mark[] = { 0x4d, 0x8d, 0x7f, 1 };       /* lea r15, [r15+1]: which way did it go? */

/* Around a branch: forwards over the mark, or backwards to another. */
static void place_branch(struct tcode *c, struct pick *p, bool back)
{
	u32 at = 0, n, len;

	if (back) {
		memcpy(c->b, "\xeb\x06\x4d\x8d\x7f\x02\xeb", 7);
		at = 8;
		p->target = c->rip + 2;
	} else {
		p->target = c->rip + 64;
	}
	len = encode(c->b + at, p, c->rip + at);
	n = at + len;
	memcpy(c->b + n, mark, sizeof mark);
	n += sizeof mark;
	if (back) {
		c->b[7] = n - 8;
	} else {
		p->target = c->rip + n;
		encode(c->b + at, p, c->rip + at);
	}
	c->len = n;
}

static void far_pointer(u8 *b, int w, u64 to, u16 sel)
{
	memcpy(b, &to, w);
	memcpy(b + w, &sel, 2);
}

/* Branches whose target is a value. */
static void aim(struct tcase *t, const struct insn *i, u64 to)
{
	u8 *mem = t->nset ? t->set[t->nset - 1].b : 0;
	u64 top[5] = { to, 0x33, (rnd() & 0xed5) | 0x202, DIFF_DATA + 0x1400, 0x2b };
	u16 sel = chance(70) ? 0x33 : (u16[]){ 0, 0x10, 0x2b, 0x1234, 0x33 }[below(5)];
	int w = i->w == 2 ? 2 : i->w;
	u8 b[40];

	if (emits(i->row, "jmpi calli")) {
		if (i->o[0].kind == OP_GPR) t->gpr[i->o[0].reg] = to;
		else if (mem && t->set[t->nset - 1].len == 8) memcpy(mem, &to, 8);
	} else if (emits(i->row, "jmpf callf")) {
		if (mem && t->set[t->nset - 1].len == (u32)w + 2) far_pointer(mem, w, to, sel);
	} else if (emits(i->row, "ret")) {
		set_mem(t, t->gpr[RSP], top, 8);
	} else if (emits(i->row, "retf iret")) {
		top[1] = chance(80) ? 0x33 : sel;
		for (int k = 0; k < 5; k++)
			memcpy(b + k * w, &top[k], w);
		set_mem(t, t->gpr[RSP], b, 5 * w);
		if (emits(i->row, "iret")) t->flags |= CASE_SEG;
	}
}

static bool one_code(struct batch *b, const struct pick *pick, u32 states, bool back)
{
	static const enum place places[] = { AT_ANY, AT_ALIGNED, AT_LAST, AT_PAGE, AT_ANY, AT_OVER, AT_LINE, AT_RO, AT_ANY, AT_NOWHERE };
	struct pick p = *pick;
	struct tcode *c = batch_code(b, 48);
	struct insn i;
	bool branch = encs[p.row].rel || emits(p.row, "jmpi calli ret retf iret jmpf callf");
	u32 at = back && encs[p.row].rel ? 8 : 0, got = 0;

	if (branch) place_branch(c, &p, at);
	else c->len = encode(c->b, &p, c->rip);
	if (c->len && x86_decode(&i, c->b + at, 15, c->rip + at, X86_ANNOUNCED) == X86_OK && tested(i.row)) {
		bool locked = p.lock || (i.o[0].kind == OP_MEM && emits(i.row, "xchg"));

		c->row = i.row;
		batch_done(b, c);
		for (u32 s = 0; s < states; s++) {
			struct tcase *t = batch_case(b, c);
			enum place where = places[s % countof(places)];

			state_random(t);
			if (locked && (where == AT_LINE || where == AT_PAGE) && chance(95)) where = AT_ALIGNED;
			if (emits(i.row, "jmpi calli jmpf callf") && where == AT_RO) where = AT_ANY;
			if (emits(i.row, "push pop pushs pushf call calli ret leave") && chance(8))
				t->gpr[RSP] = chance(50) ? DIFF_DATA + below(9) : DIFF_DATA + DIFF_DATA_SIZE - below(9);
			bool wild = emits(i.row, "jmpi calli") && i.o[0].kind == OP_MEM && (pick->rip || pick->base == NOREG) &&
				    pick->disp >= DIFF_RO && pick->disp < DIFF_RO + 4096;

			if (wild || !state_for(t, &i, where)) {
				b->n--;
				continue;
			}
			aim(t, &i, c->rip + c->len);
			got++;
		}
	}
	if (!got) b->ncode--;
	return got;
}

bool row_fp(int row)
{
	const char *emit = encs[row].emit;

	return *emit == 'f' || !strncmp(emit, "cvt", 3) || !strncmp(emit, "mmx_cvt", 7);
}

void rows_make(struct batch *b, int row, u32 repeat)
{
	const struct enc *e = &encs[row];
	u8 sizes = e->sizes ? e->sizes : 4;
	bool fp = *e->emit == 'f' || !strncmp(e->emit, "cvt", 3);

	rng = (unmask ? ~row_key(row) : row_key(row)) | 1;
	for (int w = 2; w <= 8; w *= 2) {
		if (!(sizes & w)) continue;
		for (int kind = 0; kind < NKINDS; kind++) {
			bool mem = kind >= MEM_BASE;

			if (mem ? !e->rm_mem : e->modrm && !e->rm_reg && e->second < 0) continue;
			if (kind == REG_HIGH && !e->rm_byte && !e->reg_byte) continue;
			for (u32 k = 0; k < repeat * (e->modrm ? 1 : 2); k++) {
				struct pick p = choose(row, w, kind);

				if (e->span == 16) p.cc = (k * NKINDS + (u32)kind + 4 * (u32)w) & 15;
				one_code(b, &p, fp ? mem ? 12 : 40 : 10, k & 1);
			}
		}
	}
	/* every condition, at least once */
	for (int cc = 0; e->span == 16 && cc < 16; cc++) {
		struct pick p = choose(row, 8, e->rm_reg ? REG_ANY : REG_SAME);

		p.cc = cc;
		one_code(b, &p, 24, cc & 1);
	}
}
