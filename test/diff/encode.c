/* encode.c - from the SDM's notation in insn.def to bytes: the opposite way of the decoder, and independent of its
 * tables. SDM volume 2, chapter 2.
 */
#include "diff.h"
#include "x86/feature.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct src { const char *name, *enc, *opnds, *emit, *lock; int feature; } src[] = {
#define I(NAME, enc, opnds, reads, writes, FEATURE, emit, lock) { #NAME, enc, opnds, #emit, #lock, X86_##FEATURE },
#include "x86/insn.def"
#undef I
};
static struct enc table[countof(src)];
const struct enc *const encs = table;
const int nrows = countof(src);

static bool hex2(const char *s) { return isxdigit(s[0]) && isxdigit(s[1]); }

static void vex_token(struct enc *e, char *t)
{
	char *save;

	e->vex = true;
	e->vl = e->vw = -1;
	for (char *p = strtok_r(t, ".", &save); p; p = strtok_r(0, ".", &save)) {
		if (!strcmp(p, "128") || !strcmp(p, "LZ")) e->vl = 0;
		else if (!strcmp(p, "256")) e->vl = 1;
		else if (!strcmp(p, "66")) e->pp = 1;
		else if (!strcmp(p, "F3")) e->pp = 2;
		else if (!strcmp(p, "F2")) e->pp = 3;
		else if (!strcmp(p, "0F")) e->map = 1;
		else if (!strcmp(p, "0F38")) e->map = 2;
		else if (!strcmp(p, "0F3A")) e->map = 3;
		else if (!strcmp(p, "W0")) e->vw = 0;
		else if (!strcmp(p, "W1")) e->vw = 1;
	}
}

static void byte_token(struct enc *e, const char *t, const char *next, bool *seen)
{
	u8 v = strtoul(t, 0, 16);

	if (!*seen && !e->vex && e->map == 0 && next && (hex2(next) || !strncmp(next, "REX", 3))) {
		if (v == 0x66) { e->pp = 1; return; }
		if (v == 0xf3) { e->pp = 2; return; }
		if (v == 0xf2) { e->pp = 3; return; }
		if (v == 0x0f) { e->map = 1; return; }
	}
	if (!*seen && e->vex && e->map == 0) {          /* "VEX.66 0F FE": a family's row */
		e->map = 1;
		return;
	}
	if (!*seen && e->map == 1 && (v == 0x38 || v == 0x3a) && next && hex2(next)) {
		e->map = v == 0x38 ? 2 : 3;
		return;
	}
	if (!*seen) {
		*seen = true;
		e->op = v;
		e->span = strstr(t, "+cc") ? 16 : strstr(t, "+r") ? 8 : 1;
	} else {
		e->second = v;
		e->second_span = strstr(t, "+i") ? 8 : 1;
	}
}

