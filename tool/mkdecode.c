/* mkdecode.c - reads insn.def and writes the decoder's tables (build/gen/decode.h).
 *
 * Parses the SDM's notation of each row into a form (src/x86/form.h) and checks what a slip of the pen could break:
 * an immediate in the encoding without its operand, two forms that both fit and neither asks for more.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "x86/insn.h"
#include "x86/form.h"

static const struct row { const char *name, *enc, *opnds, *reads, *writes, *emit, *lock; int feature; } rows[] = {
#define I(NAME, enc, opnds, reads, writes, FEATURE, emit, lock) \
	{ #NAME, enc, opnds, reads, writes, #emit, #lock, X86_##FEATURE },
#include "x86/insn.def"
#undef I
};
enum { NROWS = countof(rows) };

/* What is found out of a row. */
static struct found {
	int map, opcode, span;          /* span: 1, 8 (50+r) or 16 (70+cc) opcodes            */
	bool modrm, vex;
	unsigned mask, value;
	struct shape shape;
	unsigned attr;
} found[NROWS];

/* A kind of operand. w: index of the width table; reg, kind: of one that the form fixes. */
struct kind { u8 place, w, access, reg, kind; };
static struct kind specs[256];
static int nspecs = 1;

static const char *const widths[] = {
	"", "b", "w", "d", "q", "dq", "qq", "t", "v", "z", "y", "k", "p", "x", "h", "f", "e",
};
/* Bytes, by L W OPSZ: see K_CTX. */
static const u8 width_of[countof(widths)][8] = {
#define SAME(n) { n, n, n, n, n, n, n, n }
	SAME(0), SAME(1), SAME(2), SAME(4), SAME(8), SAME(16), SAME(32), SAME(10),
	{ 4, 2, 8, 8, 4, 2, 8, 8 },     /* v */
	{ 4, 2, 4, 4, 4, 2, 4, 4 },     /* z */
	{ 4, 4, 8, 8, 4, 4, 8, 8 },     /* y */
	{ 8, 2, 8, 8, 8, 2, 8, 8 },     /* k */
	{ 6, 4, 10, 10, 6, 4, 10, 10 }, /* p */
	{ 16, 16, 16, 16, 32, 32, 32, 32 }, { 8, 8, 8, 8, 16, 16, 16, 16 },     /* x h */
	{ 4, 4, 4, 4, 8, 8, 8, 8 }, { 2, 2, 2, 2, 4, 4, 4, 4 },                 /* f e */
};

static void __attribute__((noreturn)) bad(const struct row *r, const char *what, const char *arg)
{
	fprintf(stderr, "insn.def: %s \"%s\" \"%s\": %s %s\n", r->name, r->enc, r->opnds, what, arg);
	exit(1);
}

static int width(const struct row *r, const char *s)
{
	if (!strcmp(s, "ss")) s = "d";
	if (!strcmp(s, "sd")) s = "q";
	if (!strcmp(s, "a") || !strcmp(s, "u")) s = "x";
	for (size_t k = 0; k < countof(widths); k++)
		if (!strcmp(widths[k], s))
			return k;
	bad(r, "width", s);
}

static unsigned flags(const struct row *r, const char *s, bool lower)
{
	static const char letters[] = "OSZAPCD";
	unsigned m = 0;

	for (; *s; s++) {
		const char *p = strchr(letters, toupper(*s));

		if (*s == '?')
			continue;
		if (!p)
			bad(r, "flags", s);
		if (!lower || islower(*s))
			m |= 1u << (p - letters);
	}
	return m;
}

/* ---- operands ------------------------------------------------------------------------------------------- */

static int add_spec(struct kind s)
{
	for (int k = 1; k < nspecs; k++)
		if (!memcmp(&specs[k], &s, sizeof s))
			return k;
	specs[nspecs] = s;
	return nspecs++;
}

