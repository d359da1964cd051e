/* cflags: -D_GNU_SOURCE */
/* sig_rep.c - REP MOVS and REP STOS that fault: registers and memory are those of the element that did, and the
 * instruction goes on from there. Operands that overlap, counts of zero, code that the instruction writes itself. */
#include "check.h"
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <ucontext.h>

enum { PAGE = 4096 };

static sigjmp_buf back;
static struct { long cx, si, di, addr, err; int sig, n; } at;
static unsigned char *from, *to;        /* two pages each; what lies behind the first may be missing */
static int mend;                        /* the handler maps it and returns */

static void handler(int sig, siginfo_t *si, void *ctx)
{
	greg_t *g = ((ucontext_t *)ctx)->uc_mcontext.gregs;
	unsigned char *a = si->si_addr;

	at.cx = g[REG_RCX];
	at.si = g[REG_RSI] - (greg_t)from;
	at.di = g[REG_RDI] - (greg_t)to;
	at.addr = a >= to && a < to + 2 * PAGE ? a - to : a - from;
	at.err = sig == SIGSEGV ? g[REG_ERR] : 0;
	at.sig = sig;
	at.n++;
	if (!mend)
		siglongjmp(back, 1);
	mprotect(from + PAGE, PAGE, PROT_READ | PROT_WRITE);
	mprotect(to + PAGE, PAGE, PROT_READ | PROT_WRITE);
}

static void __attribute__((noinline)) run(int op, void *d, const void *s, unsigned long n)
{
	switch (op) {
	case 0: __asm__ volatile("cld\n rep movsb" : "+D" (d), "+S" (s), "+c" (n) : : "memory"); break;
	case 1: __asm__ volatile("cld\n rep movsw" : "+D" (d), "+S" (s), "+c" (n) : : "memory"); break;
	case 2: __asm__ volatile("rep movsl" : "+D" (d), "+S" (s), "+c" (n) : : "memory"); break;
	case 3: __asm__ volatile("rep movsq" : "+D" (d), "+S" (s), "+c" (n) : : "memory"); break;
	case 4: __asm__ volatile("cld\n rep stosb" : "+D" (d), "+c" (n) : "a" (0x1122334455667788) : "memory"); break;
	case 5: __asm__ volatile("cld\n rep stosw" : "+D" (d), "+c" (n) : "a" (0x1122334455667788) : "memory"); break;
	case 6: __asm__ volatile("rep stosl" : "+D" (d), "+c" (n) : "a" (0x1122334455667788) : "memory"); break;
	case 7: __asm__ volatile("rep stosq" : "+D" (d), "+c" (n) : "a" (0x1122334455667788) : "memory"); break;
	case 8: __asm__ volatile("std\n rep movsw\n cld" : "+D" (d), "+S" (s), "+c" (n) : : "memory"); break;
	case 9: __asm__ volatile("std\n rep stosl\n cld" : "+D" (d), "+c" (n) : "a" (0x1122334455667788) : "memory"); break;
	}
	expect(!n);
}

static uint64_t hash(const unsigned char *p, int n, uint64_t h)
{
	while (n--)
		h = (h ^ *p++) * 0x100000001b3;
	return h;
}

static void fill(void)
{
	mprotect(from, 2 * PAGE, PROT_READ | PROT_WRITE);
	mprotect(to, 2 * PAGE, PROT_READ | PROT_WRITE);
	for (int k = 0; k < 2 * PAGE; k++) {
		from[k] = k * 7 + (k >> 8);
		to[k] = 0xee;
	}
}

