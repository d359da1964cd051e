/* cflags: -D_GNU_SOURCE -msse4.2 */
/* fused.c - a copy and the operation after it, which a translator may make one: all registers that take part and the flags,
 * for two-operand operations of every kind, comparisons among them. Prints a sum for each.
 */
#include "check.h"
#include <stdint.h>

typedef uint8_t xmm[16] __attribute__((aligned(16)));
static struct { xmm d, a, b; uint64_t r[3]; uint64_t flags; } s;

static uint64_t sum(void)
{
	uint64_t h = 1469598103934665603;

	for (unsigned i = 0; i < sizeof s; i++)
		h = (h ^ ((uint8_t *)&s)[i]) * 1099511628211;
	return h;
}

static void fill(int seed)
{
	static const double some[] = { 1.5, -2.25, 0, 1e300, 3, -1e-300, 1.5, 8388608.5 };
	double v[6];

	for (int i = 0; i < 6; i++)
		v[i] = some[(seed * 7 + i * 3 + (i * seed >> 1)) & 7];
	memcpy(&s, v, 48);
	for (int i = 0; i < 3; i++)
		s.r[i] = (seed + i) * 0x9e3779b97f4a7c15;
	s.flags = 0;
}

#define VEC(copy, between, op) do { \
	uint64_t h = 0; \
	for (int k = 0; k < 8; k++) { \
		fill(k); \
		__asm__ volatile("movups %0, %%xmm2; movups %1, %%xmm0; movups %2, %%xmm1; xor %%ecx, %%ecx; mov %4, %%rax\n" \
			copy " %%xmm0, %%xmm2\n" between "\n" op "\n" \
			"pushfq; pop %3; movups %%xmm2, %0; movups %%xmm0, %1; movups %%xmm1, %2; mov %%rcx, %4" \
			: "+m" (s.d), "+m" (s.a), "+m" (s.b), "=r" (s.flags), "+m" (s.r[0]) \
			: : "rax", "rcx", "rdx", "xmm0", "xmm1", "xmm2", "xmm3", "cc"); \
		s.flags &= 0x8d5; \
		h = h * 31 + sum(); \
	} \
	say("%-8s %-24s %-28s %016lx\n", copy, between, op, h); } while (0)
#define VECS(op) VEC("movaps", "", op); VEC("movdqa", "movapd %%xmm1, %%xmm3; add $1, %%ecx", op)

#define INT(op) do { \
	uint64_t h = 0; \
	for (int k = 0; k < 8; k++) { \
		fill(k); \
		__asm__ volatile("mov %0, %%rax; mov %1, %%rcx; mov %2, %%rdx; cmp %%rcx, %%rax\n" op "\npushfq; pop %3; mov %%rax, %0; mov %%rcx, %1; mov %%rdx, %2" \
			: "+m" (s.r[0]), "+m" (s.r[1]), "+m" (s.r[2]), "=r" (s.flags) : : "rax", "rcx", "rdx", "cc"); \
		s.flags &= 0x8c5; \
		h = h * 31 + sum(); \
	} \
	say("%-40s %016lx\n", op, h); } while (0)