/* Operands that are one certain thing. */
static const struct { const char *name; u8 place, kind, reg; const char *w; } fixed[] = {
	{ "AL", AT_FIXED, OP_GPR, RAX, "b" }, { "AX", AT_FIXED, OP_GPR, RAX, "w" }, { "EAX", AT_FIXED, OP_GPR, RAX, "d" },
	{ "RAX", AT_FIXED, OP_GPR, RAX, "q" }, { "rAX", AT_FIXED, OP_GPR, RAX, "v" }, { "eAX", AT_FIXED, OP_GPR, RAX, "z" },
	{ "CL", AT_FIXED, OP_GPR, RCX, "b" }, { "DX", AT_FIXED, OP_GPR, RDX, "w" }, { "EDX", AT_FIXED, OP_GPR, RDX, "d" },
	{ "RDX", AT_FIXED, OP_GPR, RDX, "q" }, { "XMM0", AT_FIXED, OP_XMM, 0, "dq" }, { "ST0", AT_FIXED, OP_ST, 0, "t" },
	{ "STi", AT_STI, OP_ST, 0, "t" }, { "FS", AT_FIXED, OP_SEG, SEG_FS, "w" }, { "GS", AT_FIXED, OP_SEG, SEG_GS, "w" },
	{ "1", AT_ONE, OP_IMM, 0, "b" }, { "mBX", AT_MREG, OP_MEM, RBX, "b" },
	{ "mDIq", AT_MREG, OP_MEM, RDI, "q" }, { "mDIdq", AT_MREG, OP_MEM, RDI, "dq" },
};

/* Letters of the opcode map. reg: 3 register form only, 0 memory only, -1 either, -2 nothing to do with ModRM.rm */
static const struct { char letter; u8 place, kind; int reg; bool vec; } letters[] = {
	{ 'E', AT_E, OP_GPR, -1 }, { 'R', AT_E, OP_GPR, 3 }, { 'M', AT_E, OP_GPR, 0 }, { 'G', AT_G, OP_GPR, -2 },
	{ 'Z', AT_Z, OP_GPR, -2 }, { 'B', AT_B, OP_GPR, -2 }, { 'S', AT_SREG, OP_SEG, -2 },
	{ 'C', AT_CR, OP_CR, -2 }, { 'D', AT_DR, OP_DR, -2 },
	{ 'W', AT_W, OP_XMM, -1, true }, { 'U', AT_W, OP_XMM, 3, true }, { 'V', AT_V, OP_XMM, -2, true },
	{ 'H', AT_H, OP_XMM, -2, true }, { 'L', AT_L, OP_XMM, -2, true },
	{ 'Q', AT_Q, OP_MMX, -1, true }, { 'N', AT_Q, OP_MMX, 3, true }, { 'P', AT_P, OP_MMX, -2, true },
	{ 'A', AT_VMEM, OP_VMEM, 0, true }, { 'J', AT_J, OP_REL, -2 }, { 'O', AT_O, OP_MEM, -2 },
	{ 'X', AT_X, OP_STR_SRC, -2 }, { 'Y', AT_Y, OP_STR_DST, -2 },
};

/* Is memory of operand s of that letter and width aligned? See the head of insn.def. */
static bool aligned(const struct found *f, char letter, const char *w)
{
	if (!strchr("WM", letter))
		return false;
	return !strcmp(w, "a") || (!f->vex && (!strcmp(w, "x") || !strcmp(w, "dq")));
}

static void immediate(const struct row *r, struct found *f, struct kind *s, const char *w)
{
	static const struct { const char *w, *enc; u8 place; } kinds[] = {
		{ "b", " ib", AT_IB }, { "w", " iw", AT_IB }, { "s", " ib", AT_IS }, { "z", " id", AT_IZ }, { "v", " id", AT_IZ },
	};

	s->kind = OP_IMM;
	for (size_t k = 0; k < countof(kinds); k++)
		if (!strcmp(w, kinds[k].w)) {
			if (!strstr(r->enc, kinds[k].enc))
				bad(r, "the encoding lacks", kinds[k].enc);
			s->place = kinds[k].place;
			s->w = width(r, !strcmp(w, "s") ? "b" : w);
			return;
		}
	bad(r, "immediate", w);
}

