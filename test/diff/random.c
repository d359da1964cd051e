/* random.c - random sequences of instructions that mean something: memory operands point into the sandbox, counts are
 * short, loops end, whoever reads a flag reads a defined one (seq_add sees to that). A seed gives the same ones on every
 * machine, so no two random numbers are asked for in one argument list.
 *
 * While a sequence grows, what its registers hold is followed roughly (struct val), so that an instruction may use as an
 * address what is one on every path. What is not known to be an address is never used as one.
 */
#include "diff.h"
#include "x86/feature.h"
#include <string.h>

enum { STACK = 0x1300, PENDING = 6 };          /* STACK: where data end and the stack begins; return addresses stay whole */

struct gen {
	struct seq *s;
	struct val r[16];
	u8 pool[8], vpool[6], npool, nvpool;    /* registers that it prefers                */
	u16 frozen;                             /* not to be written: a loop's counter      */
	bool loop, fp, flags;
	u16 head;                               /* inside a loop: pointers at its head ...   */
	u8 spent[16];                           /* ... and how far each turn has moved them  */
	struct { int item, left; struct val r[16]; } jump[PENDING];      /* branches whose target is still to come */
	int njump;
	struct pick last;                       /* the last memory operand                  */
	bool has_last;
};

static int row_of(const char *name, const char *opnds)
{
	for (int k = 0; k < nrows; k++)
		if (!strcmp(encs[k].name, name) && !strcmp(encs[k].opnds, opnds)) return k;
	return -1;
}

/* ---- what an instruction does to the general registers ------------------------------------------------------ */

static u16 written(const struct insn *i)
{
	u16 m = 0;

	for (int n = 0; n < 4; n++) {
		if ((i->o[n].kind == OP_GPR || i->o[n].kind == OP_GPRH) && i->o[n].access & OP_WRITE) m |= 1 << i->o[n].reg;
		if (i->o[n].kind == OP_STR_SRC) m |= 1 << RSI;
		if (i->o[n].kind == OP_STR_DST) m |= 1 << RDI;
	}
	if (i->prefix & (PFX_REP | PFX_REPNE)) m |= 1 << RCX;
	if (emits(i->row, "mul imul1 div idiv cmpxchg8b cmpxchg16b")) m |= 1 << RAX | 1 << RDX;
	if (emits(i->row, "cmpxchg lahf xlat")) m |= 1 << RAX;
	if (emits(i->row, "push pop pushs pushf popf call calli ret enter leave")) m |= 1 << RSP;
	if (emits(i->row, "enter leave")) m |= 1 << RBP;
	if (emits(i->row, "loop loope loopne") || strstr(encs[i->row].name, "PCMPESTRI") || strstr(encs[i->row].name, "PCMPISTRI")) m |= 1 << RCX;
	return m;
}

static u8 align_of(int v) { return v ? (v & -v) & 63 ? v & -v : 64 : 64; }

static struct val moved(struct val v, s64 lo, s64 hi)
{
	u8 a = align_of((int)(lo | hi));

	if (v.kind != PTR || v.lo + lo < 0 || v.hi + hi > DIFF_DATA_SIZE) return (struct val){ ANY };
	v.lo += lo;
	v.hi += hi;
	if (a < v.align) v.align = a;
	return v;
}

/* What i's destination holds then, when that can be told. */
static struct val result(struct gen *g, const struct insn *i)
{
	const char *e = encs[i->row].emit;
	const struct opnd *d = &i->o[0], *a = &i->o[1];
	struct val self = g->r[d->reg & 15];
	bool imm = a->kind == OP_IMM;

	if (d->kind != OP_GPR || d->w < 4) return (struct val){ ANY };
	if (!strcmp(e, "movzx") && a->w == 1) return (struct val){ SMALL };
	if (!strcmp(e, "mov") && imm && (u64)i->imm < 256) return (struct val){ SMALL };
	if (!strcmp(e, "mov") && a->kind == OP_GPR) return g->r[a->reg];
	if (!strcmp(e, "and") && imm && (u64)i->imm < 128) return (struct val){ SMALL };
	if (!strcmp(e, "lea") && i->base < 16 && i->index > 16 && i->seg == SEG_NONE) return moved(g->r[i->base], i->disp, i->disp);
	if (!strcmp(e, "add") && imm) return moved(self, i->imm, i->imm);
	if (!strcmp(e, "sub") && imm) return moved(self, -i->imm, -i->imm);
	if (!strcmp(e, "inc")) return moved(self, 1, 1);
	if (!strcmp(e, "dec")) return moved(self, -1, -1);
	return (struct val){ ANY };
}

