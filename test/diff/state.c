/* state.c - states in which an instruction's operands mean something: pointers point where the test wants them,
 * counts are short, divisors divide. Everything else is at random, edges preferred.
 */
#include "diff.h"
#include "x86/feature.h"
#include <string.h>

gaddr some_place(enum place p, int w, bool align)
{
	gaddr d = DIFF_DATA;

	if (w < 1) w = 1;
	if (align && p <= AT_PAGE && chance(85)) p = AT_ALIGNED;
	switch (p) {
	case AT_ALIGNED: return d + 0x100 + 64 * below(48);
	case AT_LINE:    return d + 0x140 + 64 * below(40) - (w > 1 ? 1 + below(w - 1) : 0);
	case AT_PAGE:    return d + 0x1000 - (w > 1 ? 1 + below(w - 1) : 1);
	case AT_LAST:    return d + DIFF_DATA_SIZE - w;
	case AT_RO:      return DIFF_RO + 0x100 + (align ? 16 * below(64) : below(0x800));
	case AT_OVER:    return d + DIFF_DATA_SIZE - (align && chance(60) ? 0 : below(w));
	case AT_NOWHERE: return chance(20) ? 16 * (1 + below(100)) : d + 0x3000 + (align ? 16 * below(64) : below(0x800));
	default:         return d + 0x100 + below(0xc00);
	}
}

void set_mem(struct tcase *t, gaddr at, const void *p, u32 n)
{
	struct tset *s;

	if (n > sizeof s->b) n = sizeof s->b;
	if (t->nset >= countof(t->set) || at < DIFF_DATA || at + n > DIFF_DATA + DIFF_DATA_SIZE) return;
	s = &t->set[t->nset++];
	s->addr = at;
	s->len = n;
	memcpy(s->b, p, n);
}

void state_random(struct tcase *t)
{
	t->nset = t->flags = 0;
	for (int k = 0; k < 16; k++) {
		t->gpr[k] = some_int(8);
		some_vec(t->xmm[k]);
		some_vec(t->ymmh[k]);
	}
	t->gpr[RSP] = DIFF_DATA + 0x1800 + 8 * below(32) + (chance(10) ? below(8) : 0);
	t->rflags = 0x202 | (rnd() & 0x8d5) | (chance(12) ? 0x400 : 0);
	t->mxcsr = 0x1f80;
}

static void put_bits(u64 *reg, u64 v, int aw)           /* an address size of 4 ignores what is above */
{
	*reg = aw == 4 ? (v & 0xffffffff) | (chance(50) ? rnd() << 32 : 0) : v;
}

static gaddr seg_base(const struct insn *i)
{
	return i->seg == SEG_FS ? DIFF_FS : i->seg == SEG_GS ? DIFF_GS : 0;
}

/* Sets the registers of i's memory operand so that it lies at ea. */
static bool point(struct tcase *t, const struct insn *i, gaddr ea)
{
	u64 off = ea - seg_base(i) - (u64)(s64)i->disp, mul = 1ull << i->shift;
	u64 *b = i->base < 16 ? &t->gpr[i->base] : 0, *x = i->index < 16 && i->o[1].kind != OP_VMEM ? &t->gpr[i->index] : 0;

	bool stack = b == &t->gpr[RSP];         /* it may be used besides: no garbage there */
	int aw = stack ? 8 : i->aw;

	if (i->base == RIP || i->base == MOFFS || (!b && !x)) return true;
	if (i->aw == 4) off = (u32)off;
	if (b == x) {
		u64 v = off / (mul + 1);

		if (v * (mul + 1) != off) return false;
		put_bits(b, v, aw);
	} else if (!b) {
		if (off % mul) return false;
		put_bits(x, off / mul, i->aw);
	} else {
		if (x && x == &t->gpr[RSP]) return false;
		if (x && (stack || chance(60))) *x = below(64);
		put_bits(b, x ? off - *x * mul : off, aw);
	}
	return true;
}