static void parse(struct enc *e, const struct src *s)
{
	char buf[96], ops[96], *save, *tok[16];
	int n = 0, nimm = 0;
	bool seen = false;

	*e = (struct enc){ .name = s->name, .enc = s->enc, .opnds = s->opnds, .emit = s->emit, .feature = s->feature, .ext = -1, .second = -1,
			   .lockable = strcmp(s->lock, "0") };
	snprintf(buf, sizeof buf, "%s", s->enc);
	for (char *t = strtok_r(buf, " ", &save); t; t = strtok_r(0, " ", &save))
		tok[n++] = t;
	for (int k = 0; k < n; k++) {
		char *t = tok[k];

		if (!strncmp(t, "VEX", 3)) vex_token(e, t);
		else if (!strcmp(t, "NP")) e->np = true;
		else if (!strcmp(t, "REX.W")) e->rexw = true;
		else if (!strcmp(t, "/r")) e->modrm = true;
		else if (*t == '/') e->modrm = true, e->ext = t[1] - '0';
		else if (!strcmp(t, "ib")) e->imm[nimm++] = 1;
		else if (!strcmp(t, "iw")) e->imm[nimm++] = 2;
		else if (!strcmp(t, "id")) e->imm[nimm++] = 255;
		else if (!strcmp(t, "cb")) e->rel = 1;
		else if (!strcmp(t, "cd")) e->rel = 4;
		else byte_token(e, t, k + 1 < n ? tok[k + 1] : 0, &seen);
	}
	snprintf(ops, sizeof ops, "%s", s->opnds);
	for (char *t = strtok_r(ops, " ", &save); t; t = strtok_r(0, " ", &save)) {
		static const char *const fixed[] = { "AL", "AX", "EAX", "RAX", "CL", "DX", "EDX", "RDX", "XMM0", "ST0", "STi", "FS", "GS",
						     "1", "mBX", "mDIq", "mDIdq" };
		bool isfixed = false;
		const char *w;

		t += *t == '=' || *t == '+';
		for (size_t k = 0; k < countof(fixed); k++)
			isfixed |= !strcmp(t, fixed[k]);
		if (isfixed) continue;
		w = t + 1;
		if (!strcmp(t, "rAX")) e->sizes |= 2 | 4 | 8;
		else if (!strcmp(t, "eAX")) e->sizes |= 2 | 4;
		else {
			if (*w == 'v') e->sizes |= 2 | 4 | 8;
			if (*w == 'y') e->sizes |= 4 | 8;
			if (*w == 'k') e->sizes |= 8 | 2;
			if (*w == 'p') e->sizes |= 2 | 4 | 8;
			if (*w == 'z' && *t != 'J' && *t != 'I') e->sizes |= 2 | 4;
			if (!strcmp(t, "Iv")) e->imm[0] = 254;
		}
		if (strchr("EWQ", *t)) e->rm_reg = e->rm_mem = true;
		if (strchr("RUN", *t)) e->rm_reg = true;
		if (strchr("MA", *t)) e->rm_mem = true;
		if (*t == 'A') e->vsib = true;
		if (strchr("HB", *t)) e->vvvv = true;
		if (strchr("ERM", *t) && !strcmp(w, "b")) e->rm_byte = true;
		if (strchr("GZ", *t) && !strcmp(w, "b")) e->reg_byte = true;
		if (strchr("WUVHQNP", *t)) e->vec = true;
		if (strchr("XY", *t)) e->str = true;
		if (*t == 'O') e->moffs = true;
	}
	if (!strcmp(s->name, "MOVSXD")) e->sizes = 2 | 4 | 8;
	if (e->np) e->sizes &= ~2;
}

void encode_init(void)
{
	for (int k = 0; k < nrows; k++)
		parse(&table[k], &src[k]);
}

const char *excused(int row)
{
	static const struct { const char *name, *why; } list[] = {
		{ "SYSCALL", "asks the kernel" }, { "CPUID", "tells of the CPU" }, { "RDTSC", "tells the time" },
		{ "RDTSCP", "tells the time" }, { "RDRAND", "random" }, { "RDSEED", "random" }, { "RDPID", "tells where it runs" },
		{ "XGETBV", "tells of the CPU" },
		{ "XSAVE", "test/guest/xsave.c" }, { "XSAVE64", "test/guest/xsave.c" }, { "XSAVEOPT", "test/guest/xsave.c" },
		{ "XSAVEOPT64", "test/guest/xsave.c" }, { "XSAVEC", "test/guest/xsave.c" }, { "XSAVEC64", "test/guest/xsave.c" },
		{ "XRSTOR", "test/guest/xsave.c" }, { "XRSTOR64", "test/guest/xsave.c" },
		{ "JMPF", "far" }, { "CALLF", "far" }, { "RETF", "far" }, { "IRET", "far" },   /* may leave 64-bit mode */
		{ "SLDT", "the kernel's UMIP answers" }, { "STR", "the kernel's UMIP answers" }, { "SMSW", "the kernel's UMIP answers" },
		{ "SGDT", "the kernel's UMIP answers" }, { "SIDT", "the kernel's UMIP answers" },
		{ "LSS", "may leave 64-bit mode's segments" }, { "LFS", "may leave 64-bit mode's segments" },
		{ "LGS", "may leave 64-bit mode's segments" }, { "LAR", "the kernel's descriptors" }, { "LSL", "the kernel's descriptors" },
		{ "VERR", "the kernel's descriptors" }, { "VERW", "the kernel's descriptors" },
	};

	for (size_t k = 0; k < countof(list); k++)
		if (!strcmp(encs[row].name, list[k].name))
			return list[k].why;
	return 0;
}

u64 announced = X86_ANNOUNCED;

bool tested(int row)
{
	const struct enc *e = &encs[row];
	u64 need = 1ull << e->feature | (e->vex && e->vec ? X86_BIT(AVX) : 0);

	return strcmp(e->emit, "NONE") && (announced & need) == need && !excused(row);
}

