/* execwatch [-n|-b] [-r DIR] [-w DIR] [-o REPORT] PROGRAM ARGS... - runs a program so that no x86-64 child can run unseen.
 *
 * On an x86-64 machine an execve that reaches the host's kernel with an x86-64 file runs natively, and a test of the
 * translator passes without testing anything. So: a user, mount and pid namespace of its own; a private binfmt_misc
 * in it (Linux 6.7) that gives ARM64 files, and only these, to QEMU 10, so that stele can re-enter itself; and a
 * seccomp filter that shows every execve before it is done (seccomp_unotify(2)): what it would start must be an ARM64
 * file. Where it is not, everything is killed, the file is named in REPORT (by default on stderr), and the exit status
 * is 99. (ptrace would see the same, but stops at each signal, and QEMU takes one for each write to translated code.)
 * When PROGRAM ends, what it left running is killed. Exit status: PROGRAM's, 128 + N for signal N.
 *
 *  -n   the same surroundings for a native twin: no binfmt, no rule about what is executed
 *  -b   only the binfmt: no pid namespace, no watch (for ./run)
 *  -w   DIR appears as /mnt, and PROGRAM starts there: paths in outputs are the same on every run
 *  -r   in DIR as the root directory, with /proc and /dev, and -w's directory in it too
 * QEMU=PATH names another QEMU; the default is build/qemu10/qemu-aarch64 beside this program.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BAD = 99, TROUBLE = 125 };

static char qemu[PATH_MAX];
static const char *root, *work;
static FILE *report;

static void die(const char *what)
{
	fprintf(stderr, "execwatch: %s: %s\n", what, strerror(errno));
	exit(TROUBLE);
}

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		die(path);
	close(fd);
}

/* ---- the surroundings ------------------------------------------------------------------------------------ */

/* The ids stay what they are. Root keeps all of them, so that setuid and chown are tried too; for that the map is
 * written by a process outside. Others are root while they mount things and register, and themselves again in a
 * second user namespace. */
static void map_all(pid_t of, const char *file)
{
	char path[64], out[1024] = "";
	unsigned inside, outside, n;
	size_t len = 0;
	FILE *f;

	snprintf(path, sizeof path, "/proc/self/%s", file);
	if (!(f = fopen(path, "re")))
		die(path);
	while (fscanf(f, "%u %u %u", &inside, &outside, &n) == 3 && len < sizeof out - 64)
		len += snprintf(out + len, sizeof out - len, "%u %u %u\n", inside, inside, n);
	fclose(f);
	snprintf(path, sizeof path, "/proc/%d/%s", of, file);
	put(path, out);
}

static void map_one(unsigned inside_uid, unsigned uid, unsigned inside_gid, unsigned gid)
{
	char map[64];

	put("/proc/self/setgroups", "deny");
	snprintf(map, sizeof map, "%u %u 1", inside_uid, uid);
	put("/proc/self/uid_map", map);
	snprintf(map, sizeof map, "%u %u 1", inside_gid, gid);
	put("/proc/self/gid_map", map);
}

static unsigned uid, gid;

static void be_oneself(void)
{
	if (uid == 0)
		return;
	if (unshare(CLONE_NEWUSER) < 0)
		die("a second user namespace");
	map_one(uid, 0, gid, 0);
}

static void namespaces(bool pids)
{
	pid_t self = getpid(), helper = 0;
	int ready[2], st;
	char c;

	uid = geteuid();
	gid = getegid();
	if (uid == 0) {
		if (pipe(ready) < 0 || (helper = fork()) < 0)
			die("fork");
		if (helper == 0) {
			close(ready[1]);
			if (read(ready[0], &c, 1) == 1) {
				map_all(self, "uid_map");
				map_all(self, "gid_map");
			}
			_exit(0);
		}
		close(ready[0]);
	}
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS | (pids ? CLONE_NEWPID : 0)) < 0)
		die("no user namespace here (container? kernel.apparmor_restrict_unprivileged_userns?)");
	if (uid == 0) {
		if (write(ready[1], "", 1) != 1 || waitpid(helper, &st, 0) < 0 || st)
			die("mapping ids");
		close(ready[1]);
	} else {
		map_one(0, uid, 0, gid);
	}
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		die("making mounts private");
	if (work && (mount(work, "/mnt", NULL, MS_BIND, NULL) < 0 || chdir("/mnt") < 0))
		die(work);
}

