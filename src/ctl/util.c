/* util.c - files, programs and words, for all commands. */
#include "ctl/ctl.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct ctl ctl = { .root = "", .flags = "POCF", .name = "stele" };

const char *ctl_path(const char *format, ...)
{
	static char ring[8][CTL_PATH];
	static unsigned at;
	char *out = ring[at++ % countof(ring)];
	int n = snprintf(out, CTL_PATH, "%s", ctl.root);
	va_list ap;

	va_start(ap, format);
	if (n >= CTL_PATH || n + vsnprintf(out + n, CTL_PATH - n, format, ap) >= CTL_PATH) {
		ctl_refuse("a path is longer than %d bytes", CTL_PATH);
		exit(CTL_FAILED);
	}
	va_end(ap);
	return out;
}

int ctl_refuse(const char *format, ...)
{
	va_list ap;

	fputs("stelectl: ", stderr);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
	return CTL_FAILED;
}

ssize_t ctl_read(const char *path, char *out, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), e;
	ssize_t n, len = 0;

	out[0] = 0;
	if (fd < 0)
		return -1;
	while ((n = read(fd, out + len, size - 1 - len)) > 0)
		len += n;
	e = errno;
	close(fd);
	out[len] = 0;
	errno = e;
	return n < 0 ? -1 : len;
}

int ctl_put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), e;
	ssize_t n;

	if (fd < 0)
		return -1;
	n = write(fd, text, strlen(text));
	e = errno;
	close(fd);
	errno = e;
	return n < 0 ? -1 : 0;
}

int ctl_make_parents(const char *path)
{
	char dir[CTL_PATH];

	snprintf(dir, sizeof dir, "%s", path);
	for (char *p = dir + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = 0;
		if (mkdir(dir, 0755) < 0 && errno != EEXIST)
			return -1;
		*p = '/';
	}
	return 0;
}

int ctl_write(const char *path, const char *text, size_t size, mode_t mode)
{
	char next[CTL_PATH + 8];
	size_t done = 0;
	ssize_t n = 0;
	int fd, e;

	if (ctl_make_parents(path) < 0)
		return -1;
	snprintf(next, sizeof next, "%s.XXXXXX", path);
	if ((fd = mkostemp(next, O_CLOEXEC)) < 0)
		return -1;
	while (done < size && (n = write(fd, text + done, size - done)) > 0)
		done += n;
	if (n >= 0 && fchmod(fd, mode) == 0 && fsync(fd) == 0 && close(fd) == 0 && rename(next, path) == 0)
		return 0;
	e = errno;
	close(fd);
	unlink(next);
	errno = e;
	return -1;
}

int ctl_copy(const char *from, const char *to, mode_t mode)
{
	int fd = open(from, O_RDONLY | O_CLOEXEC), r = -1;
	struct stat st;
	char *text;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0 && (text = malloc(st.st_size + 1))) {
		ssize_t n, len = 0;

		while ((n = read(fd, text + len, st.st_size + 1 - len)) > 0)
			len += n;
		errno = EIO;            /* it changed while it was read */
		r = n == 0 && len == st.st_size ? ctl_write(to, text, len, mode) : -1;
		free(text);
	}
	close(fd);
	return r;
}

int ctl_run(char *out, size_t size, const char *const *argv)
{
	size_t len = 0;
	char rest[256];
	int end[2], st;
	pid_t pid;
	ssize_t n;

	if (pipe2(end, O_CLOEXEC) < 0 || (pid = fork()) < 0)
		return 127;
	if (pid == 0) {
		int null = open("/dev/null", O_RDWR);

		dup2(null, 0);
		dup2(end[1], 1);
		dup2(null, 2);
		execvp(argv[0], (char *const *)argv);
		_exit(127);
	}
	close(end[1]);
	while ((n = len + 1 < size ? read(end[0], out + len, size - 1 - len) : read(end[0], rest, sizeof rest)) > 0)
		len += len + 1 < size ? n : 0;
	close(end[0]);
	if (size)
		out[len] = 0;
	while (waitpid(pid, &st, 0) < 0)
		if (errno != EINTR)
			return 127;
	return WIFEXITED(st) ? WEXITSTATUS(st) : 128 + WTERMSIG(st);
}

bool ctl_may_change(const char *what)
{
	if (*ctl.root || geteuid() == 0)
		return true;
	ctl_refuse("%s needs root: sudo stelectl %s", what, what);
	return false;
}