/* How far i moves a pointer that stays one: the stack's, a string's. */
static bool moves(const struct insn *i, int reg, s64 *lo, s64 *hi)
{
	int w = i->o[0].w > i->o[1].w ? i->o[0].w : i->o[1].w;

	*lo = *hi = 0;
	if (reg == RSP && emits(i->row, "push pushs pushf")) *lo = *hi = i->w == 2 ? -2 : -8;
	else if (reg == RSP && emits(i->row, "pop popf") && !(i->o[0].kind == OP_GPR && i->o[0].reg == RSP)) *lo = *hi = i->w == 2 ? 2 : 8;
	else if (encs[i->row].str && (reg == RSI || reg == RDI)) *lo = -w, *hi = w;
	else return false;
	return true;
}

static int range(s64 lo, s64 hi) { return hi > -lo ? (int)hi : (int)-lo; }

/* May i be the next one? Then *after is what the registers hold. */
static bool fits(struct gen *g, const struct insn *i, struct val *after)
{
	u16 m = written(i);

	memcpy(after, g->r, sizeof g->r);
	if (m & g->frozen) return false;
	for (int k = 0; k < 16; k++) {
		struct val was = g->r[k], is = { ANY };
		s64 lo, hi;

		if (!(m >> k & 1)) continue;
		if (was.kind == PTR && moves(i, k, &lo, &hi)) is = moved(was, lo, hi);
		else if (i->o[0].reg == k && i->o[0].access & OP_WRITE) is = result(g, i);
		if (k == RSP && is.kind != PTR) return false;
		if (g->loop && g->head >> k & 1) {      /* each turn of the loop must find it usable */
			int by = is.kind == PTR ? range(is.lo - was.lo, is.hi - was.hi) : 99;

			if (is.kind == SMALL && was.kind == SMALL) by = 0;
			if (was.kind == PTR && is.kind == PTR && is.align < was.align) by = 99;
			if (g->spent[k] + by > 48) return false;
			g->spent[k] += by;
		} else if (was.kind != ANY && is.kind == ANY && !chance(8)) {
			return false;
		}
		after[k] = is;
	}
	return true;
}

static bool take(struct gen *g, const struct pick *p, int to)
{
	struct val after[16];
	struct insn i;
	u8 b[16];
	int n = encode(b, p, DIFF_CODE);

	if (g->s->n >= SEQ_MAX - 8 || !n || x86_decode(&i, b, n, DIFF_CODE, X86_ANNOUNCED) != X86_OK || !tested(i.row)) return false;
	if (!fits(g, &i, after)) return false;
	memcpy(g->r, after, sizeof g->r);
	g->s->it[g->s->n++] = (struct item){ *p, to };
	return true;
}

/* ---- memory operands --------------------------------------------------------------------------------------- */

static int some_reg(struct gen *g, u8 kind)             /* a register of a kind, or -1 */
{
	int n = 0, reg = -1;

	for (int k = 0; k < 16; k++)
		if (g->r[k].kind == kind && (k != RSP || chance(40)) && below(++n) == 0) reg = k;
	return reg;
}

/* Where an access by a pointer may lie: the stack is the stack pointer's and its copies'. */
static bool zone(struct gen *g, const struct val *v, s32 *lo, s32 *hi)
{
	bool stack = v->lo >= STACK;

	*lo = stack ? STACK : 0x40;
	*hi = stack ? DIFF_DATA_SIZE - 0x40 : STACK;
	return !(stack && g->frozen >> RSP & 1);
}

/* Fills in disp so that w bytes at base (+ index) + disp lie in the sandbox. */
static bool reach(struct gen *g, struct pick *p, int w, int align)
{
	struct val *v = &g->r[p->base];
	s32 lo, hi;

	if (!zone(g, v, &lo, &hi)) return false;
	lo -= v->lo;
	hi -= v->hi + w + (p->index < 16 ? 255 << p->scale : 0);
	if (lo > hi || v->align < align || (align > 1 && p->index < 16)) return false;
	if (lo <= 0 && hi >= 0 && chance(35)) p->disp = 0;
	else if (lo <= -64 && hi >= 64 && chance(60)) p->disp = 8 * (s32)below(16) - 64;
	else p->disp = lo + (s32)below(hi - lo + 1);
	p->disp &= -align;
	if (p->disp < lo) p->disp += align;
	if (p->disp > hi) return false;
	p->dispw = p->disp == 0 && chance(80) ? 0 : p->disp == (s8)p->disp && chance(90) ? 1 : 4;
	return true;
}