static void register_qemu(void)
{
	char line[PATH_MAX + 256];

	if (mount("binfmt_misc", "/proc/sys/fs/binfmt_misc", "binfmt_misc", 0, NULL) < 0)
		die("no private binfmt_misc (Linux 6.7 has it)");
	snprintf(line, sizeof line, ":stele-arm64:M::"
		"\\x7fELF\\x02\\x01\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x02\\x00\\xb7\\x00:"
		"\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\x00\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xfe\\xff\\xff\\xff:"
		"%s:FP", qemu);
	put("/proc/sys/fs/binfmt_misc/register", line);
}

static void find_qemu(void)
{
	const char *env = getenv("QEMU");
	char self[PATH_MAX], path[PATH_MAX + 64];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

#ifdef __aarch64__
	return;
#endif
	if (n < 0)
		die("/proc/self/exe");
	self[n] = 0;
	*strrchr(self, '/') = 0;
	snprintf(path, sizeof path, "%s/../qemu10/qemu-aarch64", self);
	if (!realpath(env ? env : path, qemu) || access(qemu, X_OK) < 0)
		die(env ? env : path);
}

/* ---- the watch ------------------------------------------------------------------------------------------- */

/* Every execve and execveat from here on, by this process's children, is shown on the descriptor returned. */
static int show_execs(void)
{
#ifdef __aarch64__
	const unsigned arch = AUDIT_ARCH_AARCH64;
#else
	const unsigned arch = AUDIT_ARCH_X86_64;
#endif
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, arch, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_execve, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_execveat, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
	};
	struct sock_fprog program = { sizeof code / sizeof *code, code };
	int fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);

	if (fd < 0)
		die("seccomp");
	return fd;
}

static bool read_text(pid_t pid, unsigned long at, char *out, size_t size)
{
	size_t n = 0;

	/* by pieces that end with a page: the next one may not be there */
	while (n < size) {
		size_t piece = 4096 - (at + n) % 4096;
		struct iovec to = { out + n, piece < size - n ? piece : size - n }, from = { (void *)(at + n), to.iov_len };
		ssize_t got = process_vm_readv(pid, &to, 1, &from, 1, 0);

		if (got <= 0)
			return false;
		if (memchr(out + n, 0, got))
			return true;
		n += got;
	}
	return false;
}

/* Opens a file as pid names it: dirfd as openat has it, a path from the root in pid's own root. */
static int open_as(pid_t pid, int dirfd, const char *path, int how)
{
	struct open_how in_root = { .flags = how | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT };
	char from[64 + PATH_MAX];
	int root_fd, fd;

	if (!strncmp(path, "/proc/self/", 11)) {
		snprintf(from, sizeof from, "/proc/%d/%s", pid, path + 11);
	} else if (*path == '/') {
		snprintf(from, sizeof from, "/proc/%d/root", pid);
		root_fd = open(from, O_PATH | O_CLOEXEC);
		fd = syscall(SYS_openat2, root_fd, path, &in_root, sizeof in_root);
		close(root_fd);
		return fd;
	} else if (dirfd == AT_FDCWD) {
		snprintf(from, sizeof from, "/proc/%d/cwd/%s", pid, path);
	} else {
		snprintf(from, sizeof from, "/proc/%d/fd/%d%s%s", pid, dirfd, *path ? "/" : "", path);
	}
	return open(from, how | O_CLOEXEC);
}

static bool refuse(int fd)
{
	char link[32], name[PATH_MAX];
	ssize_t n;

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	n = readlink(link, name, sizeof name);
	fprintf(report, "executed natively: %.*s\n", n < 0 ? 1 : (int)n, n < 0 ? "?" : name);
	fflush(report);
	return false;
}

/* May pid execute this? A script is what its interpreter is. What is neither, or cannot be executed, fails by itself. */
static bool file_ok(pid_t pid, int dirfd, const char *path, int depth)
{
	int found = open_as(pid, dirfd, path, O_PATH), fd = open_as(pid, dirfd, path, O_RDONLY | O_NONBLOCK);
	char head[256] = "", *p = head;
	bool ok = true;
	struct stat st;

	if (found >= 0 && fstat(found, &st) == 0 && S_ISREG(st.st_mode) && st.st_mode & 0111) {
		ssize_t n = fd < 0 ? 0 : read(fd, head, sizeof head - 1);

		if (fd < 0 || (n >= 20 && !memcmp(head, "\177ELF", 4) && (head[18] != (char)183 || head[19])))
			ok = refuse(found);
		else if (!memcmp(head, "#!", 2))
			p += 2 + strspn(head + 2, " \t");
	}
	close(found);
	close(fd);
	p[strcspn(p, " \t\n")] = 0;
	return ok && (p == head || depth == 5 || file_ok(pid, AT_FDCWD, p, depth + 1));
}

