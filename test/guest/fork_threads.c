/* cflags: -D_GNU_SOURCE -pthread */
/* fork_threads.c - processes: fork in a threaded program, vfork, posix_spawn, clone with and without a shared address
 * space, children that die of signals, a thousand forks. */
#include "check.h"
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static atomic_int stop;
static int shared_word;

static void *busy(void *arg)
{
	unsigned long *n = arg;
	while (!stop) {
		free(malloc(100 + *n % 1000));
		++*n;
	}
	return 0;
}

static int status_of(pid_t p)
{
	int st;
	while (waitpid(p, &st, 0) < 0)
		if (errno != EINTR) return -1;
	return WIFEXITED(st) ? WEXITSTATUS(st) : 1000 + WTERMSIG(st);
}

static void *in_child_thread(void *arg) { return (void *)((long)arg * 2); }

static void threaded_fork(void)
{
	pthread_t t[3];
	unsigned long n[3] = { 0 };
	for (int i = 0; i < 3; i++)
		pthread_create(&t[i], 0, busy, &n[i]);
	for (int i = 0; i < 40; i++) {
		pid_t p = fork();
		if (!p) {
			/* alone here, and whole: memory, threads and further forks work */
			void *r;
			pthread_t c;
			free(malloc(5000));
			if (syscall(SYS_gettid) != getpid()) _exit(2);
			if (pthread_create(&c, 0, in_child_thread, (void *)21L) || pthread_join(c, &r) || (long)r != 42) _exit(3);
			pid_t q = fork();
			if (!q) _exit(7);
			_exit(status_of(q));
		}
		if (!expect(status_of(p) == 7)) break;
	}
	stop = 1;
	for (int i = 0; i < 3; i++)
		pthread_join(t[i], 0);
	say("fork among threads\n");
}

static void vforks(const char *self)
{
	volatile int word = 1;
	pid_t p = vfork();
	if (!p) {
		word = 5;
		_exit(9);
	}
	expect(status_of(p) == 9);
	/* user-mode emulators make it a fork; then the word stays 1, which is allowed too */
	expect(word == 5 || word == 1);
	p = vfork();
	if (!p) {
		execl(self, self, "child", (char *)0);
		_exit(99);
	}
	expect(status_of(p) == 17);
	p = vfork();
	if (!p) {
		execl("/nowhere/at/all", "x", (char *)0);
		_exit(98);
	}
	expect(status_of(p) == 98);
	char *argv[] = { (char *)self, "child", 0 };
	for (int i = 0; i < 10; i++) {
		expect(!posix_spawn(&p, self, 0, 0, argv, 0));
		expect(status_of(p) == 17);
	}
	say("vfork and posix_spawn\n");
}

static int clone_child(void *arg)
{
	shared_word += (long)arg;
	return 4;
}

static void clones(void)
{
	static char stack[65536] __attribute__((aligned(16)));
	shared_word = 1;
	pid_t p = clone(clone_child, stack + sizeof stack, SIGCHLD, (void *)2L);
	expect(status_of(p) == 4 && shared_word == 1);
	int tid = 0, ctid = 0;
	p = clone(clone_child, stack + sizeof stack, CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID | SIGCHLD, (void *)2L, &tid, 0, &ctid);
	expect(tid == p || tid == 0);          /* user-mode emulators set it in the child alone */
	expect(status_of(p) == 4);
	p = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	if (!p) _exit(3);
	expect(status_of(p) == 3);
	p = syscall(SYS_fork);
	if (!p) raise(SIGTERM);
	expect(status_of(p) == 1000 + SIGTERM);
	errno = 0;
	expect(syscall(SYS_clone, CLONE_THREAD | SIGCHLD, 0, 0, 0, 0) == -1 && errno == EINVAL);
	say("clone\n");
}

static void many(void)
{
	for (int i = 0; i < 300; i++) {
		pid_t p = fork();
		if (!p) _exit(i & 63);
		if (!expect(status_of(p) == (i & 63))) break;
	}
	say("300 forks\n");
}

int main(int argc, char **argv)
{
	if (argc > 1) return 17;
	threaded_fork();
	vforks("/proc/self/exe");
	clones();
	many();
	return done();
}