static bool again(struct gen *g, struct pick *p, int w, int align)      /* the last memory operand once more */
{
	struct pick *l = &g->last;
	const struct val *v;
	s32 lo, hi;

	if (!g->has_last || l->index < 16 || l->base > 15 || align > 1 || l->seg) return false;
	v = &g->r[l->base];
	if (v->kind != PTR || !zone(g, v, &lo, &hi) || v->lo + l->disp < lo || v->hi + l->disp + w > hi) return false;
	p->base = l->base;
	p->disp = l->disp;
	p->dispw = l->dispw;
	p->a32 = l->a32;
	return true;
}

static bool aim(struct gen *g, struct pick *p, int w, int align)
{
	int base = some_reg(g, PTR), index = some_reg(g, SMALL);

	p->mem = true;
	p->index = NOREG;
	p->rip = p->a32 = false;
	p->seg = p->dispw = 0;
	p->scale = below(4);
	if (chance(25) && again(g, p, w, align)) return true;
	if (base < 0 || chance(10)) {
		p->disp = DIFF_DATA + (0x100 + below(0x1000)) / align * align;
		p->dispw = 4;
		p->rip = chance(60);
		p->base = p->rip ? RIP : NOREG;
		return true;
	}
	p->base = base;
	if (index >= 0 && index != RSP && chance(40)) p->index = index;
	if (!reach(g, p, w, align)) return false;
	if (chance(6)) {
		p->seg = 0x64 + below(2);
		p->disp -= p->seg == 0x64 ? DIFF_FS : DIFF_GS;
		p->dispw = 4;
	} else if (chance(5)) {
		p->a32 = true;
	}
	g->last = *p;
	g->has_last = true;
	return true;
}

/* ---- single instructions ----------------------------------------------------------------------------------- */

/* Rows that random sequences take one by one. */
static bool plain(int row, bool fp)
{
	const struct enc *e = &encs[row];
	bool flt = *e->emit == 'f' || !strncmp(e->emit, "cvt", 3);

	if (!tested(row) || e->rel || e->str || e->feature == X86_X87 || e->feature == X86_MMX || e->opnds[0] == 'P') return false;
	if (strchr(e->opnds, 'Q') || strchr(e->opnds, 'N') || strstr(e->opnds, " P") || strstr(e->opnds, "ST")) return false;
	if (flt && (!fp || strstr(e->name, "RCP") || strstr(e->name, "RSQRT") || strstr(e->name, "DPP"))) return false;
	if (e->vsib) return false;              /* its index is a register of addresses */
	return !emits(row, "priv ud umip int3 int1 intn iret jmpi calli jmpf callf ret retf enter leave popf pops movsr movrs lseg lar lsl verr "
			   "fxsave fxrstor fenv x87 fcmov fnstcw fnstsw emms ldmxcsr stmxcsr wrbase clflush div idiv");
}

/* x87 and MMX: but transcendental functions, whose last bit CPUs differ in, and images, which have pointers that only some
 * CPUs keep. FLDCW has its own way. */
static bool plain_x87(int row)
{
	static const char *const not[] = { "F2XM1", "FYL2X", "FYL2XP1", "FPTAN", "FPATAN", "FSIN", "FCOS", "FSINCOS",
					   "FLDENV", "FNSTENV", "FRSTOR", "FNSAVE", "FLDCW", "MASKMOVQ" };
	const char *emit = encs[row].emit;

	for (size_t k = 0; k < countof(not); k++)
		if (!strcmp(encs[row].name, not[k])) return false;
	return tested(row) && (emits(row, "x87 fcmov fnstcw fnstsw emms") || !strncmp(emit, "mmx", 3));
}

static struct { u16 row[1200]; u32 n; } ints, vecs, floats, readers, flags, x87s, mmxs;
static const bool *only;

void random_rows(const bool *rows) { only = rows; }

static void pools(void)
{
	if (ints.n) return;
	for (int k = 0; k < nrows; k++) {
		const struct enc *e = &encs[k];

		if (plain_x87(k)) {
			if (encs[k].emit[0] == 'm') mmxs.row[mmxs.n++] = k;
			else x87s.row[x87s.n++] = k;
		}
		if (!plain(k, true) || (only && !only[k])) continue;
		if (*e->emit == 'f' || !strncmp(e->emit, "cvt", 3)) floats.row[floats.n++] = k;
		else if (e->vec) vecs.row[vecs.n++] = k;
		else ints.row[ints.n++] = k;
		if (emits(k, "setcc cmov adc sbb rcl rcr")) readers.row[readers.n++] = k;
		if ((x86_rows[k].reads | x86_rows[k].writes) & F_ALL) flags.row[flags.n++] = k;
	}
}

static u8 from_pool(struct gen *g)  { return g->pool[below(g->npool)]; }
static u8 from_vpool(struct gen *g) { return g->vpool[below(g->nvpool)]; }

