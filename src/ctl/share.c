/* share.c - stelectl share: a directory over virtiofs, in the foreground, until the VM goes or somebody stops it.
 *
 * The socket is made here, before anything is printed: a VMM that is started by what is printed finds it. It goes away
 * at the end, if it is still this one.
 */
#include "ctl/ctl.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* A place of its own for each tag: $XDG_RUNTIME_DIR/stele-TAG.sock, root's in /run. */
static int default_socket(char *out, size_t size, const char *tag)
{
	const char *dir = geteuid() == 0 ? "/run" : getenv("XDG_RUNTIME_DIR");
	char plain[TAG_MAX + 1];

	if (!dir || *dir != '/')
		return ctl_refuse("there is no XDG_RUNTIME_DIR to put a socket in: --socket PATH names a place");
	tag_plain(plain, tag);
	snprintf(out, size, "%s/stele-%s.sock", dir, plain);
	return CTL_OK;
}

static int socket_path(char *out, size_t size, const char *tag)
{
	char cwd[PATH_MAX];

	if (!ctl.socket)
		return default_socket(out, size, tag);
	if (!*ctl.socket || (*ctl.socket != '/' && !getcwd(cwd, sizeof cwd)))
		return ctl_refuse("--socket: not a path");
	snprintf(out, size, "%s%s%s", *ctl.socket == '/' ? "" : cwd, *ctl.socket == '/' ? "" : "/", ctl.socket);
	return CTL_OK;
}

static int directory(char *out, bool here)
{
	struct stat st;

	if (!realpath(ctl.operand, out)) {
		if (here)
			return ctl_refuse("%s: %s", ctl.operand, strerror(errno));
		if (*ctl.operand != '/' || strlen(ctl.operand) >= PATH_MAX)
			return ctl_refuse("%s: %s; a directory of another machine is given by its absolute path", ctl.operand, strerror(errno));
		fprintf(stderr, "stelectl: warning: %s: %s on this machine\n", ctl.operand, strerror(errno));
		strcpy(out, ctl.operand);
		return CTL_OK;
	}
	if (stat(out, &st) < 0 || !S_ISDIR(st.st_mode))
		return ctl_refuse("%s is not a directory", out);
	return CTL_OK;
}

int share_words(struct share *s, int needs)
{
	static char dir[PATH_MAX], path[2 * PATH_MAX];
	char file[PATH_MAX + 8], why[256];
	struct sockaddr_un a;

	if ((needs & SHARE_TAG) && !ctl.tag)
		return ctl_refuse("--tag TAG is missing: the guest finds the share by it");
	if ((ctl.tag && tag_accept("--tag", ctl.tag)) || directory(dir, needs & SHARE_HERE))
		return CTL_FAILED;
	if ((needs & SHARE_SOCKET) && socket_path(path, sizeof path, ctl.tag))
		return CTL_FAILED;
	if (strlen(path) >= sizeof a.sun_path)
		return ctl_refuse("the socket's path has %zu bytes, the kernel takes %zu: --socket names another: %s", strlen(path),
			sizeof a.sun_path - 1, path);
	snprintf(file, sizeof file, "%s/stele", dir);
	if (access(dir, F_OK) == 0 && translator_check(file, why, sizeof why))
		fprintf(stderr, "stelectl: warning: %s %s: stelectl register in the guest will refuse this share\n", file, why);
	*s = (struct share){ dir, ctl.tag, path, ctl.writable };
	return CTL_OK;
}

/* A datagram socket cannot be connected to a stream: EPROTOTYPE says that one is bound there, ECONNREFUSED that none is
 * any more. Connecting in earnest would take the VMM's place. */
static int make_room(const struct sockaddr_un *a)
{
	int fd, r, e;
	struct stat st;

	if (lstat(a->sun_path, &st) < 0)
		return errno == ENOENT ? CTL_OK : ctl_refuse("%s: %s", a->sun_path, strerror(errno));
	if (!S_ISSOCK(st.st_mode))
		return ctl_refuse("%s is there already and is no socket", a->sun_path);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	r = connect(fd, (const struct sockaddr *)a, sizeof *a);
	e = errno;
	close(fd);
	if (r == 0 || e == EPROTOTYPE)
		return ctl_refuse("%s is busy: another share serves it; --socket PATH names another place", a->sun_path);
	if (e != ECONNREFUSED || unlink(a->sun_path) < 0)
		return ctl_refuse("%s is there already: %s", a->sun_path, strerror(e));
	return CTL_OK;
}