static u8 *put(u8 *p, u64 v, int n)
{
	memcpy(p, &v, n);
	return p + n;
}

static u8 *modrm_mem(u8 *p, const struct pick *k, int reg, u8 **rip)
{
	bool sib = k->index != NOREG || k->base == NOREG || (k->base & 7) == 4;
	int mod = k->base == NOREG ? 0 : k->dispw == 1 ? 1 : k->dispw == 4 ? 2 : 0;

	if (k->rip) {
		*p++ = (reg & 7) << 3 | 5;
		*rip = p;
		return p + 4;
	}
	if (k->base != NOREG && mod == 0 && (k->base & 7) == 5) mod = 1;
	*p++ = mod << 6 | (reg & 7) << 3 | (sib ? 4 : k->base & 7);
	if (sib) *p++ = k->scale << 6 | (k->index == NOREG ? 4 : k->index & 7) << 3 | (k->base == NOREG ? 5 : k->base & 7);
	if (k->base == NOREG || mod == 2) return put(p, k->disp, 4);
	return mod == 1 ? put(p, k->disp, 1) : p;
}

int encode(u8 *out, const struct pick *k, gaddr pc)
{
	static const u8 pps[] = { 0, 0x66, 0xf3, 0xf2 };
	const struct enc *e = &table[k->row];
	int reg = e->ext >= 0 ? e->ext : k->reg;
	bool b = false, x = false, r = e->modrm && e->ext < 0 && k->reg & 8;
	bool w = e->rexw || (e->sizes & 8 && k->opsz == 8 && !(e->sizes == (8 | 2)));
	u8 *p = out, *rip = 0, rex;
	u32 opsz_imm = k->opsz == 2 ? 2 : 4;

	if (e->modrm && !k->mem) b = k->rm & 8;
	if (k->mem && e->modrm) b = k->base != NOREG && k->base & 8, x = k->index != NOREG && k->index & 8;
	if (e->span == 8) b = k->reg & 8;
	if (k->index == 4 && k->mem && !e->vsib) return 0;
	if (e->vsib && k->index == NOREG) return 0;
	if (k->lock) *p++ = 0xf0;
	if (k->seg) *p++ = k->seg;
	if (k->a32) *p++ = 0x67;
	if (!e->vex && e->sizes & 2 && k->opsz == 2 && e->pp != 1) *p++ = 0x66;
	if (k->rep) *p++ = k->rep;
	if (e->vex) {
		bool vw = e->vw > 0 || w;

		*p++ = 0xc4;
		*p++ = (!r) << 7 | (!x) << 6 | (!b) << 5 | e->map;
		*p++ = vw << 7 | (e->vvvv ? ~k->vvvv & 15 : 15) << 3 | (e->vl < 0 ? k->l : e->vl) << 2 | e->pp;
	} else {
		if (e->pp) *p++ = pps[e->pp];
		rex = w << 3 | r << 2 | x << 1 | b;
		if (rex || k->rex) *p++ = 0x40 | rex;
		if (e->map) *p++ = 0x0f;
		if (e->map > 1) *p++ = e->map == 2 ? 0x38 : 0x3a;
	}
	*p++ = e->op + (e->span == 8 ? k->reg & 7 : e->span == 16 ? k->cc : 0);
	if (e->second >= 0) *p++ = e->second + (e->second_span == 8 ? k->rm & 7 : 0);
	if (e->modrm) {
		if (k->mem) p = modrm_mem(p, k, reg, &rip);
		else *p++ = 0xc0 | (reg & 7) << 3 | (k->rm & 7);
	}
	if (e->moffs) p = put(p, k->disp, k->a32 ? 4 : 8);
	for (int n = 0; n < 2; n++) {
		u64 v = n ? k->imm2 : k->imm;

		if (e->imm[n] == 254) p = put(p, v, k->opsz == 8 ? 8 : opsz_imm);
		else if (e->imm[n] == 255) p = put(p, v, opsz_imm);
		else p = put(p, v, e->imm[n]);
	}
	if (e->rel) p = put(p, k->target - (pc + (p - out) + e->rel), e->rel);
	if (rip) put(rip, k->disp - (pc + (p - out)), 4);
	return p - out > 15 ? 0 : p - out;
}