static void prefer(struct gen *g, struct pick *p)       /* registers of the pool, mostly */
{
	const struct enc *e = &encs[p->row];
	bool high = e->rm_byte || e->reg_byte;

	if (high && chance(25)) return;
	if (chance(88)) p->reg = e->vec && !strchr("G", e->opnds[1]) ? from_vpool(g) : from_pool(g);
	if (chance(88)) p->rm = e->vec && !strpbrk(e->opnds, "ER") ? from_vpool(g) : from_pool(g);
	if (chance(88)) p->vvvv = e->vec ? from_vpool(g) : from_pool(g);
	if (high && !p->rex && !(p->reg & 8) && !(p->rm & 8)) p->rex = chance(70);
}

/* A row, its operands at random. */
static bool one(struct gen *g, int row)
{
	const struct enc *e = &encs[row];
	u8 size[3], n = 0, b[16];
	enum pick_kind kind;
	struct pick p;
	struct insn i;
	bool mem = e->rm_mem && (!(e->rm_reg || e->second >= 0) || chance(30)), align = false;
	int len, w = 0;

	for (int k = 2; k <= 8; k *= 2)
		if (e->sizes & k) size[n++] = k;
	kind = chance(10) ? REG_SAME : chance(12) ? REG_HIGH : REG_ANY;
	p = choose(row, n ? size[below(n)] : 4, kind);
	prefer(g, &p);
	if (mem) {
		p.mem = true;
		p.base = RAX;
		p.index = NOREG;
	}
	if (e->moffs) p.disp = DIFF_DATA + 0x40 + below(0x1000), p.a32 = false;
	p.lock = false;
	if (!(len = encode(b, &p, DIFF_CODE)) || x86_decode(&i, b, len, DIFF_CODE, X86_ANNOUNCED) != X86_OK || i.row != row) return false;
	if (emits(row, "xlat vmaskmovdqu")) {
		int reg = *e->emit == 'x' ? RBX : RDI;

		if (g->r[reg].kind != PTR || g->r[reg].hi + 300 > STACK) return false;
		p.a32 = false;
		p.seg = 0;
	}
	if (mem && i.o[0].kind == OP_MEM && e->lockable) p.lock = chance(25);
	for (int k = 0; k < 4; k++)
		if (i.o[k].kind == OP_MEM) w = i.o[k].w;
	if (emits(row, "pushf") && g->s->n > SEQ_MAX) return false;
	if (!strncmp(e->name, "BT", 2) && mem && i.o[1].kind == OP_GPR) {
		int small = some_reg(g, SMALL);

		if (small < 0) return false;
		p.reg = small;
		if (p.opsz == 2 || chance(50)) w = 40;
		w = 40;
	}
	if (strstr(e->opnds, "CL") && e->name[0] == 'S' && strlen(e->name) == 4 && p.opsz == 2) return false;   /* SHLD by more than 16 */
	align = x86_rows[row].attr & ROW_ALIGN || p.lock || (mem && emits(row, "xchg"));
	if (mem && w && !aim(g, &p, w, align ? w > 16 ? 8 : w : 1)) return false;
	if (mem && !w) {                        /* an address that nobody looks at */
		p.base = below(16);
		if (chance(60)) do p.index = below(16); while (p.index == 4);
		p.dispw = (u8[]){ 0, 1, 4 }[below(3)];
		p.disp = p.dispw == 1 ? (s8)rnd() : p.dispw ? (s32)rnd() : 0;
		p.scale = below(4);
		if (p.base == 4 && p.index < 16) p.base = 3;
		p.a32 = chance(10);
	}
	if (!take(g, &p, -1)) return false;
	if (*e->emit == 'f' || !strncmp(e->emit, "cvt", 3)) g->s->fp = true;
	if (!strncmp(e->emit, "mmx", 3)) {
		g->s->mmx = true;
		if (g->s->x87 && strstr(e->emit, "cvt")) g->s->fp = true;
	}
	return true;
}

/* The row NAME "OPNDS" with these registers or this immediate. */
static bool put(struct gen *g, const char *name, const char *opnds, int w, int reg, int rm, s64 imm)
{
	struct pick p = { .row = row_of(name, opnds), .opsz = w, .reg = reg, .rm = rm, .imm = imm, .base = NOREG, .index = NOREG, .rex = true };

	if (p.row < 0) return false;
	p.rex = strstr(encs[p.row].opnds, "Eb") != 0;
	return take(g, &p, -1);
}

/* ---- control flow ------------------------------------------------------------------------------------------ */