static int mem_width(const struct insn *i, bool *is, bool *writes)
{
	for (int n = 0; n < 4; n++)
		if (i->o[n].kind == OP_MEM || i->o[n].kind == OP_VMEM) {
			*is = true;
			*writes = i->o[n].access & OP_WRITE;
			return i->o[n].w;
		}
	return 0;
}

/* Does a name say floating point, and of which width? */
static int fp_width(const char *emit)
{
	if (*emit != 'f' && strncmp(emit, "cvt", 3)) return 0;
	if (strstr(emit, "ps") || strstr(emit, "ss")) return strstr(emit, "pd") || strstr(emit, "sd") ? chance(50) ? 4 : 8 : 4;
	return strstr(emit, "pd") || strstr(emit, "sd") ? 8 : 0;
}

bool unmask;

u32 some_mxcsr(void)
{
	return 0x1f80 | below(4) << 13 | (chance(20) ? 0x8000 : 0) | (chance(20) ? 0x40 : 0) | (chance(10) ? below(64) : 0);
}

u32 some_open_mxcsr(void)
{
	u32 open = chance(60) ? 1u << below(6) : 1 + below(63);

	return some_mxcsr() & ~(open << 7);
}

static void vectors(struct tcase *t, const char *emit, u64 mem[4])
{
	int w = fp_width(emit);

	some_vec(mem);
	some_vec(mem + 2);
	if (!w) return;
	for (int k = 0; k < 16; k++) {
		if (chance(85)) some_fp(t->xmm[k], w);
		if (chance(85)) some_fp(t->ymmh[k], w);
	}
	for (int k = 0; k < 4; k += 2)
		if (chance(85)) some_fp(mem + k, w);
	if (chance(50)) t->mxcsr = some_mxcsr();
	if (unmask) t->mxcsr = some_open_mxcsr();
}

static bool starts(const char *emit, const char *with) { return !strncmp(emit, with, strlen(with)); }

/* Masks of both kinds, counts that shift something out and not, and a gather's indices, which point somewhere. */
static void masks(struct tcase *t, const struct insn *i, const char *emit)
{
	int m = starts(emit, "vmaskl") || starts(emit, "vmasks") ? i->o[1].reg : i->o[2].reg, w = emit[strlen(emit) - 1] - '0';
	bool all = chance(25);

	if (starts(emit, "vmask") && emit[5] != 'm') {
		for (int k = 0; k < 2; k++) t->xmm[m][k] = all ? ~0ull : rnd(), t->ymmh[m][k] = all ? ~0ull : rnd();
	} else if (starts(emit, "vgather")) {
		bool narrow = emit[7] == 'd';

		for (int k = 0; k < 8; k++) {
			u64 *v = k < 4 ? t->xmm[i->index] : t->ymmh[i->index];

			((u32 *)v)[k & 3] = (narrow || !(k & 1)) ? below(64) - (chance(30) ? 32 : 0) : 0;
			if (!narrow && k & 1 && ((u32 *)v)[(k - 1) & 3] >> 31) ((u32 *)v)[k & 3] = ~0u;
		}
		for (int k = 0; k < 2; k++) t->xmm[m][k] = all ? ~0ull : rnd(), t->ymmh[m][k] = all ? ~0ull : rnd();
	} else if (starts(emit, "vsllv") || starts(emit, "vsrlv") || starts(emit, "vsrav")) {
		for (int k = 0; k < 8; k++)
			if (chance(80)) ((u32 *)(k < 4 ? t->xmm[m] : t->ymmh[m]))[k & 3] = w == 's' - '0' || !(k & 1) || chance(10) ? below(70) : 0;
	}
}

static bool is(const struct insn *i, const char *name) { return !strcmp(x86_rows[i->row].name, name); }

