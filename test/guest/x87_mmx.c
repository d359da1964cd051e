/* cflags: -D_GNU_SOURCE */
/* x87_mmx.c - every MMX instruction, register and memory forms, in random states of the x87. Prints a sum for each;
 * `x87_mmx N` prints the states of the N-th. Those of SSSE3 are left out where CPUID has none.
 */
#include "x87_state.h"
#include <cpuid.h>

enum { MM = 1, TO_R = 2, FROM_R = 4, XMM_RM = 8, XMM_REG = 16, IB = 32, MEM = 64, REG = 128, SHIFT = 256, NONE_ = 512, THREE = 1024, W = 2048 };
static const struct { const char *prefix; u8 op; u16 kind; } insns[] = {
#define M(op) { "", op, MM },
	M(0x60) M(0x61) M(0x62) M(0x63) M(0x64) M(0x65) M(0x66) M(0x67) M(0x68) M(0x69) M(0x6a) M(0x6b) M(0x6f) M(0x7f) M(0x74) M(0x75)
	M(0x76) M(0xd1) M(0xd2) M(0xd3) M(0xd4) M(0xd5) M(0xd8) M(0xd9) M(0xda) M(0xdb) M(0xdc) M(0xdd) M(0xde) M(0xdf) M(0xe0) M(0xe1)
	M(0xe2) M(0xe3) M(0xe4) M(0xe5) M(0xe8) M(0xe9) M(0xea) M(0xeb) M(0xec) M(0xed) M(0xee) M(0xef) M(0xf1) M(0xf2) M(0xf3) M(0xf4)
	M(0xf5) M(0xf6) M(0xf8) M(0xf9) M(0xfa) M(0xfb) M(0xfc) M(0xfd) M(0xfe)
	{ "", 0x6e, FROM_R }, { "", 0x7e, FROM_R }, { "", 0x6e, FROM_R | W }, { "", 0x7e, FROM_R | W },
	{ "", 0x71, SHIFT }, { "", 0x72, SHIFT }, { "", 0x73, SHIFT }, { "", 0x77, NONE_ },
	{ "", 0x70, MM | IB }, { "", 0xc4, FROM_R | IB }, { "", 0xc5, TO_R | IB }, { "", 0xd7, TO_R }, { "", 0xe7, MM | MEM }, { "", 0xf7, MM | REG },
	{ "\xf3", 0xd6, XMM_REG | REG }, { "\xf2", 0xd6, XMM_RM | REG }, { "", 0x2a, XMM_REG }, { "\x66", 0x2a, XMM_REG },
	{ "", 0x2c, XMM_RM }, { "\x66", 0x2c, XMM_RM }, { "", 0x2d, XMM_RM }, { "\x66", 0x2d, XMM_RM },
#define T(op) { "", op, MM | THREE },
	T(0x00) T(0x01) T(0x02) T(0x03) T(0x04) T(0x05) T(0x06) T(0x07) T(0x08) T(0x09) T(0x0a) T(0x0b) T(0x1c) T(0x1d) T(0x1e)
	{ "", 0x0f, MM | THREE | IB },
};

static u8 *insn(u8 *p, int n)
{
	int kind = insns[n].kind, reg = random64() & 7, rm = random64() & 7;
	bool memory = kind & MEM || (!(kind & (REG | SHIFT | TO_R)) && random64() & 1);

	for (const char *q = insns[n].prefix; *q; q++) *p++ = *q;
	if (kind & W) *p++ = 0x48;
	*p++ = 0x0f;
	if (kind & THREE) *p++ = kind & IB ? 0x3a : 0x38;
	*p++ = insns[n].op;
	if (kind & NONE_) return p;
	if (kind & TO_R) reg = 0;
	if (kind & FROM_R) rm = 0;
	if (kind & XMM_REG) reg &= 1;
	if (kind & XMM_RM) rm &= 1;
	if (kind & SHIFT) reg = insns[n].op == 0x73 ? (reg & 1 ? 2 : 6) : (int[]){ 2, 4, 6 }[reg % 3];
	*p++ = (memory ? 7 : 0xc0 | rm) | reg << 3;
	if (kind & (IB | SHIFT)) *p++ = random64() % 5 ? random64() % 70 : random64();
	return p;
}

static u64 one(int n, bool show)
{
	struct state s;
	u8 *p;
	u64 h;

	state(&s);
	if (random64() % 4) s.in.cw = 0x37f;
	for (int k = 0; k < 4; k++) {                   /* singles and doubles that fit into integers */
		double d = (s64)random64() >> (22 + random64() % 40);
		float f[2] = { (float)((s32)random64() >> random64() % 30) / 4, (float)((s32)random64() >> random64() % 30) / 2 };
		memcpy(s.mem + 64 + 8 * k, random64() & 1 ? (void *)&d : (void *)f, 8);
	}
	p = begin_code();
	memcpy(p, "\xf3\x0f\x6f\x47\x40\xf3\x0f\x6f\x4f\x50", 10);      /* movdqu xmm0, [rdi+64]; xmm1, [rdi+80] */
	p = insn(p + 10, n);
	if (random64() & 1) p = insn(p, n);
	if (show) {
		for (u8 *b = code + 19; b < p; b++)
			printf("%02x", *b);
		printf("\nin  ");
		print(&s.in);
	}
	after = (u64)p;
	memcpy(p, "\xf3\x0f\x7f\x47\x40\xf3\x0f\x7f\x4f\x50", 10);
	memcpy(p + 10, AFTER, sizeof AFTER - 1);
	run(&s);
	if (show) {
		printf("out ");
		print(&s.out);
		printf("rax %lx signal %x at %lx mem ", (long)s.rax, s.code, (long)s.addr);
		for (int i = 0; i < 96; i++)
			printf("%02x", s.mem[i]);
		printf("\n");
	}
	h = sum(&s.out, sizeof s.out, 0xcbf29ce484222325);
	h = sum(s.mem, sizeof s.mem, h);
	return sum(&s.rax, 8, sum(&s.code, 4, h));
}

int main(int argc, char **argv)
{
	u32 a, b, c = 0, d;
	int only = argc > 1 ? atoi(argv[1]) : -1;

	__get_cpuid(1, &a, &b, &c, &d);
	set_up();
	for (int n = 0; n < (int)(sizeof insns / sizeof *insns); n++) {
		u64 h = 0;

		if ((only >= 0 && n != only) || (insns[n].kind & THREE && !(c & bit_SSSE3))) continue;
		seed[0] = 0x9e3779b97f4a7c15 * (n + 1);
		seed[1] = 0x123456789 ^ n;
		for (int k = 0; k < 60; k++)
			h = h * 31 + one(n, only >= 0);
		printf("%d: %02x %016lx\n", n, insns[n].op, (long)h);
	}
	return 0;
}
