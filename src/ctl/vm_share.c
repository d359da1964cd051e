/* vm_share.c - virtiofsd behind a machine's share: it goes on without us, and ends when QEMU hangs up. */
#include "ctl/vm.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { START_MS = 20000 };

static void become(const struct virtiofsd *v, const struct share *s, const char *log)
{
	int null = open("/dev/null", O_RDONLY), out = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	setsid();
	dup2(null, 0);
	dup2(out, 1);
	dup2(out, 2);
	virtiofsd_become(v, s, -1);
	_exit(127);
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

pid_t vm_share_start(const struct virtiofsd *v, const char *dir, const char *sock, const char *log, char *why, size_t size)
{
	const struct share share = { .dir = dir, .socket = sock, .writable = true };
	char text[1024] = "";
	struct stat st;
	int status;
	pid_t pid;

	unlink(sock);
	if ((pid = fork()) < 0)
		return snprintf(why, size, "%s", strerror(errno)), -1;
	if (pid == 0)
		become(v, &share, log);
	for (s64 end = vm_now() + START_MS; vm_now() < end; vm_sleep(20)) {
		if (waitpid(pid, &status, WNOHANG) == pid) {
			last_line(text, sizeof text, log);
			snprintf(why, size, "%s ended: %s", v->path, *text ? text : "without a word");
			return -1;
		}
		if (stat(sock, &st) == 0)
			return pid;
	}
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	snprintf(why, size, "%s made no socket in %d s; its words are in %s", v->path, START_MS / 1000, log);
	return -1;
}
