/* vm_share.c - virtiofsd, the file server behind a share. There are two: the C one that came with QEMU up to 7.2, and
 * the Rust one; their command lines differ, and --help tells them apart.
 */
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

const char *vm_virtiofsd(void)
{
	static const char *const places[] = {
		"/usr/libexec/virtiofsd", "/usr/lib/qemu/virtiofsd", "/usr/lib/virtiofsd", "virtiofsd", NULL
	};

	return vm_find(places);
}

static bool is_rust(const char *program)
{
	char text[CTL_TEXT];

	ctl_run(text, sizeof text, (const char *const[]){ program, "--help", NULL });
	return strstr(text, "--shared-dir") != NULL;
}

/* The C one's options are separated by commas and know \, for one that is meant. */
static const char *c_option(const char *dir)
{
	char *out = malloc(2 * strlen(dir) + 1), *to = out;

	if (!out)
		abort();
	for (; *dir; dir++) {
		if (*dir == ',' || *dir == '\\')
			*to++ = '\\';
		*to++ = *dir;
	}
	*to = 0;
	return vm_text("source=%s", out);
}

static void become(const char *const *argv, const char *log)
{
	int null = open("/dev/null", O_RDONLY), out = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	setsid();
	dup2(null, 0);
	dup2(out, 1);
	dup2(out, 2);
	execv(argv[0], (char *const *)argv);
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

pid_t vm_share_start(const char *program, const char *dir, const char *sock, const char *log, char *why, size_t size)
{
	const char *at = vm_text("--socket-path=%s", sock);
	const char *const c[] = { program, at, "-o", c_option(dir), "-o", "sandbox=namespace", "-o", "cache=auto", NULL };
	const char *const rust[] = { program, at, "--shared-dir", dir, "--sandbox", "namespace", "--cache", "auto", NULL };
	const char *const *argv = is_rust(program) ? rust : c;
	char text[1024] = "";
	struct stat st;
	int status;
	pid_t pid;

	unlink(sock);
	if ((pid = fork()) < 0)
		return snprintf(why, size, "%s", strerror(errno)), -1;
	if (pid == 0)
		become(argv, log);
	for (s64 end = vm_now() + START_MS; vm_now() < end; vm_sleep(20)) {
		if (waitpid(pid, &status, WNOHANG) == pid) {
			last_line(text, sizeof text, log);
			snprintf(why, size, "%s ended: %s", program, *text ? text : "without a word");
			return -1;
		}
		if (stat(sock, &st) == 0)
			return pid;
	}
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	snprintf(why, size, "%s made no socket in %d s; its words are in %s", program, START_MS / 1000, log);
	return -1;
}
