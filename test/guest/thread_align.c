/* cflags: -D_GNU_SOURCE -pthread */
/* thread_align.c - accesses across 16 and 64 bytes, by several threads that come upon the same instruction at once. */
#include "check.h"
#include <pthread.h>
#include <stdint.h>
#include <sys/mman.h>

enum { N = 4, COPIES = 400 };

static unsigned char *code;
static pthread_barrier_t barrier;
static _Alignas(64) unsigned char data[256];

/* mov rax, [rdi]; mov [rsi], rax; add rax, [rdi+256-256]; ret */
static const unsigned char body[] = { 0x48, 0x8b, 0x07, 0x48, 0x89, 0x06, 0x48, 0x03, 0x07, 0xc3 };

static void *runner(void *arg)
{
	unsigned char own[32];
	long sum = 0;
	for (int k = 0; k < COPIES; k++) {
		if (k % 8 == 0)
			pthread_barrier_wait(&barrier);
		sum += ((long (*)(void *, void *))(code + k * 64))(data + (k % 2 ? 60 : 13), own + 3 + k % 16) & 0xff;
	}
	return (void *)sum;
}

int main(void)
{
	pthread_t t[N];
	void *r;
	long want = 0;

	code = mmap(0, COPIES * 64, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (int k = 0; k < COPIES; k++)
		memcpy(code + k * 64, body, sizeof body);
	for (int k = 0; k < 256; k++)
		data[k] = k;
	for (int k = 0; k < COPIES; k++)
		want += (k % 2 ? 60 : 13) * 2 & 0xff;
	pthread_barrier_init(&barrier, 0, N);
	for (int i = 0; i < N; i++)
		pthread_create(&t[i], 0, runner, 0);
	for (int i = 0; i < N; i++) {
		pthread_join(t[i], &r);
		expect((long)r == want);
	}
	/* two such accesses in one loop, 256 bytes apart */
	unsigned char *p = mmap(0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memset(p, 0x90, 512);
	memcpy(p, "\x48\x8b\x07", 3);                   /* mov rax, [rdi] */
	memcpy(p + 256, "\x48\x8b\x17", 3);             /* mov rdx, [rdi] */
	memcpy(p + 300, "\xff\xce\x0f\x85\xcc\xfe\xff\xff\xc3", 9);     /* dec esi; jnz p; ret */
	((void (*)(void *, int))p)(data + 13, 20000);
	say("%ld\n", want);
	return done();
}
