/* cflags: -D_GNU_SOURCE */
/* sig_step.c - TF: a SIGTRAP after each instruction, where it points, and what makes it come and go. */
#include "check.h"
#include <signal.h>
#include <stdint.h>
#include <ucontext.h>

static uintptr_t at[400];
static int n, total;
static struct { int code; long trapno, err; int tf, cr2; } first;
static int stop_after;                  /* the handler clears TF then */

static void handler(int sig, siginfo_t *si, void *ctx)
{
	greg_t *g = ((ucontext_t *)ctx)->uc_mcontext.gregs;
	if (!n)
		first = (typeof(first)){ si->si_code, g[REG_TRAPNO], g[REG_ERR], g[REG_EFL] >> 8 & 1,
			si->si_addr == (void *)g[REG_RIP] };
	total++;
	if (n < 400)
		at[n++] = g[REG_RIP];
	if (stop_after && n >= stop_after)
		g[REG_EFL] &= ~0x100;
}

static void show(const char *name, const char *from)
{
	char line[400];
	int k = 0;
	for (int i = 0; i < n && k < 300; i++) {
		long d = at[i] - (uintptr_t)from;
		k += d >= 0 && d < 200 ? sprintf(line + k, " %ld", d) : sprintf(line + k, " out");
	}
	line[k] = 0;
	say("%s:%s; code %d trapno %ld err %lx tf %d addr %d\n", name, line, first.code, first.trapno, first.err, first.tf, first.cr2);
	n = 0;
}

#define TF_ON  "pushf\n orl $0x100, (%%rsp)\n popf\n"
#define TF_OFF "pushf\n andl $~0x100, (%%rsp)\n popf\n"
#define STEP(name, body) do { \
		const char *from; \
		__asm__ volatile("sub $256, %%rsp\n" TF_ON "1:\n" body TF_OFF "nop\n nop\n add $256, %%rsp\n lea 1b(%%rip), %0\n" \
			: "=r" (from) : : "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r11", "memory", "cc"); \
		show(name, from); \
	} while (0)

static volatile int word;
static char buf[16];

int main(void)
{
	struct sigaction sa = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };

	expect(!sigaction(SIGTRAP, &sa, 0));
	STEP("nothing", "");
	STEP("nops", "nop\n nop\n nop\n");
	STEP("arithmetic", "mov $5, %%eax\n add $7, %%eax\n cmp $12, %%eax\n sete %%al\n");
	STEP("a loop", "mov $3, %%ecx\n 2: dec %%ecx\n jnz 2b\n");
	STEP("call and ret", "call 2f\n jmp 3f\n 2: nop\n ret\n 3:\n");
	STEP("an indirect jump", "lea 2f(%%rip), %%rax\n jmp *%%rax\n ud2\n 2:\n");
	STEP("cpuid", "xor %%eax, %%eax\n cpuid\n nop\n");
	STEP("memory", "lea word(%%rip), %%rax\n incl (%%rax)\n lock incl (%%rax)\n");
	STEP("pushf, popf", "pushf\n popf\n");
	STEP("a system call", "mov $39, %%eax\n syscall\n nop\n nop\n");
	STEP("repeated", "lea 64(%%rsp), %%rdi\n mov $3, %%ecx\n rep stosb\n xor %%ecx, %%ecx\n rep stosb\n"
	     " mov $5, %%ecx\n lea 65(%%rsp), %%rdi\n repe scasb\n mov $2, %%ecx\n repne scasb\n");
	STEP("to itself", "mov $3, %%ecx\n 2: loop 2b\n");
	STEP("ss", "mov %%ss, %%eax\n mov %%eax, %%ss\n nop\n nop\n");
	total = 0;
	STEP("many", "mov $1000, %%ecx\n 2: dec %%ecx\n jnz 2b\n");
	say("%d of them\n", total);
	STEP("fp", "fldz\n fstp %%st(0)\n xorps %%xmm0, %%xmm0\n");
	STEP("an x87 stack fault", "fninit\n fstp %%st(0)\n fninit\n");
	{
		const char *from;
		__asm__ volatile("sub $256, %%rsp\n mov %%rsp, %%rax\n mov %%ss, %%edx\n push %%rdx\n push %%rax\n pushf\n"
			" orl $0x100, (%%rsp)\n mov %%cs, %%edx\n push %%rdx\n lea 1f(%%rip), %%rdx\n push %%rdx\n iretq\n 1: nop\n nop\n"
			TF_OFF "nop\n add $256, %%rsp\n lea 1b(%%rip), %0\n"
			: "=r" (from) : : "rax", "rdx", "memory", "cc");
		show("set by iret", from);
		/* the handler takes TF away */
		stop_after = 3;
		__asm__ volatile("sub $256, %%rsp\n" TF_ON "1:\n nop\n nop\n nop\n nop\n nop\n nop\n add $256, %%rsp\n lea 1b(%%rip), %0\n"
			: "=r" (from) : : "memory", "cc");
		show("the handler ends it", from);
		stop_after = 0;
	}
	say("word %d buf %d\n", word, buf[0]);
	return done();
}