static void merge(struct gen *g, const struct val *other)
{
	for (int k = 0; k < 16; k++) {
		struct val *a = &g->r[k];
		const struct val *b = &other[k];

		if (a->kind != b->kind) *a = (struct val){ ANY };
		if (a->kind != PTR) continue;
		if (b->lo < a->lo) a->lo = b->lo;
		if (b->hi > a->hi) a->hi = b->hi;
		if (b->align < a->align) a->align = b->align;
		if ((a->lo - b->lo) % a->align) a->align = 1;
	}
}

/* Branches that come this far have their target here; all: every one. */
static void land(struct gen *g, bool all)
{
	for (int k = 0; k < g->njump; ) {
		if (--g->jump[k].left > 0 && !all) { k++; continue; }
		g->s->it[g->jump[k].item].to = g->s->n;
		merge(g, g->jump[k].r);
		g->jump[k] = g->jump[--g->njump];
	}
}

static void jump(struct gen *g)
{
	static const char *const names[] = { "Jcc", "Jcc", "Jcc", "Jcc", "Jcc", "JMP", "JRCXZ" };
	const char *name = names[below(7)];
	struct pick p = { .row = row_of(name, chance(60) || *name != 'J' || name[1] == 'R' ? "Jb" : "Jz"), .opsz = 4, .cc = below(16), .base = NOREG, .index = NOREG };

	if (g->njump == PENDING || p.row < 0) return;
	p.a32 = name[1] == 'R' && chance(30);
	g->jump[g->njump].item = g->s->n;
	g->jump[g->njump].left = 1 + below(4);
	memcpy(g->jump[g->njump].r, g->r, sizeof g->r);
	if (take(g, &p, 0)) g->njump++;
}

/* Takes the address of what is yet to come; the item to be told. */
static int address_of(struct gen *g, int reg)
{
	struct pick p = { .row = row_of("LEA", "=Gv M"), .opsz = 8, .reg = reg, .mem = true, .rip = true, .base = RIP, .index = NOREG };

	return take(g, &p, 0) ? g->s->n - 1 : -1;
}

static void elements(struct gen *g, int n);

static int free_reg(struct gen *g)                      /* one that is no pointer and may be written */
{
	for (int k = 0; k < 20; k++) {
		int r = below(16);

		if (r != RSP && g->r[r].kind == ANY && !(g->frozen >> r & 1)) return r;
	}
	return -1;
}

/* call over a jump to a body that returns to the jump; sometimes by a register, sometimes returning by a push and ret. */
static void call(struct gen *g)
{
	struct seq *s = g->s;
	struct pick jmp = { .row = row_of("JMP", "Jb"), .opsz = 4, .base = NOREG, .index = NOREG }, c = jmp, ret = jmp;
	int reg = chance(30) ? free_reg(g) : -1, lea = -1, over;
	struct val sp = g->r[RSP];
	u16 frozen = g->frozen;

	if (g->loop || s->n > SEQ_MAX - 20) return;
	land(g, true);
	if (reg >= 0 && (lea = address_of(g, reg)) < 0) return;
	c.row = row_of("CALL", reg >= 0 ? "Eq" : "Jz");
	c.rm = reg;
	ret.row = row_of("RET", "");
	s->it[s->n++] = (struct item){ c, -1 };
	over = s->n;
	s->it[s->n++] = (struct item){ jmp, -1 };
	if (lea >= 0) s->it[lea].to = s->n;
	else s->it[over - 1].to = s->n;
	g->r[RSP] = moved(sp, -8, -8);
	g->frozen |= 1 << RSP;                  /* the return address must be on top at the end */
	elements(g, 1 + below(3));
	g->frozen = frozen;
	s->it[s->n++] = (struct item){ ret, -1 };
	s->it[over].to = s->n;
	g->r[RSP] = sp;
	g->has_last = false;
}

/* lea r, there; push r; ret: a return that no call expects; or jmp r. */
static void goes_there(struct gen *g)
{
	struct pick p = { .row = row_of("RET", ""), .opsz = 4, .base = NOREG, .index = NOREG };
	int reg = free_reg(g), lea;
	struct val sp = g->r[RSP], keep[16];

	if (reg < 0 || g->loop || g->s->n > SEQ_MAX - 16) return;
	land(g, true);
	if ((lea = address_of(g, reg)) < 0) return;
	if (chance(50)) {
		p.row = row_of("JMP", "Eq");
		p.rm = reg;
	} else if (!put(g, "PUSH", "Zk", 8, reg, 0, 0)) {
		g->s->it[lea].to = -1;
		g->s->n--;
		return;
	}
	g->s->it[g->s->n++] = (struct item){ p, -1 };
	g->r[RSP] = sp;
	memcpy(keep, g->r, sizeof keep);
	if (chance(50)) one(g, ints.row[below(ints.n)]);        /* not executed */
	memcpy(g->r, keep, sizeof keep);
	g->s->it[lea].to = g->s->n;
}

