/* cflags: -D_GNU_SOURCE */
/* x87_all.c - every x87 opcode, each in many states: registers with and without numbers, all tops, tags, control words
 * and status words. Prints one sum for each opcode over all that can be seen afterwards: the whole FNSAVE image, the
 * memory operand, flags, RAX, and the signal if there was one. `x87_all OPCODE [N]` (11 bits, hexadecimal) prints the
 * states themselves. The transcendental functions are in x87_trans.c.
 */
#include "x87_state.h"

static void assemble(int op, bool prefix)
{
	u8 *p = begin_code();

	if (prefix) *p++ = 0x66;
	*p++ = 0xd8 | op >> 8;
	*p++ = (op & 0xff) < 0xc0 ? (op & 0x38) | 7 : op & 0xff; /* [rdi] */
	end_code(p);
}

static void opcode(int op, bool prefix, int n, bool show)
{
	u64 h = 0xcbf29ce484222325;

	assemble(op, prefix);
	seed[0] = 0x9e3779b97f4a7c15 + op;
	seed[1] = 0x123456789 ^ op;
	for (int k = 0; k < n; k++) {
		struct state s;

		state(&s);
		if (show) {
			printf("%d in  ", k);
			print(&s.in);
		}
		run(&s);
		if (show) {
			printf("%d out ", k);
			print(&s.out);
			printf("%d rax %lx flags %lx signal %x at %lx mem ", k, (long)s.rax, (long)s.flags, s.code, (long)s.addr);
			for (int i = 0; i < 28; i++)
				printf("%02x", s.mem[i]);
			printf("\n");
		}
		h = sum(&s.out, sizeof s.out, h);
		h = sum(s.mem, sizeof s.mem, h);
		h = sum(&s.rax, sizeof s - offsetof(struct state, rax), h);
	}
	printf("%s%02x %02x %016lx\n", prefix ? "66 " : "", 0xd8 | op >> 8, op & 0xff, (long)h);
}

/* Those without a row in the manual are left out, and the transcendental ones. */
static int skipped(int op)
{
	static const u8 trans[] = { 0xf0, 0xf1, 0xf2, 0xf3, 0xf9, 0xfb, 0xfe, 0xff };
	static const u16 none[][2] = { { 0x108, 0x108 }, { 0x320, 0x320 }, { 0x330, 0x330 }, { 0x528, 0x528 },
		{ 0x1d1, 0x1d7 }, { 0x1e2, 0x1e3 }, { 0x1e6, 0x1e7 }, { 0x1ef, 0x1ef }, { 0x2e0, 0x2e8 }, { 0x2ea, 0x2ff },
		{ 0x3e5, 0x3e7 }, { 0x3f8, 0x3ff }, { 0x5f0, 0x5ff }, { 0x6d8, 0x6d8 }, { 0x6da, 0x6df }, { 0x7e1, 0x7e7 },
		{ 0x7f8, 0x7ff } };

	if (op >> 8 == 1 && memchr(trans, op & 0xff, sizeof trans)) return 1;
	for (size_t k = 0; k < sizeof none / sizeof *none; k++)
		if (op >= none[k][0] && op <= none[k][1]) return 1;
	return 0;
}

int main(int argc, char **argv)
{
	int only = argc > 1 ? (int)strtol(argv[1], 0, 16) : -1, n = argc > 2 ? atoi(argv[2]) : only >= 0 ? 10 : 60;

	set_up();
	for (int op = 0; op < 0x800; op++) {
		bool memory = (op & 0xff) < 0xc0;

		if (memory && (op & 0xc7)) continue;    /* one of each ModRM.reg */
		if (skipped(op) || (only >= 0 && op != (only & 0x7ff))) continue;
		opcode(op, only >= 0 && only & 0x800, n, only >= 0);
		if (only < 0 && (op == 0x120 || op == 0x130 || op == 0x520 || op == 0x530))
			opcode(op, true, n, false);
	}
	return 0;
}
