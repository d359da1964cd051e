/* vm_console.c - the serial console of a machine, on this terminal: bytes both ways, until Ctrl-] or the machine's end.
 *
 * QEMU's socket serves one; a lock says so to a second, who would wait without a word.
 */
#include "ctl/vm.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

enum { ESCAPE = 0x1d };                 /* Ctrl-] */

static struct termios before;

static bool raw(void)
{
	struct termios t;

	if (!isatty(0) || tcgetattr(0, &before) < 0)
		return false;
	t = before;
	cfmakeraw(&t);
	return tcsetattr(0, TCSANOW, &t) == 0;
}

static bool all(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t k = write(fd, p, n);

		if (k < 0 && errno != EINTR)
			return false;
		p += k > 0 ? k : 0;
		n -= k > 0 ? k : 0;
	}
	return true;
}

/* What is typed, to the guest; false at the escape. At the end of the input it is listened to no longer. */
static bool typed(int fd, struct pollfd *p, bool terminal)
{
	char text[4096], *escape;
	ssize_t n = read(0, text, sizeof text);

	if (n <= 0) {
		p->fd = -1;
		return true;
	}
	escape = terminal ? memchr(text, ESCAPE, n) : NULL;
	n = escape ? escape - text : n;
	while (n) {
		ssize_t k = send(fd, text, n, MSG_NOSIGNAL);

		if (k < 0)
			return errno == EINTR;
		memmove(text, text + k, n -= k);
	}
	return !escape;
}

static void talk(int fd, bool terminal)
{
	struct pollfd p[2] = { { 0, POLLIN }, { fd, POLLIN } };
	char text[4096];
	ssize_t n;

	for (;;) {
		if (poll(p, 2, -1) < 0 && errno != EINTR)
			return;
		if (p[1].revents) {
			if ((n = read(fd, text, sizeof text)) <= 0 || !all(1, text, n))
				return;
		}
		if (p[0].revents && !typed(fd, &p[0], terminal))
			return;
	}
}

int vm_console(const char *name)
{
	const char *path = vm_state(name, "console.lock");
	int lock, fd;
	bool terminal;

	if ((fd = vm_connect(vm_state(name, "console.sock"))) < 0)
		return ctl_refuse("%s does not run: %s: %s", name, vm_state(name, "console.sock"), strerror(errno));
	if ((lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600)) < 0)
		return ctl_refuse("%s: %s", path, strerror(errno));
	if (flock(lock, LOCK_EX | LOCK_NB) < 0)
		return ctl_refuse("%s: another console is open", name);
	if ((terminal = raw()))
		fprintf(stderr, "console of %s; Ctrl-] ends it; earlier lines: %s\r\n", name, vm_state(name, "console.log"));
	talk(fd, terminal);
	if (terminal) {
		tcsetattr(0, TCSANOW, &before);
		fputc('\n', stderr);
	}
	close(fd);
	close(lock);
	return CTL_OK;
}
