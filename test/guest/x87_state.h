/* x87_state.h - random states of the x87, and running code in them, for x87_all.c and x87_seq.c. */
#ifndef X87_STATE_H
#define X87_STATE_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int32_t s32;
typedef int64_t s64;

struct image {                          /* FRSTOR's, 32-bit layout */
	u32 cw, sw, tw, ip, cs_op, dp, ds;
	struct { u64 m; u16 se; } __attribute__((packed)) st[8];
} __attribute__((packed));

struct state { struct image in, out; _Alignas(16) u8 mem[112], fx[512]; u64 rax, flags; int code; u64 addr; };

static u64 seed[2];
static u64 random64(void)
{
	u64 a = seed[0], b = seed[1];

	seed[0] = b;
	a ^= a << 23;
	seed[1] = a ^ b ^ a >> 18 ^ b >> 5;
	return seed[1] + b;
}
#define PICK(a) a[random64() % (sizeof (a) / sizeof *(a))]

static void number(u64 *m, u16 *se)
{
	static const u64 ms[] = { 0, 1, 1ull << 63, (1ull << 63) + 1, ~0ull, 3ull << 62, (3ull << 62) + 1, 1ull << 62,
		~0ull >> 1, 0xa000000000000000, 0x8000010000000000, 0x8000000000000400, 0xfffffffffffffc00,
		0xffffff8000000000, 0xffffff0000000000 };
	static const u16 es[] = { 0, 1, 2, 0x3ffe, 0x3fff, 0x4000, 0x4001, 0x400d, 0x400e, 0x401d, 0x401e, 0x403d, 0x403e,
		0x403f, 0x7ffe, 0x7fff, 0x3fff - 1022, 0x3fff - 1023, 0x3fff - 1075, 0x3fff + 1024, 0x3fff - 126, 0x3fff - 150,
		0x3fff + 128, 0x3fc0, 0x3fbf, 0x1fff, 0x5fff };
	u64 k = random64();

	*m = k & 1 ? random64() : PICK(ms);
	if (k & 6) *m |= 1ull << 63;
	if ((k & 24) == 24) *m &= ~0ull << random64() % 64;
	*se = k & 32 ? PICK(es) : k & 64 ? 0x3fff - 40 + random64() % 80 : random64() & 0x7fff;
	if ((k & 0xf00) == 0x100) *se = 0x7fff;
	if ((k & 0xf00) == 0x200) *se = 0;
	if (k & 0x1000) *se |= 0x8000;
}

static void state(struct state *s)
{
	u64 k = random64();

	memset(s, 0, sizeof *s);
	s->in.cw = 0x37f;
	if (k & 1) s->in.cw = 0x7f | (random64() & 0xf00);
	if ((k & 6) == 6) s->in.cw = 0x40 | (random64() & 0xf3f);
	if ((s->in.cw & 0x300) == 0x100) s->in.cw ^= 0x200;     /* reserved */
	s->in.sw = random64() & 0x7f7f;
	if (k & 8) s->in.sw &= ~0x7fu;
	s->in.tw = k & 0x10 ? 0 : k & 0x20 ? 0xffff : random64() & random64() & 0xffff;
	s->in.ip = random64();
	s->in.dp = random64();
	s->in.cs_op = random64() & 0x7ff0000;
	for (int i = 0; i < 8; i++) {
		u64 m;
		u16 se;

		number(&m, &se);
		s->in.st[i].m = m;
		s->in.st[i].se = se;
	}
	number((u64 *)s->mem, (u16 *)(s->mem + 8));
	if (k & 0x40) for (int i = 0; i < 112; i++) s->mem[i] = random64();
	if (k & 0x80) *(u32 *)s->mem &= 0xff800000;
	if (k & 0x100) *(u64 *)s->mem = (*(u64 *)s->mem & 0x800fffffffffffff) | (u64)(random64() % 3 == 0 ? 0x7ff : random64() % 2) << 52;
	if (k & 0x200) for (int i = 0; i < 9; i++) s->mem[i] = random64() % 10 << 4 | random64() % 10;
	s->flags = (random64() & 0x8d5) | 0x202;
	s->rax = random64();
}

static u8 *code;
static struct state *at;                /* at a fixed address, as FIP and FDP show where things are */
static u64 after;
static volatile int signal_code;
static volatile u64 signal_addr;
/* The last instruction's opcode and operand are kept by Intel's CPUs for unmasked exceptions alone, the selectors not at
 * all, and FXSAVE always saves the pointers; AMD's do otherwise. X87_POINTERS=0: they are not compared. */
static bool pointers_differ;

static void on_fpe(int sig, siginfo_t *si, void *ctx)
{
	ucontext_t *u = ctx;

	signal_code = si->si_code | u->uc_mcontext.gregs[REG_TRAPNO] << 8;
	signal_addr = (u64)si->si_addr;
	u->uc_mcontext.gregs[REG_RIP] = after;
}

/* Before the code under test: frstor [rsi]; push [r8]; mov rax, [r9]; popf. After it: mov [r9], rax; pushf; pop rax;
 * mov [r8], rax; fnsave [rdx]; fninit; ret. */
#define BEFORE "\xdd\x26\x41\xff\x30\x49\x8b\x01\x9d"
#define AFTER  "\x49\x89\x01\x9c\x58\x49\x89\x00\xdd\x32\xdb\xe3\xc3"
static u8 *begin_code(void) { return memcpy(code, BEFORE, sizeof BEFORE - 1), code + sizeof BEFORE - 1; }
__attribute__((unused)) static void end_code(u8 *p)
{
	after = (u64)p;
	memcpy(p, AFTER, sizeof AFTER - 1);
}

static void run(struct state *s)
{
	signal_code = 0;
	signal_addr = 0;
	*at = *s;
	__asm__ volatile("mov %2, %%r8\n mov %3, %%r9\n call *%1"
		: : "S" (&at->in), "c" (code), "r" (&at->flags), "r" (&at->rax), "d" (&at->out), "D" (at->mem)
		: "rax", "r8", "r9", "memory", "cc");
	*s = *at;
	s->flags &= signal_code ? 0 : 0x8d5;    /* those that the code sets later may be anything when it is stopped */
	s->code = signal_code;
	if (pointers_differ) {
		s->out.ip = s->out.cs_op = s->out.dp = s->out.ds = 0;
		memset(s->fx + 6, 0, 18);
	}
	s->addr = signal_addr ? signal_addr - (u64)code : 0;
}

static u64 sum(const void *p, size_t n, u64 h)
{
	for (const u8 *b = p; n--; b++)
		h = (h ^ *b) * 0x100000001b3;
	return h;
}

static void print(const struct image *m)
{
	printf("cw %03x sw %04x tw %04x ip %x op %x dp %x", m->cw & 0xffff, m->sw & 0xffff, m->tw & 0xffff, m->ip, m->cs_op, m->dp);
	for (int i = 0; i < 8; i++)
		printf(" %04x:%016lx", m->st[i].se, (long)m->st[i].m);
	printf("\n");
}

static void set_up(void)
{
	struct sigaction sa = { .sa_sigaction = on_fpe, .sa_flags = SA_SIGINFO };

	pointers_differ = getenv("X87_POINTERS") && !strcmp(getenv("X87_POINTERS"), "0");
	setvbuf(stdout, 0, _IOLBF, 0);
	code = mmap((void *)0x10000000, 8192, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	at = mmap((void *)0x20000000, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	sigaction(SIGFPE, &sa, 0);
	sigaction(SIGILL, &sa, 0);
}

#endif
