/* cflags: -D_GNU_SOURCE */
/* x87_seq.c - random sequences of x87 instructions with other instructions and branches between them, in random states.
 * Prints a sum for every hundred; `x87_seq FIRST N` prints the sequences of that number and the states they leave.
 */
#include "x87_state.h"

/* One instruction that does what it does on every CPU: no reserved encoding, no transcendental function. */
static u8 *instruction(u8 *p)
{
	static const u16 reg[] = {
		0x0c0, 0x0c8, 0x0d0, 0x0d8, 0x0e0, 0x0e8, 0x0f0, 0x0f8, 0x1c0, 0x1c0, 0x1c0, 0x1c8, 0x1c8, 0x1c8, 0x2c0, 0x2c8,
		0x2d0, 0x2d8, 0x3c0, 0x3c8, 0x3d0, 0x3d8, 0x3e8, 0x3f0, 0x4c0, 0x4c8, 0x4e0, 0x4e8, 0x4f0, 0x4f8, 0x5c0, 0x5d0, 0x5d8,
		0x5d8, 0x5e0, 0x5e8, 0x6c0, 0x6c8, 0x6e0, 0x6e8, 0x6f0, 0x6f8, 0x7e8, 0x7f0,
	};
	static const u16 one[] = { 0x1e0, 0x1e1, 0x1e4, 0x1e5, 0x1e8, 0x1e9, 0x1eb, 0x1ee, 0x1ee, 0x1e8, 0x1f4, 0x1f5, 0x1f6, 0x1f7, 0x1f8,
		0x1fa, 0x1fc, 0x1fd, 0x2e9, 0x6d9, 0x7e0, 0x7e0, 0x1d0, 0x3e2 };
	static const u16 mem[] = { 0x00, 0x08, 0x10, 0x18, 0x20, 0x28, 0x30, 0x38, 0x100, 0x100, 0x110, 0x118, 0x128, 0x138, 0x200, 0x208, 0x210,
		0x220, 0x230, 0x300, 0x310, 0x318, 0x328, 0x328, 0x338, 0x400, 0x408, 0x410, 0x418, 0x420, 0x430, 0x500, 0x500, 0x510, 0x518,
		0x538, 0x600, 0x608, 0x620, 0x630, 0x700, 0x710, 0x718, 0x728, 0x738, 0x720 };
	static const char *const other[] = { "\x01\xc0", "\x48\x8b\x07", "\x48\x89\x47\x40", "\x75\x00", "\x73\x02\x31\xc0", "\x90",
		"\x85\xc0", "\x9b", "\x7a\x02\xd9\xc9", "\x7a\x02\xd9\xee", "\x77\x04\xd9\xe0\xd9\xe8", "\x0f\x44\xc1",
		/* FXSAVE [fx]; the same, then FNINIT or EMMS, and FXRSTOR */
		"\x0f\xae\x47\x70", "\x48\x0f\xae\x47\x70", "\x0f\xae\x47\x70\xdb\xe3\x0f\xae\x4f\x70", "\x48\x0f\xae\x47\x70\x0f\x77\x48\x0f\xae\x4f\x70" };
	u64 k = random64() >> 3;

	if (k % 8 < 3) {
		u16 op = PICK(reg) | (random64() % 3 ? random64() % 3 : random64() % 8);
		*p++ = 0xd8 | op >> 8, *p++ = op;
	} else if (k % 8 < 4) {
		u16 op = PICK(one);
		*p++ = 0xd8 | op >> 8, *p++ = op;
	} else if (k % 8 < 7) {
		u16 op = PICK(mem);
		*p++ = 0xd8 | op >> 8, *p++ = (op & 0x38) | 0x47, *p++ = random64() % 6 * 8; /* [rdi + disp8] */
	} else {
		const char *s = PICK(other);
		size_t n = s[0] == 0x75 ? 2 : strlen(s);
		memcpy(p, s, n);
		p += n;
	}
	return p;
}

static u64 one(int which, bool show)
{
	struct state s;
	u8 *p;
	u64 h;

	seed[0] = 0x9e3779b97f4a7c15 * (which + 1);
	seed[1] = 0x123456789 ^ which;
	for (int k = 0; k < 4; k++) random64();
	state(&s);
	if (random64() % 4) s.in.cw = 0x37f;
	if (random64() % 2) s.in.sw &= 0x3800;
	if (random64() % 2) s.in.tw = 0x0fff << random64() % 5;
	for (int i = 0; i < 112; i += 8) {
		u64 m;
		u16 se;

		number(&m, &se);
		m = m << 1 >> 12 | (u64)(0x3c0 + random64() % 128) << 52 | (u64)se << 48 >> 63 << 63;
		memcpy(s.mem + i, &m, 8);
	}
	p = begin_code();
	for (int n = 1 + random64() % 12; n; n--)
		p = instruction(p);
	end_code(p);
	if (show) {
		printf("%d: ", which);
		for (u8 *b = code + 9; b < p; b++)
			printf("%02x", *b);
		printf("\nin  ");
		print(&s.in);
	}
	run(&s);
	if (show) {
		printf("out ");
		print(&s.out);
		printf("rax %lx flags %lx signal %x at %lx mem ", (long)s.rax, (long)s.flags, s.code, (long)s.addr);
		for (int i = 0; i < 112; i++)
			printf("%02x", s.mem[i]);
		printf("\nfx ");
		for (int i = 0; i < 160; i++)
			printf("%02x", s.fx[i]);
		printf("\n");
	}
	h = sum(&s.out, sizeof s.out, 0xcbf29ce484222325);
	h = sum(s.mem, sizeof s.mem, h);
	h = sum(s.fx, 24, h);                   /* behind it MXCSR and its mask */
	h = sum(s.fx + 32, 128, h);
	return sum(&s.rax, sizeof s - offsetof(struct state, rax), h);
}

int main(int argc, char **argv)
{
	int first = argc > 1 ? atoi(argv[1]) : 0, n = argc > 2 ? atoi(argv[2]) : 5000;
	bool show = n <= 100;
	u64 h = 0;

	set_up();
	for (int k = first; k < first + n; k++) {
		h = h * 31 + one(k, show);
		if (k % 100 == 99) {
			printf("%d %016lx\n", k, (long)h);
			h = 0;
		}
	}
	return 0;
}
