/* cflags: -D_GNU_SOURCE */
/* fetch.c - code that runs on into a page where nothing can be executed, in the middle of an instruction or behind one:
 * the signal, and what happens when its handler supplies the page, or writes other bytes before it. Many times over, since
 * code that runs often is translated anew.
 */
#include "check.h"
#include <signal.h>
#include <sys/mman.h>

enum { RX = PROT_READ | PROT_EXEC, RW = PROT_READ | PROT_WRITE, TURNS = 40 };

static unsigned char *first, *second;           /* two pages */
static enum { NO_PROTECTION, DATA, HOLE } gone;
static enum { SUPPLY, REWRITE } cure;
static int turn, middle, faults, code, elsewhere;

static void write_code(unsigned char *p, const void *bytes, int n)
{
	mprotect(first, 4096, RW);
	memcpy(p, bytes, n);
	mprotect(first, 4096, RX);
}

static void take_away(void)
{
	if (gone == HOLE) munmap(second, 4096);
	else mprotect(second, 4096, gone == DATA ? RW : PROT_NONE);
}

/* mov eax, 7 | turn << 16; ret: all of it, or what lies behind the first page's three bytes. */
static void supply(void)
{
	unsigned char insn[] = { 0xb8, 7, 0, turn, 0, 0xc3 };
	int there = middle ? 3 : 0;

	if (gone == HOLE) mmap(second, 4096, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	mprotect(second, 4096, RW);
	memcpy(second, insn + there, sizeof insn - there);
	mprotect(second, 4096, RX);
}

static void handler(int sig, siginfo_t *si, void *ctx)
{
	if (++faults > TURNS) {
		say("it faults again and again\n");
		_exit(1);
	}
	code = si->si_code;
	elsewhere += si->si_addr != second;
	if (cure == SUPPLY) supply();
	else write_code(second - 3, "\x89\xf8\xc3", 3);         /* mov eax, edi; ret */
}

/* from: how many bytes before the second page it is called */
static void try(const char *what, int from)
{
	int right = 0, signals = 0, want;

	elsewhere = 0;
	for (turn = 0; turn < TURNS; turn++) {
		write_code(second - 3, middle ? "\xb8\x07" : "\x90\x90\x90", 3);
		take_away();
		faults = 0;
		want = cure == SUPPLY ? 7 | turn << 16 : turn;
		right += ((int (*)(int))(second - from))(turn) == want;
		signals += faults;
		right += ((int (*)(int))(second - from))(turn) == want;
		signals += faults;
	}
	say("%s, from %d: right %d of %d, signals %d code %d\n", what, from, right, 2 * TURNS, signals, code);
	expect(right == 2 * TURNS && signals == 2 * TURNS && !elsewhere && code == (gone == HOLE ? SEGV_MAPERR : SEGV_ACCERR));
}

int main(void)
{
	static const char *const names[] = { "no protection", "data", "a hole" };
	struct sigaction sa = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };

	sigaction(SIGSEGV, &sa, 0);
	first = mmap(0, 2 * 4096, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	second = first + 4096;
	memset(first, 0x90, 4096);
	for (gone = NO_PROTECTION; gone <= HOLE; gone++) {
		middle = 1;
		cure = SUPPLY;
		try(names[gone], 3);
		try(names[gone], 20);
		cure = REWRITE;
		try(names[gone], 3);
		try(names[gone], 20);
		middle = 0;
		cure = SUPPLY;
		try(names[gone], 0);
		try(names[gone], 20);
	}
	return done();
}