static void vectors(void)
{
	VECS("ucomisd %%xmm1, %%xmm2"); VECS("comiss %%xmm1, %%xmm2"); VECS("ucomiss %%xmm2, %%xmm2"); VECS("comisd %%xmm2, %%xmm1");
	VECS("ptest %%xmm1, %%xmm2"); VECS("ptest %%xmm2, %%xmm2"); VECS("pcmpistri $12, %%xmm1, %%xmm2"); VECS("pcmpistrm $0, %%xmm1, %%xmm2");
	VECS("addsd %%xmm1, %%xmm2"); VECS("subsd %%xmm2, %%xmm2"); VECS("mulss %%xmm1, %%xmm2"); VECS("divpd %%xmm2, %%xmm2");
	VECS("addps %%xmm1, %%xmm2"); VECS("minsd %%xmm1, %%xmm2"); VECS("maxps %%xmm1, %%xmm2"); VECS("sqrtsd %%xmm1, %%xmm2");
	VECS("sqrtss %%xmm2, %%xmm2"); VECS("cmpltsd %%xmm1, %%xmm2"); VECS("cmpneqps %%xmm1, %%xmm2"); VECS("cvtsd2ss %%xmm1, %%xmm2");
	VECS("cvtss2sd %%xmm2, %%xmm2"); VECS("cvtsi2sd %%rax, %%xmm2"); VECS("cvttsd2si %%xmm2, %%rcx"); VECS("roundsd $3, %%xmm1, %%xmm2");
	VECS("pand %%xmm1, %%xmm2"); VECS("andnps %%xmm1, %%xmm2"); VECS("pxor %%xmm2, %%xmm2"); VECS("por %%xmm1, %%xmm2");
	VECS("paddd %%xmm1, %%xmm2"); VECS("psubusb %%xmm1, %%xmm2"); VECS("pmuludq %%xmm1, %%xmm2"); VECS("pmaddwd %%xmm1, %%xmm2");
	VECS("psadbw %%xmm1, %%xmm2"); VECS("pcmpeqb %%xmm1, %%xmm2"); VECS("pcmpgtd %%xmm1, %%xmm2"); VECS("packuswb %%xmm1, %%xmm2");
	VECS("pslld $5, %%xmm2"); VECS("psrldq $3, %%xmm2"); VECS("psrlq %%xmm1, %%xmm2"); VECS("pshufb %%xmm1, %%xmm2");
	VECS("pshufd $0x1b, %%xmm2, %%xmm2"); VECS("pshufd $0x1b, %%xmm2, %%xmm1"); VECS("shufps $0x2d, %%xmm1, %%xmm2"); VECS("shufpd $1, %%xmm2, %%xmm2");
	VECS("unpcklpd %%xmm1, %%xmm2"); VECS("unpckhps %%xmm2, %%xmm2"); VECS("punpcklbw %%xmm1, %%xmm2"); VECS("palignr $5, %%xmm1, %%xmm2");
	VECS("movsd %%xmm1, %%xmm2"); VECS("movss %%xmm1, %%xmm2"); VECS("movhlps %%xmm1, %%xmm2"); VECS("movlhps %%xmm1, %%xmm2");
	VECS("movq %%xmm2, %%xmm2"); VECS("movddup %%xmm2, %%xmm2"); VECS("movlps %1, %%xmm2"); VECS("movhpd %2, %%xmm2");
	VECS("blendps $6, %%xmm1, %%xmm2"); VECS("blendvpd %%xmm0, %%xmm1, %%xmm2"); VECS("pblendvb %%xmm0, %%xmm1, %%xmm2"); VECS("insertps $0x1d, %%xmm1, %%xmm2");
	VECS("pinsrw $3, %%eax, %%xmm2"); VECS("pinsrq $1, %%rax, %%xmm2"); VECS("pinsrb $7, %4, %%xmm2"); VECS("pextrw $2, %%xmm2, %%ecx");
	VECS("haddpd %%xmm1, %%xmm2"); VECS("dppd $0x31, %%xmm1, %%xmm2"); VECS("dpps $0xf1, %%xmm2, %%xmm2"); VECS("mpsadbw $2, %%xmm1, %%xmm2");
	VECS("pmovzxbw %%xmm2, %%xmm2"); VECS("phminposuw %%xmm2, %%xmm2"); VECS("pmovmskb %%xmm2, %%ecx"); VECS("movups %%xmm2, %1");
}

static void integers(void)
{
	INT("mov %%rcx, %%rax; add %%rdx, %%rax"); INT("mov %%ecx, %%eax; sub %%edx, %%eax"); INT("mov %%rcx, %%rax; sub %%rax, %%rax");
	INT("mov %%rcx, %%rax; cmp %%rdx, %%rax"); INT("mov %%rcx, %%rax; test %%eax, %%eax"); INT("mov %%ecx, %%eax; and %%rdx, %%rax");
	INT("mov %%rcx, %%rax; and %%edx, %%eax"); INT("mov %%rcx, %%rax; or %2, %%rax"); INT("mov %%rcx, %%rax; xor %%rcx, %%rax");
	INT("mov %%rcx, %%rax; inc %%rax"); INT("mov %%rcx, %%rax; dec %%eax"); INT("mov %%rcx, %%rax; neg %%rax"); INT("mov %%rcx, %%rax; not %%eax");
	INT("mov %%rcx, %%rax; imul %%rdx, %%rax; test %%rax, %%rax"); INT("mov %%rcx, %%rax; shl $5, %%rax; test %%rdx, %%rdx"); INT("mov %%rcx, %%rax; shl $1, %%rax"); INT("mov %%ecx, %%eax; shr $31, %%eax; cmp %%edx, %%eax");
	INT("mov %%rcx, %%rax; sar $63, %%rax; dec %%rdx"); INT("mov %%rcx, %%rax; shr $1, %%eax; mov %%rcx, %%rdx; adc $0, %%rdx"); INT("mov %%rcx, %%rax; add %%al, %%al");
	INT("mov %%rcx, %%rax; add %%ax, %%dx"); INT("mov %%rcx, %%rax; sub $1, %%al"); INT("mov %%cx, %%ax; add %%edx, %%eax"); INT("mov %%rcx, %%rax; add %%rcx, %%rdx");
	INT("mov %%rcx, %%rax; adc %%rdx, %%rax"); INT("mov %%rcx, %%rax; sbb %%rax, %%rax"); INT("mov %%rcx, %%rax; bswap %%rax"); INT("mov %%rcx, %%rax; xchg %%rax, %%rdx");
	INT("mov %%ecx, %%eax; mov %%eax, %%edx; lea (%%rax,%%rdx,4), %%rcx"); INT("mov %%rcx, %%rax; cmovs %%rdx, %%rax"); INT("mov %%rcx, %%rax; popcnt %%rax, %%rax");
}

int main(void)
{
	vectors();
	integers();
	return done();
}
