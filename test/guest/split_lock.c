/* cflags: -D_GNU_SOURCE -pthread */
/* split_lock.c - LOCK at any alignment, by several threads at once: inside 8 bytes, over 8, over 16; with signals, forks
 * and system calls going on meanwhile. No address crosses a cache line, which x86 kernels punish.
 */
#include "check.h"
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/wait.h>

enum { THREADS = 4, ROUNDS = 300 };
static unsigned char line[128] __attribute__((aligned(64)));
static atomic_int stop;

static void add32(void *p, uint32_t v) { __asm__ volatile("lock addl %1, (%0)" : : "r" (p), "r" (v) : "memory", "cc"); }
static void add16(void *p, uint16_t v) { __asm__ volatile("lock addw %1, (%0)" : : "r" (p), "r" (v) : "memory", "cc"); }
static void add64(void *p, uint64_t v) { __asm__ volatile("lock addq %1, (%0)" : : "r" (p), "r" (v) : "memory", "cc"); }
static uint32_t cas32(void *p, uint32_t old, uint32_t new)
{
	__asm__ volatile("lock cmpxchgl %2, (%1)" : "+a" (old) : "r" (p), "r" (new) : "memory", "cc");
	return old;
}

static void *worker(void *arg)
{
	for (int i = 0; i < ROUNDS; i++) {
		add32(line + 2, 1);             /* inside 8 */
		add32(line + 6, 1);             /* over 8 */
		add32(line + 14, 0x10001);      /* over 16 */
		add64(line + 27, 3);
		add16(line + 47, 7);
		uint32_t v, w;
		w = *(volatile uint32_t *)(line + 64 + 13);
		while ((v = cas32(line + 64 + 13, w, w + 5)) != w)
			w = v;
	}
	return 0;
}

static void on_alarm(int sig) { }
static void *noise(void *arg)
{
	while (!stop) {
		pid_t p = fork();
		if (!p) {
			add32(line + 14, 1);
			_exit(0);
		}
		waitpid(p, 0, 0);
		usleep(1000);
	}
	return 0;
}

static uint64_t get(int at, int n) { uint64_t v = 0; memcpy(&v, line + at, n); return v; }

int main(void)
{
	pthread_t t[THREADS], n;
	signal(SIGALRM, on_alarm);
	ualarm(2000, 2000);
	pthread_create(&n, 0, noise, 0);
	for (int i = 0; i < THREADS; i++)
		pthread_create(&t[i], 0, worker, 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(t[i], 0);
	stop = 1;
	pthread_join(n, 0);
	ualarm(0, 0);
	int all = THREADS * ROUNDS;
	say("%d %d %lx %d %d %d\n", (int)get(2, 4) & 0xffff, (int)get(6, 4) & 0xffff, (long)get(14, 4), (int)get(27, 8), (int)get(47, 2),
	    (int)get(77, 4));
	expect((get(2, 4) & 0xffff) == all);
	expect((get(6, 4) & 0xffff) == all);
	expect(get(14, 4) == (uint64_t)all * 0x10001);
	expect(get(27, 8) == 3ull * all && get(47, 2) == (7u * all & 0xffff) && get(77, 4) == 5u * all);
	return done();
}