/* d and s bytes before the end of the first page, and so many elements as cross it */
static void crossing(int op, int d, int s, int src_missing, int dst_missing)
{
	fill();
	if (src_missing)
		mprotect(from + PAGE, PAGE, PROT_NONE);
	if (dst_missing)
		mprotect(to + PAGE, PAGE, dst_missing > 1 ? PROT_READ : PROT_NONE);
	memset(&at, 0, sizeof at);
	if (!sigsetjmp(back, 1))
		run(op, to + PAGE - d, from + PAGE - s, 50);
	mprotect(to, 2 * PAGE, PROT_READ);
	say("%d %d %d: signal %d n %d cx %ld si %ld di %ld at %ld err %lx, %016lx\n", op, d, s, at.sig, at.n, at.cx,
	    op < 4 ? at.si : 0, at.di, at.addr, at.err, hash(to, 2 * PAGE, 0xcbf29ce484222325));
}

static void all_crossing(void)
{
	static const int some[] = { 0, 1, 2, 3, 7, 8, 15, 16, 31, 33, 40, 64, 97 };

	for (int op = 0; op < 8; op++)
		for (unsigned k = 0; k < sizeof some / sizeof *some; k++) {
			crossing(op, some[k], 300, 0, 1);
			if (op < 4)
				crossing(op, 700, some[k], 1, 0);
			if (op < 4)
				crossing(op, some[k], some[(k * 5 + 3) % (sizeof some / sizeof *some)], 1, 2);
		}
}

/* How far apart, in one array */
static void overlaps(void)
{
	uint64_t h = 0;

	for (int op = 0; op < 9; op++) {
		if (op == 4)
			op = 8;
		for (int d = -70; d <= 70; d++) {
			fill();
			run(op, from + 2000 + d, from + 2000, 37);
			h = hash(from, 2 * PAGE, h);
		}
		say("overlaps %d: %016lx\n", op, h);
	}
	for (int op = 0; op < 10; op++)
		for (int n = 0; n < 80; n++) {
			fill();
			run(op, to + 1000 + n % 3, from + 900, n);
			h = hash(to, 2 * PAGE, h);
		}
	say("counts: %016lx\n", h);
}

static void past_end_of_file(void)
{
	int fd = memfd_create("short", 0);
	unsigned char *p, *keep = to;

	expect(fd >= 0 && !ftruncate(fd, PAGE));
	p = mmap(0, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	expect(p != MAP_FAILED);
	fill();
	to = p;
	memset(&at, 0, sizeof at);
	if (!sigsetjmp(back, 1))
		run(0, to + PAGE - 45, from, 100);
	say("past the end: signal %d n %d cx %ld di %ld at %ld, %016lx\n", at.sig, at.n, at.cx, at.di, at.addr, hash(to, PAGE, 1));
	to = keep;
}

/* rep stosb ; mov eax, ... ; ret: the store changes the immediate, and more behind it */
static void own_code(void)
{
	static const unsigned char code[] = { 0xf3, 0xaa, 0xb8, 1, 2, 3, 4, 0xc3 };
	unsigned char *p = mmap(0, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned long n = 4, d = (unsigned long)p + 3;
	unsigned int r = 0x55;

	memcpy(p, code, sizeof code);
	__asm__ volatile("call *%3" : "+a" (r), "+D" (d), "+c" (n) : "r" (p) : "memory");
	say("own code: eax %x cx %ld\n", r, n);
	d = (unsigned long)p + 64;
	n = 1000;
	__asm__ volatile("call *%3" : "+a" (r), "+D" (d), "+c" (n) : "r" (p) : "memory");
	say("own page: eax %x cx %ld %016lx\n", r, n, hash(p, PAGE, 1));
}

int main(void)
{
	struct sigaction sa = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };

	from = mmap(0, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	mmap(0, 16 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	to = mmap(0, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	sigaction(SIGSEGV, &sa, 0);
	sigaction(SIGBUS, &sa, 0);
	all_crossing();
	overlaps();
	past_end_of_file();
	mend = 1;
	for (int op = 0; op < 8; op++) {
		crossing(op, 21, 43, 1, 1);
		expect(!at.cx || at.n);
	}
	own_code();
	return done();
}
