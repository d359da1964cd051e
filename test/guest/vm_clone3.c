/* cflags: -D_GNU_SOURCE -pthread */
/* clone3 by hand: processes with a pidfd, vfork's way, errors; and threads, which glibc makes with it. */
#include "check.h"
#include <errno.h>
#include <linux/sched.h>
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static long clone3(struct clone_args *a, size_t size) { return syscall(SYS_clone3, a, size); }

static void pidfd(void)
{
	int fd = -1;
	struct clone_args a = { .flags = CLONE_PIDFD | CLONE_PARENT_SETTID, .pidfd = (__u64)&fd, .exit_signal = SIGCHLD };
	int tid = 0;
	siginfo_t si;
	long pid;

	a.parent_tid = (__u64)&tid;
	pid = clone3(&a, sizeof a);
	if (!pid) _exit(21);
	expect(pid > 0 && tid == pid && fd >= 0);
	memset(&si, 0, sizeof si);
	expect(!waitid(P_PIDFD, fd, &si, WEXITED));
	expect(si.si_pid == pid && si.si_status == 21 && si.si_code == CLD_EXITED);
	close(fd);
}

static long vfork3(void)
{
	struct clone_args a = { .flags = CLONE_VFORK, .exit_signal = SIGCHLD };

	return clone3(&a, sizeof a);
}

static void shapes(void)
{
	struct clone_args a = { .exit_signal = SIGCHLD };
	struct { struct clone_args a; unsigned long more; } big = { { .exit_signal = SIGCHLD }, 0 };
	int status;
	long pid = clone3(&a, CLONE_ARGS_SIZE_VER0);

	if (!pid) _exit(1);
	expect(pid > 0 && waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 1);
	pid = clone3(&big.a, sizeof big);       /* longer than known, zero there: accepted */
	if (!pid) _exit(2);
	expect(pid > 0 && waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 2);
	big.more = 1;
	expect(clone3(&big.a, sizeof big) == -1 && errno == E2BIG);
	expect(clone3(&a, CLONE_ARGS_SIZE_VER0 - 8) == -1 && errno == EINVAL);
	expect(clone3((void *)16, sizeof a) == -1 && errno == EFAULT);
	expect(clone3(&a, 5000) == -1 && errno == E2BIG);
	a.flags = CLONE_SIGHAND;                /* without CLONE_VM */
	expect(clone3(&a, sizeof a) == -1 && errno == EINVAL);
	a.flags = 0;
	a.exit_signal = 999;
	expect(clone3(&a, sizeof a) == -1 && errno == EINVAL);
	pid = vfork3();
	if (!pid) _exit(3);
	expect(pid > 0 && waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 3);
}

static void handler(int sig) { (void)sig; }

static void clear_sighand(void)
{
	struct clone_args a = { .flags = CLONE_CLEAR_SIGHAND, .exit_signal = SIGCHLD };
	int status;
	long pid;

	signal(SIGUSR1, handler);
	pid = clone3(&a, sizeof a);
	if (!pid) {
		raise(SIGUSR1);
		_exit(4);
	}
	expect(pid > 0 && waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGUSR1);
	signal(SIGUSR1, SIG_DFL);
}

static void *adds(void *n) { return __atomic_add_fetch((int *)n, 1, __ATOMIC_SEQ_CST), n; }

int main(void)
{
	pthread_t t[8];
	int n = 0;

	pidfd();
	shapes();
	clear_sighand();
	for (int round = 0; round < 10; round++) {
		for (int k = 0; k < 8; k++) expect(!pthread_create(t + k, 0, adds, &n));
		for (int k = 0; k < 8; k++) expect(!pthread_join(t[k], 0));
	}
	expect(n == 80);
	return done();
}
