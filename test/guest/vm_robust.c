/* cflags: -D_GNU_SOURCE -pthread */
/* Robust lists: the kernel marks what a dead thread or process held. */
#include "check.h"
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static pthread_mutex_t *make(void *at)
{
	pthread_mutexattr_t a;

	pthread_mutexattr_init(&a);
	pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
	pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED);
	pthread_mutex_init(at, &a);
	return at;
}

static void *dies(void *m)
{
	pthread_mutex_lock(m);
	syscall(SYS_exit, 0);           /* without pthread_exit's own cleaning up */
	return 0;
}

static void recovered(pthread_mutex_t *m)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_sec += 20;
	expect(pthread_mutex_timedlock(m, &t) == EOWNERDEAD);
	expect(!pthread_mutex_consistent(m));
	expect(!pthread_mutex_unlock(m));
	expect(!pthread_mutex_lock(m));
	expect(!pthread_mutex_unlock(m));
}

static void process(pthread_mutex_t *m, int how)
{
	int p[2], status;
	pid_t pid;
	char c;

	if (pipe(p)) exit(97);
	pid = fork();
	if (!pid) {
		pthread_mutex_lock(m);
		if (write(p[1], "x", 1) != 1 || how == 2) _exit(3);
		for (;;) pause();
	}
	expect(read(p[0], &c, 1) == 1);
	if (how == 1) kill(pid, SIGKILL);
	if (how == 0) {                 /* while somebody waits for it */
		pid_t killer = fork();

		if (!killer) {
			usleep(200000);
			kill(pid, SIGKILL);
			_exit(0);
		}
		recovered(m);
		expect(waitpid(killer, &status, 0) == killer);
	}
	expect(waitpid(pid, &status, 0) == pid);
	if (how) recovered(m);
	close(p[0]);
	close(p[1]);
}

int main(void)
{
	pthread_mutex_t *m = make(mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)), *own = make(malloc(sizeof *own));
	struct { void *next; long offset; void *pending; } *head = 0;
	unsigned long size = 0;
	pthread_t t;

	for (int how = 0; how < 3; how++) process(m, how);
	pthread_create(&t, 0, dies, own);
	pthread_join(t, 0);
	recovered(own);
	expect(!syscall(SYS_get_robust_list, 0, &head, &size));
	expect(head && size == 24 && head->next);
	expect(!syscall(SYS_get_robust_list, getpid(), &head, &size) && size == 24);
	expect(syscall(SYS_set_robust_list, head, 23) == -1 && errno == EINVAL);
	expect(syscall(SYS_get_robust_list, 0x7ffffff, &head, &size) == -1 && errno == ESRCH);
	return done();
}
