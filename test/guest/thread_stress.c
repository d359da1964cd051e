/* cflags: -D_GNU_SOURCE -pthread */
/* thread_stress.c - eight threads: C11 atomics, mutexes, condition variables, barriers, thread-local storage, creation
 * and joining in numbers, signals sent to threads, cancellation. */
#include "check.h"
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>

enum { N = 8, ROUNDS = 4000 };

static atomic_long sum, spin;
static atomic_uint_least8_t byte;
static _Atomic(uint16_t) half;
static _Atomic(uint32_t) bits;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t barrier;
static long plain, turns;
static _Thread_local long own = 7;

static void *adder(void *arg)
{
	long me = (long)arg;
	for (int i = 0; i < ROUNDS; i++) {
		atomic_fetch_add(&sum, 1);
		atomic_fetch_add(&byte, 1);
		atomic_fetch_sub(&half, 3);
		atomic_fetch_xor(&bits, 1u << me);
		long v = atomic_load(&spin);
		while (!atomic_compare_exchange_weak(&spin, &v, v + me))
			;
		if (i % 8 == 0) {
			pthread_mutex_lock(&mutex);
			plain++;
			pthread_mutex_unlock(&mutex);
		}
		own += me;
	}
	pthread_barrier_wait(&barrier);
	pthread_mutex_lock(&mutex);
	while (turns != me)
		pthread_cond_wait(&cond, &mutex);
	turns++;
	pthread_cond_broadcast(&cond);
	pthread_mutex_unlock(&mutex);
	return (void *)own;
}

static void adders(void)
{
	pthread_t t[N];
	long want = 0;
	void *r;
	pthread_barrier_init(&barrier, 0, N);
	for (long i = 0; i < N; i++) {
		expect(!pthread_create(&t[i], 0, adder, (void *)i));
		want += i * ROUNDS;
	}
	for (long i = 0; i < N; i++) {
		pthread_join(t[i], &r);
		expect((long)r == 7 + i * ROUNDS);
	}
	expect(own == 7);
	say("sum %ld byte %d half %d bits %x spin %d plain %ld turns %ld\n", (long)sum, byte, half, bits, spin == want, plain, turns);
	expect(sum == N * ROUNDS && plain == N * ROUNDS / 8 && turns == N && bits == 0);
}

/* Message passing without locks: a sequence lock over ordinary data must never show a torn pair. */
static struct { atomic_ulong seq; atomic_ulong a, b; } box;
static atomic_int stop;
static void *writer(void *arg)
{
	for (unsigned long i = 1; i < 60000; i++) {
		atomic_store_explicit(&box.seq, i * 2 - 1, memory_order_relaxed);
		atomic_thread_fence(memory_order_release);
		atomic_store_explicit(&box.a, i, memory_order_relaxed);
		atomic_store_explicit(&box.b, ~i, memory_order_relaxed);
		atomic_store_explicit(&box.seq, i * 2, memory_order_release);
	}
	stop = 1;
	return 0;
}
static void *reader(void *arg)
{
	long torn = 0;
	while (!stop) {
		unsigned long s = atomic_load_explicit(&box.seq, memory_order_acquire), a, b;
		a = atomic_load_explicit(&box.a, memory_order_relaxed);
		b = atomic_load_explicit(&box.b, memory_order_relaxed);
		atomic_thread_fence(memory_order_acquire);
		if (!(s & 1) && s && atomic_load_explicit(&box.seq, memory_order_relaxed) == s)
			torn += a != ~b;
	}
	return (void *)torn;
}
static void seqlock(void)
{
	pthread_t w, r[3];
	void *torn;
	pthread_create(&w, 0, writer, 0);
	for (int i = 0; i < 3; i++)
		pthread_create(&r[i], 0, reader, 0);
	pthread_join(w, 0);
	for (int i = 0; i < 3; i++) {
		pthread_join(r[i], &torn);
		expect(!torn);
	}
	say("seqlock done\n");
}

/* Many short threads: records and stacks come and go. */
static void *shortly(void *arg) { own++; return (void *)own; }
static void many(void)
{
	void *r;
	for (int i = 0; i < 200; i++) {
		pthread_t t[4];
		for (int k = 0; k < 4; k++)
			expect(!pthread_create(&t[k], 0, shortly, 0));
		for (int k = 0; k < 4; k++) {
			pthread_join(t[k], &r);
			expect((long)r == 8);
		}
	}
	say("800 threads\n");
}

/* Signals to single threads while they compute. */
static atomic_int got[N];
static _Thread_local int index_of;
static void on_usr1(int sig) { got[index_of]++; }
static atomic_int ready, go_home;
static void *target(void *arg)
{
	index_of = (long)arg;
	volatile unsigned long x = 1;
	ready++;
	while (!go_home)
		x = x * 3 + 1;
	return 0;
}
static void directed(void)
{
	struct sigaction sa = { .sa_handler = on_usr1, .sa_flags = SA_RESTART };
	pthread_t t[N];
	sigaction(SIGUSR1, &sa, 0);
	for (long i = 0; i < N; i++)
		pthread_create(&t[i], 0, target, (void *)i);
	while (ready < N)
		sched_yield();
	for (int k = 0; k < 20; k++)
		for (int i = 0; i < N; i++) {
			int before = got[i];
			pthread_kill(t[i], SIGUSR1);
			while (got[i] == before)
				sched_yield();
		}
	go_home = 1;
	for (int i = 0; i < N; i++) {
		pthread_join(t[i], 0);
		expect(got[i] == 20);
	}
	say("directed signals\n");
}

/* Cancellation: of one that waits, and of one that computes (asynchronously). */
static void *sleeper(void *arg)
{
	for (;;)
		pause();
	return 0;
}
static void *cruncher(void *arg)
{
	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, 0);
	ready++;
	for (volatile unsigned x = 0;; x++)
		;
	return 0;
}
static void cancel(void)
{
	pthread_t a, b;
	void *r;
	ready = 0;
	pthread_create(&a, 0, sleeper, 0);
	pthread_create(&b, 0, cruncher, 0);
	while (!ready)
		sched_yield();
	pthread_cancel(a);
	pthread_cancel(b);
	pthread_join(a, &r);
	expect(r == PTHREAD_CANCELED);
	pthread_join(b, &r);
	expect(r == PTHREAD_CANCELED);
	say("cancelled\n");
}

int main(void)
{
	adders();
	seqlock();
	many();
	directed();
	cancel();
	return done();
}