static void strings(struct tcase *t, const struct insn *i, enum place p)
{
	bool src = false, dst = false, rep = i->prefix & (PFX_REP | PFX_REPNE);
	int w = i->w ? i->w : 1;
	u8 same[48], b;
	u32 n = rep ? chance(10) ? 0 : below(24) : 1;
	gaddr s, d;

	for (int k = 0; k < 4; k++) {
		src |= i->o[k].kind == OP_STR_SRC;
		dst |= i->o[k].kind == OP_STR_DST;
		if (i->o[k].w) w = i->o[k].w;
	}
	if (rep) t->gpr[RCX] = n;       /* with 67 and a count of zero, CPUs differ in clearing the upper halves */
	t->rflags = (t->rflags & ~0x400) | (chance(40) ? 0x400 : 0);
	s = some_place(src && !(dst && chance(50)) ? p : AT_ANY, w, false);
	d = some_place(dst && chance(70) ? p : AT_ANY, w, false);
	if (src && dst && chance(25)) d = s + below(17) - 8;            /* overlapping */
	if (src) put_bits(&t->gpr[RSI], s - seg_base(i), rep ? 8 : i->aw);
	if (dst) put_bits(&t->gpr[RDI], d, rep ? 8 : i->aw);
	b = chance(50) ? t->gpr[RAX] : rnd();
	memset(same, b, sizeof same);
	if (chance(50)) for (u32 k = 0; k < 48; k += w) memcpy(same + k, &t->gpr[RAX], w > 8 ? 8 : w);
	if (chance(70)) same[below(48)] ^= 1 << below(8);
	if (t->rflags & 0x400) s -= 48 - w, d -= 48 - w;
	if (src) set_mem(t, s, same, 48);
	if (chance(40)) same[below(48)] ^= 1 << below(8);
	if (dst && (!src || chance(60))) set_mem(t, d, same, 48);
}

static void bit_offset(struct tcase *t, const struct insn *i)
{
	u64 *r = &t->gpr[i->o[1].reg];

	if (i->o[1].kind == OP_GPR && i->o[0].kind == OP_MEM)
		*r = (*r & ~((1ull << (i->w * 8 - 1) << 1) - 1)) | ((below(512) - 256ull) & ((1ull << (i->w * 8 - 1) << 1) - 1));
}