static struct kind by_letter(const struct row *r, struct found *f, char letter, const char *w)
{
	struct kind s = { 0 };

	if (letter == 'I') {
		immediate(r, f, &s, w);
		return s;
	}
	for (size_t k = 0; k < countof(letters); k++)
		if (letters[k].letter == letter) {
			s.place = letters[k].place;
			s.kind = letters[k].kind;
			s.w = width(r, letter == 'J' && *w == 'z' ? "d" : w);
			if (letters[k].vec)
				f->attr |= ROW_VEC;
			if (letters[k].reg >= 0 && !(f->shape.flags & SHAPE_NOMEM)) {
				f->mask |= K_REGFORM;
				f->value |= letters[k].reg == 3 ? K_REGFORM : 0;
			}
			if (strchr("HB", letter) && f->vex)
				f->mask &= ~K_V;
			if (aligned(f, letter, w))
				f->attr |= ROW_ALIGN;
			if (letter == 'J') {
				f->shape.flags |= SHAPE_REL;
				f->attr |= ROW_BRANCH;
				if (!strstr(r->enc, !strcmp(w, "b") ? " cb" : " cd"))
					bad(r, "the encoding lacks", "cb or cd");
			}
			if (letter == 'A')
				f->shape.flags |= SHAPE_VSIB;
			if (strchr("XY", letter))
				f->attr |= ROW_STR;
			return s;
		}
	bad(r, "operand letter", (char[]){ letter, 0 });
}

static void operands(const struct row *r, struct found *f)
{
	char buf[64], *save;
	int w = -1;

	/* MOV of control and debug registers takes ModRM.rm as a register whatever mod says. */
	if (strpbrk(r->opnds, "CD") && f->map == MAP_0F && f->opcode >> 2 == 0x20 >> 2)
		f->shape.flags |= SHAPE_CHECK | SHAPE_NOMEM;
	snprintf(buf, sizeof buf, "%s", r->opnds);
	for (char *t = strtok_r(buf, " ", &save); t; t = strtok_r(0, " ", &save)) {
		u8 access = *t == '=' ? OP_WRITE : *t == '+' ? OP_READ | OP_WRITE : OP_READ;
		struct kind s = { 0 };
		size_t k;

		t += access != OP_READ;
		if (*t == '@') {
			w = width(r, t + 1);
			continue;
		}
		for (k = 0; k < countof(fixed) && strcmp(fixed[k].name, t); k++)
			;
		if (k < countof(fixed)) {
			s = (struct kind){ fixed[k].place, width(r, fixed[k].w), 0, fixed[k].reg, fixed[k].kind };
			if (s.kind == OP_XMM)
				f->attr |= ROW_VEC;
		} else {
			s = by_letter(r, f, *t, t + 1);
		}
		if (f->shape.flags & SHAPE_NOMEM && s.kind == OP_GPR)
			s.place = AT_RCR;
		if (s.kind == OP_MMX)
			f->attr |= ROW_X87;
		s.access = access;
		if (w < 0 && s.kind != OP_IMM && strcmp(t, "DX"))
			w = s.kind == OP_REL ? width(r, "q") : s.w;
		if (f->shape.nop == 4)
			bad(r, "too many operands", "");
		f->shape.op[f->shape.nop++] = add_spec(s);
	}
	f->shape.w = w < 0 ? width(r, "q") : w;
	if (strstr(r->opnds, "Sw"))
		f->shape.flags |= SHAPE_CHECK;
}

/* ---- encodings ------------------------------------------------------------------------------------------ */