/* For this user alone, or for the one who called sudo. */
static void give_away(const char *path)
{
	const char *uid = getenv("SUDO_UID"), *gid = getenv("SUDO_GID");

	if (geteuid() == 0 && uid && gid && lchown(path, strtoul(uid, NULL, 10), strtoul(gid, NULL, 10)) < 0)
		fprintf(stderr, "stelectl: warning: %s stays root's: %s\n", path, strerror(errno));
}

static int listen_at(const char *path, struct stat *st)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	mode_t old;
	int fd, r;

	strcpy(a.sun_path, path);
	if (make_room(&a))
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM, 0);           /* virtiofsd inherits it */
	old = umask(0077);
	r = bind(fd, (struct sockaddr *)&a, sizeof a);
	umask(old);
	if (r < 0 || listen(fd, 1) < 0 || lstat(path, st) < 0) {
		ctl_refuse("no socket can be made at %s: %s", path, strerror(errno));
		return -1;
	}
	give_away(path);
	return fd;
}

static void tell(const struct share *s, const struct virtiofsd *v)
{
	printf("# ");
	quote_shell(stdout, s->dir);
	printf(", %s for the guest; %s, sandbox %s\n", s->writable ? "writable" : "read-only", v->version, v->sandbox);
	printf("# The VMM has to run as %s. This ends with it, or by Ctrl-C.\n", geteuid() == 0 && getenv("SUDO_UID") ?
		"the user who called sudo, or root" : "this user");
	config_print(s, "qemu");
	fflush(stdout);
}

/* Until virtiofsd ends. What would end this process ends virtiofsd first. */
static int serve(const struct virtiofsd *v, const struct share *s, int listener)
{
	bool asked = false;
	sigset_t set, old;
	int sig, st, started[2];
	pid_t pid;
	char failed;

	sigemptyset(&set);
	for (size_t i = 0; i < 4; i++)
		sigaddset(&set, (int[]){ SIGINT, SIGTERM, SIGHUP, SIGCHLD }[i]);
	sigprocmask(SIG_BLOCK, &set, &old);
	if (pipe2(started, O_CLOEXEC) < 0 || (pid = fork()) < 0)
		return ctl_refuse("no process can be started: %s", strerror(errno));
	if (pid == 0) {
		sigprocmask(SIG_SETMASK, &old, NULL);
		virtiofsd_become(v, s, listener, true);
		_exit(write(started[1], "", 1) != 1);
	}
	close(listener);
	close(started[1]);
	if (read(started[0], &failed, 1) == 1) {
		waitpid(pid, &st, 0);
		return CTL_FAILED;
	}
	tell(s, v);
	while (waitpid(pid, &st, WNOHANG) == 0) {
		if (sigwait(&set, &sig) || sig == SIGCHLD)
			continue;
		asked = true;
		kill(pid, SIGTERM);
	}
	if (asked || (WIFEXITED(st) && WEXITSTATUS(st) == 0))
		return CTL_OK;
	return ctl_refuse(WIFEXITED(st) ? "virtiofsd ended with status %d" : "virtiofsd was ended by signal %d",
		WIFEXITED(st) ? WEXITSTATUS(st) : WTERMSIG(st));
}

int cmd_share(void)
{
	struct virtiofsd v;
	struct stat made, now;
	struct share s;
	const char *why;
	int fd, r;

	if (share_words(&s, SHARE_HERE | SHARE_TAG | SHARE_SOCKET))
		return CTL_FAILED;
	if ((why = virtiofsd_find(&v, ctl.virtiofsd)))
		return ctl_refuse("%s", why);
	if ((fd = listen_at(s.socket, &made)) < 0)
		return CTL_FAILED;
	r = serve(&v, &s, fd);
	if (lstat(s.socket, &now) == 0 && now.st_dev == made.st_dev && now.st_ino == made.st_ino)
		unlink(s.socket);
	return r;
}
