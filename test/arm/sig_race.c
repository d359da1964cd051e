/* cflags: -D_GNU_SOURCE -pthread */
/* sig_race.c - one thread flips a signal between a handler and SIG_IGN while another raises it. Dies under user-mode
 * QEMU 10, which looks at the action twice; the ARM64 twin of CPython's test_stress_modifying_handlers.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>

static volatile int stop;
static void handler(int sig) { }

static void *flip(void *arg)
{
	while (!stop) {
		signal(SIGUSR1, handler);
		signal(SIGUSR1, SIG_IGN);
	}
	return 0;
}

int main(void)
{
	pthread_t t;
	signal(SIGUSR1, handler);
	pthread_create(&t, 0, flip, 0);
	for (int i = 0; i < 200000; i++)
		raise(SIGUSR1);
	stop = 1;
	pthread_join(t, 0);
	puts("alive");
	return 0;
}
