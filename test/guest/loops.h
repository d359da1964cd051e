/* loops.h - what makes the random loops of avx_loops.c and fp_loops.c: the same ones on every run. */
#include <stdint.h>
#include <string.h>

static uint64_t seed = 0x9e3779b97f4a7c15;
static uint8_t *p;                              /* where the next byte of code goes */

static unsigned below(unsigned n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (seed >> 20) % n;
}

static void put(const char *bytes, int n) { memcpy(p, bytes, n); p += n; }

/* Prefix (0 none, 1 66, 2 F3, 3 F2), opcode in 0F; does VEX's form take three operands; an immediate; no 256-bit form. */
struct op { uint8_t pp, op, three, imm, scalar; };

static unsigned reg(void);                      /* the test's choice */

static void encode(const struct op *o, int vex, int wide)
{
	static const uint8_t prefix[] = { 0, 0x66, 0xf3, 0xf2 };
	unsigned d = reg(), a = reg(), b = reg();

	if (vex) {
		*p++ = 0xc4;
		*p++ = !(d & 8) << 7 | 0x40 | !(b & 8) << 5 | 1;
		*p++ = (o->three ? ~a & 15 : 15) << 3 | (wide && !o->scalar) << 2 | o->pp;
	} else {
		if (o->pp) *p++ = prefix[o->pp];
		*p++ = 0x40 | (d >> 3) << 2 | b >> 3;
		*p++ = 0x0f;
	}
	*p++ = o->op;
	*p++ = 0xc0 | (d & 7) << 3 | (b & 7);
	if (o->imm) *p++ = below(256);
}