/* Instructions whose operands must agree with each other for something to happen. */
static void agree(struct tcase *t, const struct insn *i, gaddr ea, u8 *mem)
{
	const char *n = x86_rows[i->row].name;
	u64 v[8] = { 0 };
	bool addresses = i->base == RAX || i->base == RDX || i->index == RAX || i->index == RDX;

	if (addresses && (is(i, "DIV") || is(i, "IDIV") || !strncmp(n, "CMPXCHG", 7))) return;
	if (is(i, "DIV") || is(i, "IDIV")) {
		if (chance(75)) {
			t->gpr[RDX] = *n == 'D' || chance(50) ? 0 : ~0ull;
			if (i->w == 1) t->gpr[RAX] = (t->gpr[RAX] & 0xff) | (chance(50) ? 0 : t->gpr[RAX] & 0x1ff);
		} else if (chance(60)) {
			t->gpr[RDX] = below(4);
		}
	} else if (!strncmp(n, "SHLD", 4) || !strncmp(n, "SHRD", 4)) {
		if (i->w == 2) t->gpr[RCX] = (t->gpr[RCX] & ~0x1full) | below(17);
	} else if (is(i, "CMPXCHG") && chance(50)) {
		if (i->o[0].kind == OP_MEM) memcpy(&t->gpr[RAX], mem, i->w);
		else t->gpr[RAX] = t->gpr[i->o[0].reg];
	} else if (is(i, "CMPXCHG8B") && chance(50)) {
		t->gpr[RAX] = *(u32 *)mem;
		t->gpr[RDX] = *(u32 *)(mem + 4);
	} else if (is(i, "CMPXCHG16B") && chance(50)) {
		memcpy(&t->gpr[RAX], mem, 8);
		memcpy(&t->gpr[RDX], mem + 8, 8);
	} else if (is(i, "XLAT")) {
		put_bits(&t->gpr[RBX], ea - seg_base(i) - (t->gpr[RAX] & 0xff), i->aw);
	} else if (!strncmp(n, "LOOP", 4) || is(i, "JRCXZ")) {
		put_bits(&t->gpr[RCX], below(3), i->aw);
	} else if (is(i, "POPF")) {
		*v = rnd() & 0x3f8ed5;
		*v &= ~0x40100ull;
		set_mem(t, t->gpr[RSP], v, 8);
	} else if (is(i, "LEAVE") || is(i, "ENTER")) {
		t->gpr[RBP] = DIFF_DATA + 0x900 + 8 * below(16);
	} else if (is(i, "LDMXCSR") || is(i, "VLDMXCSR")) {
		u32 m = 0x1f80 | (rnd() & 0xe07f) | (chance(10) ? 1u << (16 + below(16)) : 0);

		memcpy(mem, &m, 4);
	} else if (!strncmp(n, "FXRSTOR", 7)) {
		u32 m[2] = { 0x1f80 | (rnd() & 0xe07f) | (chance(10) ? 1u << (16 + below(16)) : 0), 0xffff };

		if (chance(80)) set_mem(t, ea + 24, m, 8);
		t->flags |= CASE_FPU;
	} else if (is(i, "MOV") && i->o[0].kind == OP_SEG) {
		static const u16 sel[] = { 0, 0, 0x2b, 0x2b, 0x33, 0x23, 3, 0x50, 0x1234 };
		u16 s = sel[below(countof(sel))];

		if (i->o[1].kind == OP_GPR) t->gpr[i->o[1].reg] = (t->gpr[i->o[1].reg] & ~0xffffull) | s;
		else memcpy(mem, &s, 2);
		t->flags |= CASE_SEG;
	} else if (is(i, "POP") && i->o[0].kind == OP_SEG) {
		static const u16 sel[] = { 0, 0, 0x2b, 0x23, 3, 0x1234 };

		*v = sel[below(countof(sel))];
		set_mem(t, t->gpr[RSP], v, 8);
		t->flags |= CASE_SEG;
	}
}

bool state_for(struct tcase *t, const struct insn *i, enum place p)
{
	const char *emit = encs[i->row].emit;
	bool has = false, writes = false, align = x86_rows[i->row].attr & ROW_ALIGN;
	int w = mem_width(i, &has, &writes);
	u64 mem[4] = { 0 };
	gaddr ea = 0;

	if (!strncmp(emit, "fx", 2)) { w = 512; align = true; }
	if (!w && x86_rows[i->row].feature == X86_X87) w = 108;
	if (!strcmp(emit, "clflush")) w = 1;
	if (x86_rows[i->row].feature == X86_X87 || !strcmp(emit, "x87") || !strcmp(emit, "fenv")) t->flags |= CASE_FPU;
	vectors(t, emit, mem);
	masks(t, i, emit);
	if (!strncmp(x86_rows[i->row].name, "BT", 2)) bit_offset(t, i);
	if (encs[i->row].str) strings(t, i, p);
	if (has) {
		for (int tries = 0;; tries++) {
			if (tries == 64) return false;
			ea = w ? some_place(p, w, align) : chance(50) ? some_place(p, 8, false) : rnd();
			if (point(t, i, ea)) break;
		}
		if (i->base == RIP || i->base == MOFFS || (i->base > RIP && i->index > RIP)) {
			ea = seg_base(i) + (i->base == MOFFS ? (u64)i->imm : (u64)(s64)i->disp + (i->base == RIP ? insn_next(i) : 0));
			if (i->aw == 4) ea = seg_base(i) + (u32)(ea - seg_base(i));
		}
		if (!encs[i->row].vec) { mem[0] = some_int(w ? w : 8); mem[1] = some_int(8); }
	}
	agree(t, i, ea, (u8 *)mem);
	if (has && w && w <= 32) set_mem(t, ea, mem, w);
	return true;
}