/* Answers one execve; false: it is what may not be. */
static bool answer(int listener)
{
	struct seccomp_notif ask = { 0 };
	struct seccomp_notif_resp yes = { .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE };
	char path[PATH_MAX];
	bool at;

	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &ask) < 0)
		return true;                    /* a signal has called it back */
	yes.id = ask.id;
	at = ask.data.nr == __NR_execveat;
	if (read_text(ask.pid, ask.data.args[at], path, sizeof path) &&
	    !file_ok(ask.pid, at ? (int)ask.data.args[0] : AT_FDCWD, path, 0))
		return false;
	ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &yes);
	return true;
}

/* Process 1 of the namespace: its end kills all that is left. children: a signalfd of SIGCHLD. */
static int watch(pid_t first, int listener, int children)
{
	struct pollfd fds[] = { { listener, POLLIN, 0 }, { children, POLLIN, 0 } };
	struct signalfd_siginfo info;
	pid_t pid;
	int st;

	for (;;) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			die("poll");
		if (fds[0].revents && !answer(listener))
			return BAD;
		if (fds[1].revents && read(children, &info, sizeof info) > 0)
			while ((pid = waitpid(-1, &st, WNOHANG)) > 0)
				if (pid == first)
					return WIFEXITED(st) ? WEXITSTATUS(st) : 128 + WTERMSIG(st);
	}
}

static int just_wait(pid_t first)
{
	int st;

	for (;;) {
		pid_t pid = waitpid(-1, &st, 0);

		if (pid == first)
			return WIFEXITED(st) ? WEXITSTATUS(st) : 128 + WTERMSIG(st);
		if (pid < 0)
			die("waitpid");
	}
}

static void run(char **argv)
{
	be_oneself();
	execvp(argv[0], argv);
	fprintf(stderr, "execwatch: %s: %s\n", argv[0], strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

static void enter_root(void)
{
	if (chdir(root) < 0)
		die(root);
	if (mount("proc", "proc", "proc", 0, NULL) < 0 || mount("/dev", "dev", NULL, MS_BIND | MS_REC, NULL) < 0)
		die("mounting in the root directory");
	if (work && mount("/mnt", "mnt", NULL, MS_BIND, NULL) < 0)
		die("mounting the work directory");
	if (chroot(".") < 0 || (work && chdir("/mnt") < 0))
		die("chroot");
}

/* As process 1: the first program is a child, since process 1 is deaf to signals. */
static int init(char **argv, bool native)
{
	int listener = -1, children = -1;
	sigset_t chld, before;
	pid_t pid;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
		die("mounting /proc");
	if (!native && *qemu)
		register_qemu();
	if (root)
		enter_root();
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, &before);
	if (!native) {
		listener = show_execs();
		children = signalfd(-1, &chld, SFD_CLOEXEC);
	}
	if ((pid = fork()) < 0)
		die("fork");
	if (pid == 0) {
		sigprocmask(SIG_SETMASK, &before, NULL);
		run(argv);
	}
	return native ? just_wait(pid) : watch(pid, listener, children);
}

int main(int argc, char **argv)
{
	bool native = false, only_binfmt = false;
	int o, st;
	pid_t pid;

	report = stderr;
	while ((o = getopt(argc, argv, "+nbo:r:w:")) > 0)
		switch (o) {
		case 'n': native = true; break;
		case 'b': only_binfmt = true; break;
		case 'r': root = optarg; break;
		case 'w': work = optarg; break;
		case 'o':
			if (!(report = fopen(optarg, "ae")))
				die(optarg);
			break;
		default:  return TROUBLE;
		}
	if (!argv[optind]) {
		fprintf(stderr, "usage: execwatch [-n|-b] [-r DIR] [-w DIR] [-o REPORT] PROGRAM ARGS...\n");
		return TROUBLE;
	}
	find_qemu();
	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
	namespaces(!only_binfmt);
	if (only_binfmt) {
		if (*qemu)
			register_qemu();
		run(argv + optind);
	}
	if ((pid = fork()) < 0)
		die("fork");
	if (pid == 0)
		return init(argv + optind, native);
	while (waitpid(pid, &st, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(st) ? WEXITSTATUS(st) : TROUBLE;
}
