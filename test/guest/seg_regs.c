/* cflags: -D_GNU_SOURCE */
/* seg_regs.c - which selectors may be loaded into which segment register, and read again; what descriptors say. */
#include "check.h"
#include <setjmp.h>
#include <signal.h>
#include <sys/syscall.h>

#define GET(seg) ({ unsigned short v; __asm__ volatile("mov %%" seg ", %0" : "=r"(v)); v; })
#define SET(seg, v) __asm__ volatile("mov %0, %%" seg : : "r"(v))
#define TRY(seg, v) do { \
		if (!sigsetjmp(back, 1)) { SET(seg, v); syscall(SYS_getppid); say(" %s %x", seg, GET(seg)); } \
		else say(" %s refused", seg); \
	} while (0)

static sigjmp_buf back;
static void handler(int sig) { siglongjmp(back, sig); }

int main(void)
{
	static const unsigned short sel[] = { 0, 1, 2, 3, 4, 7, 8, 0xb, 0x10, 0x18, 0x20, 0x22, 0x23, 0x28, 0x29, 0x2a, 0x2b,
		0x30, 0x33, 0x34, 0x37, 0x38, 0x3b, 0x40, 0x60, 0x63, 0x6b, 0x73, 0x80, 0x83, 0xa3, 0x123, 0x8023, 0xffff };
	struct sigaction sa = { .sa_handler = handler, .sa_flags = SA_NODEFER };
	unsigned long pushed;

	expect(!sigaction(SIGSEGV, &sa, 0));
	say("at first: cs %x ss %x ds %x es %x gs %x\n", GET("cs"), GET("ss"), GET("ds"), GET("es"), GET("gs"));
	for (unsigned k = 0; k < sizeof sel / sizeof *sel; k++) {
		unsigned lar = 1, lsl = 1;
		unsigned char ok[4];

		say("%x:", sel[k]);
		TRY("ds", sel[k]);
		TRY("es", sel[k]);
		TRY("gs", sel[k]);
		TRY("ss", sel[k]);
		__asm__("lar %4, %0\n setz %1\n lsl %4, %2\n setz %3" : "+r"(lar), "=r"(ok[0]), "+r"(lsl), "=r"(ok[1]) : "r"((unsigned)sel[k]));
		__asm__("verr %2\n setz %0\n verw %2\n setz %1" : "=r"(ok[2]), "=r"(ok[3]) : "r"(sel[k]));
		say(" lar %x %d lsl %x %d verr %d verw %d\n", lar, ok[0], lsl, ok[1], ok[2], ok[3]);
	}
	SET("gs", 0x2b);
	SET("ds", 0x2b);
	__asm__ volatile("push %%gs\n pop %0" : "=r"(pushed));
	say("pushed %lx\n", pushed);
	syscall(SYS_arch_prctl, 0x1001, 0x1000);
	say("after arch_prctl: gs %x ds %x\n", GET("gs"), GET("ds"));
	return done();
}