static int hex2(const char *s)
{
	return isxdigit(s[0]) && isxdigit(s[1]) && !islower(s[0]) ? (int)strtol((char[]){ s[0], s[1], 0 }, 0, 16) : -1;
}

static void want(struct found *f, unsigned mask, unsigned value)
{
	f->mask |= mask;
	f->value |= value;
}

/* A ModRM byte that the encoding states: C0 or C0+i. */
static void fixed_modrm(struct found *f, int b, bool free_rm)
{
	f->modrm = true;
	want(f, K_REGFORM | K_REG, K_REGFORM | (b >> 3 & 7) << K_REG_SHIFT);
	if (!free_rm)
		want(f, K_RM, (b & 7) << K_RM_SHIFT);
}

static bool prefix_word(const struct row *r, struct found *f, const char *t)
{
	int pp = !strcmp(t, "NP") ? 0 : !strcmp(t, "66") ? K_66 : !strcmp(t, "F3") ? K_F3 : !strcmp(t, "F2") ? K_F2 : -1;

	if (!strcmp(t, "VEX")) {
		f->vex = true;
		f->attr |= ROW_VEX;
		want(f, K_V, 0);
	} else if (!strcmp(t, "128") || !strcmp(t, "LZ")) {
		want(f, K_L, 0);
	} else if (!strcmp(t, "256")) {
		want(f, K_L, K_L);
	} else if (!strcmp(t, "W0")) {
		want(f, K_W, 0);
	} else if (!strcmp(t, "W1") || !strcmp(t, "REX.W")) {
		want(f, K_W, K_W);
	} else if (pp == K_66 && !f->vex && !strstr(r->enc, "0F")) {
		want(f, K_OPSZ | K_W, K_OPSZ);
	} else if (pp >= 0) {
		want(f, K_PP, pp);
	} else {
		return false;
	}
	return true;
}

static bool map_word(struct found *f, const char *t)
{
	static const struct { const char *word; int map; } words[] = {
		{ "0F", MAP_0F }, { "0F38", MAP_0F38 }, { "0F3A", MAP_0F3A },
	};

	for (size_t k = 0; !f->map && k < countof(words); k++)
		if (!strcmp(t, words[k].word)) {
			f->map = words[k].map;
			return true;
		}
	if (f->map == MAP_0F && (!strcmp(t, "38") || !strcmp(t, "3A"))) {
		f->map = t[1] == '8' ? MAP_0F38 : MAP_0F3A;
		return true;
	}
	return false;
}

static void encoding(const struct row *r, struct found *f)
{
	char buf[64], *save;
	bool opcode = false, vexpp = false;

	f->span = 1;
	want(f, K_LOCK, 0);
	snprintf(buf, sizeof buf, "%s", r->enc);
	for (char *p = buf; *p; p++)            /* VEX.128.66.0F is words; REX.W is one */
		if (*p == '.' && !(p - buf >= 3 && !memcmp(p - 3, "REX", 3)))
			*p = ' ';
	for (char *t = strtok_r(buf, " ", &save); t; t = strtok_r(0, " ", &save)) {
		int b = hex2(t);

		if (!opcode && !f->map && prefix_word(r, f, t)) {
			vexpp |= (f->mask & K_PP) != 0;
		} else if (f->vex && (!strcmp(t, "W0") || !strcmp(t, "W1"))) {
			prefix_word(r, f, t);
		} else if (!opcode && map_word(f, t)) {
			;
		} else if (t[0] == '/') {
			f->modrm = true;
			if (t[1] != 'r')
				want(f, K_REG, (t[1] - '0') << K_REG_SHIFT);
		} else if (b >= 0 && !opcode) {
			opcode = true;
			f->opcode = b;
			f->span = !strcmp(t + 2, "+r") ? 8 : !strcmp(t + 2, "+cc") ? 16 : 1;
			if (f->span == 16)
				f->shape.flags |= SHAPE_CC;
		} else if (b >= 0) {
			fixed_modrm(f, b, !strcmp(t + 2, "+i"));
		} else if (!strstr("ib iw id cb cd", t)) {
			bad(r, "encoding", t);
		}
	}
	if (!opcode || (f->vex && (!vexpp || !f->map)))
		bad(r, "incomplete", "encoding");
	if (f->vex)
		f->map += MAP_VEX - MAP_0F;
	if (f->map == MAP_1 && f->opcode == 0x90 && f->span == 1 && !(f->mask & K_PP))
		want(f, K_B, 0);                /* with REX.B it is XCHG r8, rAX; PAUSE does not care */
}