static void loop(struct gen *g)
{
	struct seq *s = g->s;
	int r = chance(50) ? RCX : free_reg(g), head;
	struct pick p = { .row = row_of("Jcc", "Jb"), .opsz = 4, .cc = COND_NE, .base = NOREG, .index = NOREG };

	if (g->loop || g->frozen || r < 0 || g->r[r].kind == PTR || r == RSP || s->n > SEQ_MAX - 20) return;
	land(g, true);
	if (!put(g, "MOV", "=Zv Iv", 4, r, 0, 1 + below(4))) return;
	head = s->n;
	g->loop = true;
	g->frozen = 1 << r;
	g->head = 0;
	memset(g->spent, 0, sizeof g->spent);
	for (int k = 0; k < 16; k++) {
		if (g->r[k].kind != ANY) g->head |= 1 << k;
		if (g->r[k].kind != PTR) continue;
		g->r[k].lo -= 4 * 48;
		g->r[k].hi += 4 * 48;
		if (g->r[k].lo < 0 || g->r[k].hi > DIFF_DATA_SIZE) g->r[k].kind = ANY, g->head &= ~(1 << k), g->frozen |= (k == RSP) << k;
	}
	elements(g, 1 + below(4));
	land(g, true);
	g->frozen = 0;
	g->loop = false;
	if (r == RCX && chance(50)) {
		p.row = row_of(chance(60) ? "LOOP" : chance(50) ? "LOOPE" : "LOOPNE", "Jb");
	} else {
		g->r[r] = (struct val){ ANY };
		if (!(chance(60) ? put(g, "DEC", "+Ev", chance(50) ? 4 : 8, 0, r, 0) : put(g, "SUB", "+Ev Is", chance(50) ? 4 : 8, 0, r, 1))) return;
		p.cc = chance(80) ? COND_NE : COND_G;
	}
	s->it[s->n++] = (struct item){ p, head };
	g->r[r] = (struct val){ SMALL };
}

/* ---- small families ---------------------------------------------------------------------------------------- */

/* Makes reg point somewhere with room around. */
static bool point(struct gen *g, int reg)
{
	s32 at = 0x400 + 16 * below(0x80);

	if (g->r[reg].kind == PTR && g->r[reg].lo > 0x200 && g->r[reg].hi < STACK - 0x200) return true;
	if (g->r[reg].kind == PTR || !put(g, "MOV", "=Zv Iv", 4, reg, 0, DIFF_DATA + at)) return false;
	g->r[reg] = (struct val){ PTR, 16, at, at };
	return true;
}

static void string(struct gen *g)
{
	static const char *const names[] = { "MOVS", "CMPS", "STOS", "LODS", "SCAS" };
	const char *name = names[below(5)];
	bool src = *name != 'S', dst = *name != 'L', rep = chance(60) && !(g->frozen >> RCX & 1) && g->r[RCX].kind != PTR;
	struct pick p = { .opsz = (u8[]){ 2, 4, 8 }[below(3)], .base = NOREG, .index = NOREG };
	int n = rep ? below(13) : 1, w;

	p.row = row_of(name, *name == 'M' ? "=Yv Xv" : *name == 'C' ? "Xv Yv" : *name == 'L' ? "=rAX Xv" : name[1] == 'T' ? "=Yv rAX" : "rAX Yv");
	if (chance(40)) p.row--;                /* its byte form */
	w = encs[p.row].sizes ? p.opsz : 1;
	if (rep && g->loop) return;
	if ((src && !point(g, RSI)) || (dst && !point(g, RDI))) return;
	if (rep && !put(g, "MOV", "=Zv Iv", 4, RCX, 0, n)) return;
	if (rep) p.rep = chance(40) && (*name == 'C' || !strcmp(name, "SCAS")) ? 0xf2 : 0xf3;
	if (rep) g->r[RCX] = (struct val){ ANY };
	if (!take(g, &p, -1)) return;
	if (rep && src) g->r[RSI] = moved(g->r[RSI], -n * w, n * w);
	if (rep && dst) g->r[RDI] = moved(g->r[RDI], -n * w, n * w);
	if (rep) g->r[RCX] = (struct val){ SMALL };
}

static void division(struct gen *g)
{
	int w = (u8[]){ 1, 2, 4, 8 }[below(4)], r = free_reg(g);
	const char *name = chance(50) ? "DIV" : "IDIV";

	if (r < 0 || r == RAX || r == RDX || g->r[RAX].kind != ANY || g->r[RDX].kind != ANY) return;
	if (chance(85)) {
		if (!put(g, "OR", "+Ev Is", w < 4 ? 4 : w, 0, r, 1)) return;
		if (w == 1) put(g, "MOVZX", "=Gv Eb", 4, RAX, RAX, 0);
		else if (*name == 'D') put(g, "XOR", "+Ev Gv", 4, RDX, RDX, 0);
		else put(g, w == 2 ? "CWD" : w == 4 ? "CDQ" : "CQO", w == 2 ? "=DX AX" : w == 4 ? "=EDX EAX" : "=RDX RAX", w, 0, 0, 0);
	}
	put(g, name, w == 1 ? "Eb" : "Ev", w, 0, r, 0);
}

