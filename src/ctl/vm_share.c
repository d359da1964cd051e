/* vm_share.c - virtiofsd behind a machine's share: it goes on without us, and ends when QEMU hangs up. The socket is made here, so
 * that QEMU finds it at once; one that ends before QEMU is up has said why in its log.
 */
#include "ctl/vm.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void become(const struct virtiofsd *v, const struct share *s, const char *log, int listener)
{
	int null = open("/dev/null", O_RDONLY), out = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	setsid();
	dup2(null, 0);
	dup2(out, 1);
	dup2(out, 2);
	virtiofsd_become(v, s, listener, false);
	_exit(127);
}

pid_t vm_share_start(const struct virtiofsd *v, const char *dir, const char *sock, const char *log)
{
	const struct share share = { .dir = dir, .socket = sock, .writable = true };
	int listener = vm_listen(sock);
	pid_t pid = listener < 0 ? -1 : fork();

	if (pid == 0)
		become(v, &share, log, listener);
	close(listener);
	return pid;
}

static void last_line(char *out, size_t size, const char *log)
{
	char *line;

	if (ctl_read(log, out, size) <= 0)
		return;
	while (*out && strchr("\n ", out[strlen(out) - 1]))
		out[strlen(out) - 1] = 0;
	if ((line = strrchr(out, '\n')))
		memmove(out, line + 1, strlen(line));
}

bool vm_share_ended(pid_t pid, const char *log, char *why, size_t size)
{
	int status;

	if (pid <= 0 || waitpid(pid, &status, WNOHANG) != pid)
		return false;
	*why = 0;
	last_line(why, size, log);
	if (!*why)
		snprintf(why, size, "without a word");
	return true;
}