static void attributes(const struct row *r, struct found *f)
{
	static const char *const ends[] = { "JMP", "JMPF", "CALL", "CALLF", "RET", "RETF", "IRET", "UD0", "UD1", "UD2" };
	static const char *const traps[] = { "ud", "priv", "int1", "int3", "intn" };

	for (size_t k = 0; k < countof(ends); k++)
		if (!strcmp(r->name, ends[k]))
			f->attr |= ROW_BRANCH;
	for (size_t k = 0; k < countof(traps); k++)
		if (!strcmp(r->emit, traps[k]))
			f->attr |= ROW_TRAP;
	if (r->writes[0] == '?')
		f->attr |= ROW_MAYBE;
	if (strcmp(r->lock, "0")) {
		f->attr |= ROW_LOCK;
		f->shape.flags |= SHAPE_LOCK;
		f->mask &= ~K_LOCK;
	}
	if (!strcmp(r->reads, "CC"))
		f->attr |= ROW_CC;
	if (r->feature == X86_X87 || !strcmp(r->emit, "x87") || !strcmp(r->name, "EMMS"))   /* FCOMI, FCMOVcc and FISTTP have others */
		f->attr |= ROW_X87;
	if (f->attr & ROW_STR)          /* F2 repeats MOVS, STOS, LODS, INS and OUTS as F3 does */
		f->shape.flags |= f->attr & ROW_MAYBE ? SHAPE_REP | SHAPE_REPNE : SHAPE_REP;
	if (f->vex && f->attr & ROW_VEC)
		want(f, K_NOAVX, 0);
}

/* ---- output --------------------------------------------------------------------------------------------- */

/* How much a form asks for; a mandatory prefix outweighs the rest. */
static int weight(const struct found *f)
{
	return __builtin_popcount(f->mask) + 16 * ((f->mask & K_PP) != 0);
}

/* Both may fit the same bytes, and neither is the other's special case. */
static bool ambiguous(const struct found *x, const struct found *y)
{
	unsigned both = x->mask & y->mask;

	if ((x->value ^ y->value) & both || (x->mask ^ y->mask) & K_PP)
		return false;
	return x->mask == y->mask || (both != x->mask && both != y->mask);
}

/* The rows of an opcode, the one that asks for most first. */
static int head_of(int map, int op, int *list)
{
	int n = 0;

	for (int k = 0; k < NROWS; k++) {
		int at;

		if (found[k].map != map || op < found[k].opcode || op >= found[k].opcode + found[k].span)
			continue;
		for (at = n++; at && weight(&found[k]) > weight(&found[list[at - 1]]); at--)
			list[at] = list[at - 1];
		list[at] = k;
	}
	for (int a = 0; a < n; a++)
		for (int b = 0; b < a; b++) {
			if (ambiguous(&found[list[a]], &found[list[b]]))
				bad(&rows[list[a]], "also fits", rows[list[b]].enc);
			if (found[list[a]].modrm != found[list[b]].modrm)
				bad(&rows[list[a]], "ModRM or not:", rows[list[b]].enc);
		}
	return n;
}

