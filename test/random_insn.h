/* random_insn.h - bytes that may be instructions: bent towards what has a meaning, or made from a form of the table. */
#ifndef RANDOM_INSN_H
#define RANDOM_INSN_H

#include <string.h>

#include "x86/form.h"
#define X86_DECODE_TABLES
#include "gen/decode.h"

static u64 next(u64 *s)                         /* xorshift64* */
{
	*s ^= *s >> 12;
	*s ^= *s << 25;
	*s ^= *s >> 27;
	return *s * 0x2545f4914f6cdd1d;
}

/* Sixteen bytes, bent towards what has a meaning: prefixes, escapes, VEX. */
static void random_bytes(u8 *b, u64 *s)
{
	static const u8 prefixes[] = { 0x66, 0x66, 0x66, 0xf2, 0xf2, 0xf3, 0xf3, 0x67, 0xf0, 0x64, 0x65, 0x2e, 0x26, 0x36, 0x3e };
	u64 r = next(s);
	int n = 0;

	for (int k = 0; k < 16; k += 8) {
		u64 v = next(s);

		memcpy(b + k, &v, 8);
	}
	for (; (r & 7) < 3 && n < 5; r >>= 3)
		b[n++] = prefixes[(r >> 8) % sizeof prefixes];
	r = next(s);
	if (r & 1 && (r >> 8 & 7))
		b[n++] = 0x40 | (r >> 4 & 15);
	switch (r >> 16 & 15) {
	case 0 ... 3: break;
	case 4 ... 7: b[n] = 0x0f; break;
	case 8: b[n] = 0x0f; b[n + 1] = 0x38; break;
	case 9: b[n] = 0x0f; b[n + 1] = 0x3a; break;
	case 10: b[n] = 0xc5; break;
	case 11: b[n] = 0xd8 | (r >> 24 & 7); break;
	default:
		n = r >> 40 & 7 ? 0 : n;        /* VEX, mostly with nothing before it and vvvv = 1111 */
		b[n] = 0xc4;
		b[n + 1] = (b[n + 1] & 0xe0) | (1 + (r >> 32) % 3);
		if (r >> 50 & 1)
			b[n + 2] |= 0x78;
	}
}

/* Legacy prefixes, REX and escapes of a form; returns how many bytes. */
static int legacy_start(u8 *b, const struct form *f, int map, u32 want, u64 r)
{
	static const u8 pps[] = { 0, 0x66, 0xf3, 0xf2 };
	int n = 0;

	if (f->mask & K_OPSZ && want & K_OPSZ)
		b[n++] = 0x66;
	if (f->mask & K_PP && want & K_PP)
		b[n++] = pps[want & K_PP];
	if ((f->mask & K_W && want & K_W) || !(r & 3))
		b[n++] = 0x40 | (r >> 2 & 7) | (f->mask & K_W ? want & K_W : r >> 5 & 8);
	if (map)
		b[n++] = 0x0f;
	if (map > MAP_0F)
		b[n++] = map == MAP_0F38 ? 0x38 : 0x3a;
	return n;
}

static int vex_start(u8 *b, const struct form *f, int map, u32 want, u64 r)
{
	b[0] = 0xc4;
	b[1] = (r << 5 & 0xe0) | (map - MAP_VEX + 1);
	b[2] = (want & K_W ? 0x80 : 0) | (f->mask & K_V ? 15 : r >> 3 & 15) << 3 | (want & K_L ? 4 : 0) | (want & K_PP);
	return 3;
}

/* Sixteen bytes that begin with a form of the table, taken at random, so that each is met. */
static void bytes_of_a_form(u8 *b, u64 *s)
{
	u64 r = next(s);
	const struct form *f;
	int map, op, n;
	u32 want;

	do {
		map = next(s) % NMAPS;
		op = next(s) & 255;
	} while (!head[map][op]);
	f = &forms[(head[map][op] & ~HEAD_MODRM) - 1];
	for (int k = r & 15; k && !f->last; k--)
		f++;
	want = f->value | (r >> 8 & ~f->mask);
	random_bytes(b, s);
	n = map >= MAP_VEX ? vex_start(b, f, map, want, r >> 32) : legacy_start(b, f, map, want, r >> 32);
	b[n++] = op;
	b[n] = ((want & K_REG) >> K_REG_SHIFT) << 3 | (want & K_RM) >> K_RM_SHIFT;
	b[n] |= (want & K_REGFORM ? 3 : (r >> 48) % 3) << 6;
}

#endif