static void control(struct gen *g)                      /* MXCSR, DF, RFLAGS */
{
	struct pick st = { .row = row_of("MOV", "=Ev Iz"), .opsz = 4, .base = NOREG, .index = NOREG }, ld = { .row = row_of("LDMXCSR", "Md"), .opsz = 4 };

	if (chance(40) && g->fp) {
		if (!aim(g, &st, 4, 1)) return;
		st.imm = 0x1f80 | below(4) << 13 | (chance(20) ? 0x8000 : 0) | (chance(20) ? 0x40 : 0);
		if (g->s->open && chance(50)) st.imm = some_open_mxcsr();
		ld.mem = true, ld.rip = st.rip, ld.a32 = st.a32, ld.base = st.base, ld.index = st.index, ld.scale = st.scale, ld.seg = st.seg;
		ld.disp = st.disp, ld.dispw = st.dispw;
		if (take(g, &st, -1)) take(g, &ld, -1);
	} else if (chance(50)) {
		if (put(g, "PUSH", "Iz @k", 8, 0, 0, 0x202 | (rnd() & 0xcd5))) put(g, "POPF", "@k", 8, 0, 0, 0);
	} else {
		put(g, chance(50) ? "CLD" : "STD", "", 4, 0, 0, 0);
	}
}

/* The x87's control word, mostly with all exceptions masked. */
static void control_x87(struct gen *g)
{
	struct pick st = { .row = row_of("MOV", "=Ev Iz"), .opsz = 2, .base = NOREG, .index = NOREG }, ld = { .row = row_of("FLDCW", "Mw"), .opsz = 4 };

	if (!aim(g, &st, 2, 1)) return;
	st.imm = 0x40 | below(4) << 10 | (u32[]){ 0x300, 0x300, 0x200, 0 }[below(4)] | (chance(70) ? 0x3f : below(64));
	ld.mem = true, ld.rip = st.rip, ld.a32 = st.a32, ld.base = st.base, ld.index = st.index, ld.scale = st.scale, ld.seg = st.seg;
	ld.disp = st.disp, ld.dispw = st.dispw;
	if (take(g, &st, -1)) take(g, &ld, -1);
}

static void element_x87(struct gen *g)
{
	static const char *const loads[] = { "Md", "Mq", "Mt" };
	u32 k = below(100);

	if (k < 6)       control_x87(g);
	else if (k < 30) one(g, row_of("FLD", loads[below(3)]));
	else if (k < 80) one(g, x87s.row[below(x87s.n)]);
	else             one(g, mmxs.row[below(mmxs.n)]);
}

/* Status, control word and all registers go to memory. */
static void store_x87(struct seq *s)
{
	struct pick p = { .mem = true, .opsz = 4, .base = NOREG, .index = NOREG, .dispw = 4, .disp = DIFF_DATA + 0x40 };

	p.row = row_of("FNSTSW", "=Mw");
	s->it[s->n++] = (struct item){ p, -1 };
	p.row = row_of("FNSTCW", "=Mw");
	p.disp += 2;
	s->it[s->n++] = (struct item){ p, -1 };
	p.row = row_of("FSTP", "=Mt ST0");
	for (int k = 0; k < 8; k++) {
		p.disp = DIFF_DATA + 0x50 + 16 * k;
		s->it[s->n++] = (struct item){ p, -1 };
	}
}

static void copy(struct gen *g)                         /* what compilers do all the time */
{
	static const char *const moves[] = { "MOVAPS", "MOVAPD", "MOVDQA", "MOVUPS" };
	bool vec = chance(50), store = chance(50), wide = chance(50);
	const char *name = vec ? moves[below(4)] : "MOV";
	int a = vec ? from_vpool(g) : from_pool(g), b = vec ? from_vpool(g) : chance(20) ? below(16) : from_pool(g);

	if (vec) put(g, name, store ? "=Vx Wa" : "=Vx Wu", 4, a, b, 0);
	else put(g, name, store ? "=Ev Gv" : "=Gv Ev", wide ? 8 : 4, a, b, 0);
}