static int mnemonic(int k)
{
	int id = 0;

	for (int j = 0; j <= k; j++) {
		int first;

		for (first = 0; strcmp(rows[first].name, rows[j].name); first++)
			;
		if (!strcmp(rows[j].name, rows[k].name))
			return id;
		id += first == j;
	}
	return id;
}

static void put_rows(void)
{
	int n = 0;

	puts("enum x86_mn {");
	for (int k = 0; k < NROWS; k++)
		if (mnemonic(k) == n && ++n)
			printf("\tMN_%s,\n", rows[k].name);
	printf("\tX86_NMN, X86_NROWS = %d\n};\n#ifdef X86_ROW_TABLE\nconst struct x86_row x86_rows[X86_NROWS] = {\n", NROWS);
	for (int k = 0; k < NROWS; k++) {
		const struct row *r = &rows[k];
		unsigned reads = found[k].attr & ROW_CC ? F_ALL & ~F_A : flags(r, r->reads, false);

		printf("\t{ \"%s\", \"%s\", 0x%x, 0x%x, 0x%x, %d, 0x%x, MN_%s },\n", r->name, r->opnds, reads,
			flags(r, r->writes, false), flags(r, r->writes, true), r->feature, found[k].attr, r->name);
	}
	puts("};\n#endif");
}

static void put_forms(void)
{
	static unsigned head[NMAPS][256];
	int list[NROWS], nforms = 0;

	puts("static const struct form forms[] = {");
	for (int map = 0; map < NMAPS; map++)
		for (int op = 0; op < 256; op++) {
			int n = head_of(map, op, list);

			if (n)
				head[map][op] = (nforms + 1) | (found[list[0]].modrm ? HEAD_MODRM : 0);
			for (int k = 0; k < n; k++, nforms++)
				printf("\t{ 0x%x, 0x%x, %d, %d, %d },\n", found[list[k]].mask, found[list[k]].value, list[k],
					rows[list[k]].feature, k == n - 1);
		}
	puts("};\nstatic const u16 head[NMAPS][256] = {");
	for (int map = 0; map < NMAPS; map++) {
		printf("\t{");
		for (int op = 0; op < 256; op++)
			printf("%s%u,", op % 16 ? " " : "\n\t\t", head[map][op]);
		puts("\n\t},");
	}
	puts("};");
}

static void put_spec(const struct kind *s)
{
	printf("\t{ %d, { 0 }, {", s->place);
	for (int ctx = 0; ctx < 8; ctx++)
		printf(" { %d, %d, %d, %d },", s->kind, s->reg, width_of[s->w][ctx], s->access);
	puts(" } },");
}

static void put_tables(void)
{
	puts("#ifdef X86_DECODE_TABLES");
	put_forms();
	puts("static const struct spec specs[] = {");
	for (int k = 0; k < nspecs; k++)
		put_spec(&specs[k]);
	puts("};\nstatic const struct shape shapes[] = {");
	for (int k = 0; k < NROWS; k++) {
		const struct shape *s = &found[k].shape;

		printf("\t{ { %d, %d, %d, %d }, %d, %d, 0x%x, 0, MN_%s },\n", s->op[0], s->op[1], s->op[2], s->op[3], s->nop, s->w,
			s->flags, rows[k].name);
	}
	puts("};\nstatic const u8 widths[][8] = {");
	for (size_t k = 0; k < countof(widths); k++) {
		printf("\t{");
		for (int c = 0; c < 8; c++)
			printf(" %d,", width_of[k][c]);
		puts(" },");
	}
	puts("};\n#endif");
}

int main(void)
{
	for (int k = 0; k < NROWS; k++) {
		encoding(&rows[k], &found[k]);
		operands(&rows[k], &found[k]);
		attributes(&rows[k], &found[k]);
	}
	puts("/* Made by tool/mkdecode from src/x86/insn.def. */");
	puts("#ifndef GEN_DECODE_H\n#define GEN_DECODE_H");
	put_rows();
	put_tables();
	puts("#endif");
	return 0;
}
