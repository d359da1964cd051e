/* vm_state.c - what belongs to a machine that runs: a directory by its name, of its user alone, with sockets and pids.
 *
 * Whether a machine runs is asked of its QMP socket, never of a file: a pid can be another's by now.
 */
#include "ctl/vm.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

bool vm_name_ok(const char *name)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");

	return n && n <= 64 && !name[n] && *name != '.' && *name != '-';
}

const char *vm_state_base(void)
{
	const char *run = getenv("XDG_RUNTIME_DIR"), *home = getenv("HOME");

	if (run && *run == '/')
		return vm_text("%s/stele-vm", run);
	if (geteuid() == 0)
		return "/run/stele-vm";
	return vm_text("%s/.local/state/stele-vm", home && *home == '/' ? home : "");
}

const char *vm_state(const char *name, const char *file)
{
	return vm_text("%s/%s/%s", vm_state_base(), name, file);
}

const char *vm_share_file(size_t i, const char *suffix)
{
	return vm_text("share%zu.%s", i, suffix);
}

int vm_state_make(const char *name)
{
	const char *dir = vm_text("%s/%s", vm_state_base(), name);
	struct stat st;

	if (ctl_make_parents(dir) < 0 || (mkdir(dir, 0700) < 0 && errno != EEXIST) || lstat(dir, &st) < 0)
		return ctl_refuse("%s: %s", dir, strerror(errno));
	if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 022))
		return ctl_refuse("%s: is not a directory that you alone can write", dir);
	return CTL_OK;
}

static bool address(struct sockaddr_un *at, const char *path)
{
	*at = (struct sockaddr_un){ AF_UNIX };
	if (strlen(path) >= sizeof at->sun_path)
		return false;
	strcpy(at->sun_path, path);
	return true;
}

static int unix_socket(const char *path, int flags, int (*use)(int, const struct sockaddr *, socklen_t))
{
	struct sockaddr_un at;
	int fd, e;

	if (!address(&at, path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if ((fd = socket(AF_UNIX, SOCK_STREAM | flags, 0)) < 0)
		return -1;
	if (use(fd, (void *)&at, sizeof at) == 0)
		return fd;
	e = errno;
	close(fd);
	errno = e;
	return -1;
}

int vm_connect(const char *path)
{
	return unix_socket(path, SOCK_CLOEXEC, connect);
}

int vm_listen(const char *path)
{
	int fd;

	unlink(path);
	fd = unix_socket(path, 0, bind);
	return fd < 0 || listen(fd, 1) == 0 ? fd : -1;
}

/* A datagram socket cannot be connected to a stream one: that one listens there shows without taking a client's place. */
const char *vm_busy(const char *path)
{
	struct sockaddr_un at;
	struct stat st;
	int fd, r, e;

	if (!address(&at, path))
		return "has too long a path (107 bytes): choose a shorter name or XDG_RUNTIME_DIR";
	if (lstat(path, &st) < 0)
		return errno == ENOENT ? NULL : strerror(errno);
	if (!S_ISSOCK(st.st_mode))
		return "is something else than a socket";
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	r = connect(fd, (void *)&at, sizeof at);
	e = errno;
	close(fd);
	if (r == 0 || e == EPROTOTYPE)
		return "is busy: a machine of that name runs, or another program listens there";
	return e == ECONNREFUSED ? NULL : strerror(e);          /* what a crash left: nobody listens */
}

/* When a process began, in ticks since the machine did: proc_pid_stat(5), field 22. 0 if it is there no more. */
static unsigned long long began(long pid)
{
	char text[1024], *s, state;
	unsigned long long ticks;

	if (ctl_read(vm_text("/proc/%ld/stat", pid), text, sizeof text) <= 0 || !(s = strrchr(text, ')')))
		return 0;
	if (sscanf(s + 1, " %c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu", &state, &ticks) != 2)
		return 0;
	return state == 'Z' || state == 'X' ? 0 : ticks;
}

const char *vm_pid_text(pid_t pid)
{
	return vm_text("%d %llu\n", pid, began(pid));
}

/* A pid can be another's by now. Our files say when it began; QEMU writes its own, and its words name the machine's directory. */
pid_t vm_pid(const char *name, const char *file)
{
	char text[64], words[1 << 16];
	const char *dir = vm_state(name, "");
	unsigned long long start = 0;
	ssize_t n;
	long pid;

	if (ctl_read(vm_state(name, file), text, sizeof text) <= 0 || sscanf(text, "%ld %llu", &pid, &start) < 1 || pid <= 1)
		return 0;
	if (start)
		return began(pid) == start ? pid : 0;
	if ((n = ctl_read(vm_text("/proc/%ld/cmdline", pid), words, sizeof words)) <= 0)
		return 0;
	return memmem(words, n, dir, strlen(dir)) ? pid : 0;
}

s64 vm_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

void vm_sleep(int milliseconds)
{
	nanosleep(&(struct timespec){ milliseconds / 1000, milliseconds % 1000 * 1000000L }, NULL);
}