static void defines_flags(struct gen *g)
{
	static const char *const names[] = { "ADD", "SUB", "CMP", "TEST", "AND", "XOR", "OR", "NEG", "INC" };
	const char *name = names[below(9)];
	int w = (u8[]){ 2, 4, 8 }[below(3)], a = from_pool(g), b = from_pool(g);
	bool reads = *name == 'C' || *name == 'T';

	if (*name == 'N' || *name == 'I') put(g, name, "+Ev", w, 0, b, 0);
	else if (chance(30)) put(g, name, reads ? "Eb Gb" : "+Eb Gb", 4, a, b, 0);
	else put(g, name, reads ? "Ev Gv" : "+Ev Gv", w, a, b, 0);
}

/* Whatever defines, changes or reads some flags, close together. */
static void element_flags(struct gen *g)
{
	u32 k = below(100);

	if (k < 20) jump(g);
	else if (k < 35) one(g, readers.row[below(readers.n)]);
	else one(g, flags.row[below(flags.n)]);
}

static void element(struct gen *g, int vec)
{
	u32 k;

	if (g->flags && chance(80)) {
		element_flags(g);
		return;
	}
	if (g->s->x87 && chance(45)) {
		element_x87(g);
		return;
	}
	k = below(100);

	if (k < 9)       { if (chance(50)) defines_flags(g); jump(g); }
	else if (k < 18) { if (chance(60)) defines_flags(g); one(g, readers.row[below(readers.n)]); }
	else if (k < 25) copy(g);
	else if (k < 27) string(g);
	else if (k < 29) division(g);
	else if (k < 31) call(g);
	else if (k < 33) loop(g);
	else if (k < 34) goes_there(g);
	else if (k < 36) control(g);
	else if (below(100) < (u32)vec && g->fp && chance(45)) one(g, floats.row[below(floats.n)]);
	else if (below(100) < (u32)vec) one(g, vecs.row[below(vecs.n)]);
	else one(g, ints.row[below(ints.n)]);
}

static void elements(struct gen *g, int n)
{
	int vec = (g->s->in[0].align ^ g->nvpool) % 3 * 40;     /* this sequence's taste */

	for (int k = 0, tries = 0; k < n && tries < 200; tries++) {
		int before = g->s->n;

		element(g, vec);
		if (g->s->n == before) continue;
		k++;
		land(g, false);
	}
}

/* QEMU 10.0 computes BIT wrongly where its destination is known to be all ones: nothing to be learnt there. stored: but
 * what the stored truth has. */
static bool misleads(const struct seq *s, bool stored)
{
	bool ones = false, selects = false;

	for (int k = 0; k < s->n; k++) {
		const struct pick *p = &s->it[k].p;
		const char *name = encs[p->row].name;

		ones |= strstr(name, "PCMPEQ") && !p->mem && (p->reg == p->rm || p->vvvv == p->rm);
		selects |= strstr(name, stored ? "BLENDV" : "BLEND") || strstr(name, "MIN") || strstr(name, "MAX");
	}
	return ones && selects;
}

void random_seq(struct seq *s, int with)
{
	struct gen g = { .s = s, .fp = with & SEQ_FP, .flags = with & SEQ_FLAGS };

	g.npool = 2 + below(6);
	g.nvpool = 2 + below(4);
	pools();
	memset(s, 0, sizeof *s);
	s->open = with & SEQ_OPEN;
	s->x87 = with & SEQ_X87;
	for (int k = 0; k < 16; k++) {
		u32 what = below(100), span = 64 * below(8);
		s16 at = 0x380 + 64 * below(32);

		if (k == RSP) s->in[k] = (struct val){ PTR, 8, 0x1500, 0x1540 };
		else if (what < 22) s->in[k] = (struct val){ PTR, chance(70) ? 16 : 1, at, at + span };
		else if (what < 35) s->in[k] = (struct val){ SMALL };
	}
	memcpy(g.r, s->in, sizeof g.r);
	for (int k = 0; k < g.npool; k++)
		do g.pool[k] = below(16); while (s->in[g.pool[k]].kind == PTR && k && chance(90));
	for (int k = 0; k < g.nvpool; k++)
		g.vpool[k] = below(16);
	elements(&g, 1 + below(16));
	land(&g, true);
	if (s->x87 && s->n + 10 <= SEQ_MAX) store_x87(s);
	if (misleads(s, with & SEQ_STORED)) s->n = 0;
}

struct tcode *random_add(struct batch *b, u64 seed, u64 n, int with, u32 states, struct seq *s)
{
	struct tcode *c = 0;
	int at;

	rng = (seed + n) * 0x9e3779b97f4a7c15 | 1;
	rnd();
	random_seq(s, with);
	while (s->n && !(c = seq_add(b, s, states, &at)) && at >= 0)
		seq_drop(s, at);                /* who would read an undefined flag */
	return c;
}
