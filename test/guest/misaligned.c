/* cflags: -D_GNU_SOURCE -pthread -fno-strict-aliasing */
/* misaligned.c - plain accesses at any alignment in a program of several threads: each kind at 1,200 places of its own, some in
 * a loop that two threads run at once, some merged with the mov before them.
 */
#include "check.h"
#include <pthread.h>
#include <stdint.h>

enum { PLACES = 1200, ROUNDS = 3000 };
static unsigned char shared[256] __attribute__((aligned(64)));

/* A mov and the operation after it are one; the access is the second's. */
static uint64_t merged(const void *p, uint64_t a)
{
	uint64_t r;
	__asm__ volatile("mov %1, %0; and (%2), %0; mov %0, %%rcx; add 1(%2), %%rcx; mov %%rcx, %0; xor %3, %0"
		: "=&r" (r) : "r" (a), "r" (p), "m" (*((const uint64_t *)p)) : "rcx", "cc");
	return r;
}

static uint64_t merged_c(const unsigned char *p, uint64_t a)
{
	uint64_t x, y;
	memcpy(&x, p, 8);
	memcpy(&y, p + 1, 8);
	return ((a & x) + y) ^ x;
}

static int many(unsigned char *b)
{
	uint64_t sum = 0;
	int64_t s = 0;

	/* loads, extended too, and a store; 16 bytes of data, at 12 */
	__asm__ volatile(
		".rept %c4\n"
		"	add 12(%2), %0\n"
		"	movslq 14(%2), %%rcx; add %%rcx, %1\n"
		"	movzwl 15(%2), %%ecx; movswl 15(%2), %%edx; add %%rdx, %%rcx; add %%rcx, %1\n"
		"	mov %0, 28(%2); movw %%cx, 31(%2); incl 45(%2); mov %%rsp, %%rdx\n"
		"	lea 99(%2), %%rsp; push %0; pop %%rcx; mov %%rdx, %%rsp; add %%rcx, %1\n"
		".endr"
		: "+r" (sum), "+r" (s) : "r" (b), "r" (0), "i" (PLACES / 4) : "rcx", "rdx", "cc", "memory");
	return (int)(sum ^ s);
}

static int many_c(unsigned char *b)
{
	uint64_t sum = 0, x;
	int64_t s = 0;
	int32_t d;
	int16_t h;
	uint32_t c;
	uint16_t u;

	for (int i = 0; i < PLACES / 4; i++) {
		memcpy(&x, b + 12, 8); sum += x;
		memcpy(&d, b + 14, 4); s += d;
		memcpy(&h, b + 15, 2); s += (uint64_t)(uint16_t)h + (uint32_t)(int32_t)h; u = (uint16_t)h * 2;
		memcpy(b + 28, &sum, 8); memcpy(b + 31, &u, 2);
		memcpy(&c, b + 45, 4); c++; memcpy(b + 45, &c, 4);
		memcpy(b + 91, &sum, 8); s += sum;
	}
	return (int)(sum ^ s);
}

static void *worker(void *arg)
{
	unsigned char own[256] __attribute__((aligned(64))), copy[256];
	long bad = 0;

	for (int i = 0; i < 256; i++)
		own[i] = copy[i] = i * 37;
	for (int i = 0; i < ROUNDS; i++) {
		int at = i < ROUNDS / 2 ? 0 : i % 64;   /* aligned first: the code is hot when it meets the others */

		bad += merged(shared + at, i * 0x123456789ull) != merged_c(shared + at, i * 0x123456789ull);
		memcpy(own + 64 + (at & 15), &i, 4);
	}
	for (int i = 0; i < 256; i++)
		own[i] = copy[i];
	for (int i = 0; i < 3; i++)
		bad += many(own) != many_c(copy);
	return (void *)(bad + memcmp(own, copy, 256));
}

int main(void)
{
	pthread_t t[4];
	void *r;

	for (int i = 0; i < 256; i++)
		shared[i] = i * 91 + 5;
	for (int i = 0; i < 4; i++)
		pthread_create(t + i, 0, worker, 0);
	for (int i = 0; i < 4; i++) {
		pthread_join(t[i], &r);
		expect(!r);
	}
	return done();
}
