/* cflags: -D_GNU_SOURCE */
/* sig_flags.c - flags over a fault: an instruction sets them, a load faults and is repeated after the handler has given
 * it a good address, and what reads them afterwards finds what was set, whatever form the flags had meanwhile.
 */
#include "check.h"
#include <signal.h>
#include <stdint.h>
#include <ucontext.h>

static int word = 42;

static void handler(int sig, siginfo_t *si, void *ctx)
{
	((ucontext_t *)ctx)->uc_mcontext.gregs[REG_RSI] = (greg_t)&word;
}

#define TRY(name, set, read, want) do { \
		uint64_t r; \
		__asm__ volatile("mov $0x10, %%esi\n" set "\n mov (%%rsi), %%ecx\n" read "\n" \
			: "=a" (r) : : "rcx", "rdx", "rsi", "rdi", "xmm0", "xmm1", "memory", "cc"); \
		say("%s: %lx\n", name, (long)r); \
		expect(r == (want)); \
	} while (0)

int main(void)
{
	struct sigaction sa = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };

	expect(!sigaction(SIGSEGV, &sa, 0));
	TRY("add c", "mov $-1, %%eax; mov $1, %%edx; add %%edx, %%eax",
	    "setc %%al; movzbl %%al, %%eax", 0x1);
	TRY("add c all", "mov $-1, %%eax; mov $1, %%edx; add %%edx, %%eax",
	    "pushf; pop %%rax; and $0x8d5, %%eax", 0x55);
	TRY("add nc all", "mov $5, %%eax; mov $1, %%edx; add %%edx, %%eax",
	    "pushf; pop %%rax; and $0x8d5, %%eax", 0x4);
	TRY("add adc", "mov $-1, %%eax; mov $1, %%edx; add %%edx, %%eax",
	    "mov $0, %%eax; adc $7, %%eax", 0x8);
	TRY("sub sbb", "mov $1, %%eax; mov $2, %%edx; sub %%edx, %%eax",
	    "mov $0, %%eax; sbb $7, %%eax", 0xfffffff8);
	TRY("and", "mov $-1, %%eax; mov $-8, %%edx; and %%edx, %%eax",
	    "pushf; pop %%rax; and $0x8c5, %%eax", 0x80);
	TRY("and adc", "mov $-1, %%eax; mov $-8, %%edx; and %%edx, %%eax",
	    "mov $0, %%eax; adc $7, %%eax", 0x7);
	TRY("cmp ja", "mov $9, %%eax; cmp $8, %%eax",
	    "mov $0, %%eax; seta %%al", 0x1);
	TRY("add ja", "mov $9, %%eax; add $-8, %%eax",
	    "mov $0, %%eax; seta %%al", 0x0);
	TRY("shl", "mov $0xc0000001, %%eax; shl $1, %%eax",
	    "mov $0, %%eax; setc %%al", 0x1);
	TRY("bt", "mov $0xc0000001, %%eax; bt $31, %%eax",
	    "mov $0, %%eax; setc %%al", 0x1);
	TRY("inc stc", "stc; mov $5, %%eax; inc %%eax",
	    "pushf; pop %%rax; and $0x8d5, %%eax", 0x5);
	TRY("ucomis", "xorps %%xmm0, %%xmm0; xorps %%xmm1, %%xmm1; ucomisd %%xmm0, %%xmm1",
	    "pushf; pop %%rax; and $0x8d5, %%eax", 0x40);
	TRY("ucomis nan", "mov $-1, %%rax; movq %%rax, %%xmm0; xorps %%xmm1, %%xmm1; ucomisd %%xmm0, %%xmm1",
	    "mov $0, %%eax; seta %%al; setp %%ah", 0x100);
	TRY("ucomis below", "mov $0x3ff0000000000000, %%rax; movq %%rax, %%xmm0; xorps %%xmm1, %%xmm1; ucomisd %%xmm0, %%xmm1",
	    "mov $0, %%eax; setb %%al", 0x1);
	TRY("loop", "mov $-1, %%eax; mov $1, %%edx; mov $3, %%edi; 1: add %%edx, %%eax; lea -1(%%rdi), %%rdi; ",
	    "setc %%al; movzbl %%al, %%eax", 0x1);
	TRY("cmc", "stc; cmc",
	    "mov $0, %%eax; setc %%al", 0x0);
	TRY("neg", "mov $5, %%eax; neg %%eax",
	    "mov $0, %%eax; setc %%al", 0x1);
	TRY("imul", "mov $0x50000000, %%eax; imul $16, %%eax",
	    "mov $0, %%eax; setc %%al", 0x1);
	/* PF and AF behind a branch */
	TRY("add, branch", "mov $0x1f, %%eax; mov $0x11, %%edx; add %%edx, %%eax",
	    "jnz 1f; xor %%eax, %%eax; jmp 3f; 1: pushf; pop %%rax; and $0x8d5, %%eax; 3:", 0x14);
	TRY("sub, branch", "mov $0x10, %%eax; mov $1, %%edx; sub %%edx, %%eax",
	    "jnz 1f; xor %%eax, %%eax; jmp 3f; 1: pushf; pop %%rax; and $0x8d5, %%eax; 3:", 0x14);
	TRY("cmp, branch, branch", "mov $0x20, %%eax; cmp $0x11, %%eax",
	    "jb 1f; jnz 1f; xor %%eax, %%eax; jmp 3f; 1: pushf; pop %%rax; and $0x8d5, %%eax; 3:", 0x14);
	TRY("xor, branch", "mov $0x13, %%eax; mov $0x10, %%edx; xor %%edx, %%eax",
	    "jnz 1f; xor %%eax, %%eax; jmp 3f; 1: pushf; pop %%rax; and $0x8c5, %%eax; 3:", 0x4);
	return done();
}
