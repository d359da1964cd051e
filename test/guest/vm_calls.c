/* cflags: -D_GNU_SOURCE -pthread */
/* Calls that user-mode QEMU does not know: futex_waitv, process_vm_readv, execveat of descriptors. */
#include "check.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

static void futexes(void)
{
	unsigned words[2] = { 5, 6 };
	struct futex_waitv v[2] = {
		{ .val = 5, .uaddr = (__u64)words, .flags = FUTEX_32 | FUTEX_PRIVATE_FLAG },
		{ .val = 7, .uaddr = (__u64)(words + 1), .flags = FUTEX_32 | FUTEX_PRIVATE_FLAG },
	};
	struct timespec t;

	expect(syscall(449, v, 2, 0, 0, 0) == -1 && errno == EAGAIN);
	v[1].val = 6;
	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_nsec += 20000000;
	if (t.tv_nsec >= 1000000000) t.tv_sec++, t.tv_nsec -= 1000000000;
	expect(syscall(449, v, 2, 0, &t, CLOCK_MONOTONIC) == -1 && errno == ETIMEDOUT);
}

static void other_memory(void)
{
	static int here = 1;
	int p[2], got = 0, status;
	struct iovec l = { &got, sizeof got }, r = { &here, sizeof here };
	pid_t pid;
	char c;

	if (pipe(p)) exit(97);
	pid = fork();
	if (!pid) {
		here = 77;
		if (write(p[1], "x", 1) != 1) _exit(1);
		for (;;) pause();
	}
	expect(read(p[0], &c, 1) == 1);
	expect(process_vm_readv(pid, &l, 1, &r, 1, 0) == 4 && got == 77 && here == 1);
	kill(pid, 9);
	expect(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status));
}

static int runs_fd(int fd)
{
	char *argv[] = { "by descriptor", "6", "executed", 0 };
	int status;
	pid_t pid = fork();

	if (!pid) {
		syscall(SYS_execveat, fd, "", argv, environ, AT_EMPTY_PATH);
		_exit(99);
	}
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void exec_fd(void)
{
	int fd = open("./vm_static", O_RDONLY | O_CLOEXEC), m = memfd_create("program", MFD_CLOEXEC), n;
	char buf[4096];

	expect(runs_fd(fd) == 6);
	while ((n = read(fd, buf, sizeof buf)) > 0)
		if (write(m, buf, n) != n) exit(97);
	expect(runs_fd(m) == 6);
	close(fd);
	fd = open("./vm_static", O_PATH | O_CLOEXEC);
	expect(runs_fd(fd) == 6);
}

int main(void)
{
	futexes();
	other_memory();
	exec_fd();
	return done();
}
