/* execwatch [-n|-b] [-r DIR] [-w DIR] [-o REPORT] PROGRAM ARGS... - runs a program so that no x86-64 child can run unseen.
 *
 * On an x86-64 machine an execve that reaches the host's kernel with an x86-64 file runs natively, and a test of the
 * translator passes without testing anything. So: a user, mount and pid namespace of its own; a private binfmt_misc
 * in it (Linux 6.7) that gives ARM64 files, and only these, to QEMU 10, so that stele can re-enter itself; and ptrace
 * (EVENT_EXEC) at every exec that succeeds: the new image must be QEMU. Where it is not, everything is killed, the
 * image is named in REPORT (by default on stderr), and the exit status is 99. On an ARM64 machine, where ARM64 files
 * run by themselves, the image must be an ARM64 file.
 * When PROGRAM ends, what it left running is killed. Exit status: PROGRAM's, 128 + N for signal N.
 *
 *  -n   the same surroundings for a native twin: no binfmt, no rule about what is executed
 *  -b   only the binfmt: no pid namespace, no watch (for ./run)
 *  -w   DIR appears as /mnt, and PROGRAM starts there: paths in outputs are the same on every run
 *  -r   in DIR as the root directory, with /proc and /dev, and -w's directory in it too
 * QEMU=PATH names another QEMU; the default is build/qemu10/qemu-aarch64 beside this program.
 *
 * Being ptraced, a program under test cannot be ptraced by another; that belongs to the VM tests. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BAD = 99, TROUBLE = 125 };

static char qemu[PATH_MAX];
static struct stat qemu_file;
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
	if (!realpath(env ? env : path, qemu) || stat(qemu, &qemu_file) < 0)
		die(env ? env : path);
}

/* ---- the watch ------------------------------------------------------------------------------------------- */

static bool arm64_file(const char *path)
{
	unsigned char h[20];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool r = fd >= 0 && read(fd, h, sizeof h) == sizeof h && !memcmp(h, "\177ELF\2\1", 6) && h[18] == 183 && !h[19];

	close(fd);
	return r;
}

/* The image of a process that has just executed something is allowed. */
static bool image_ok(pid_t pid)
{
	char proc[32], exe[PATH_MAX];
	struct stat st;
	ssize_t n;

	snprintf(proc, sizeof proc, "/proc/%d/exe", pid);
	if (*qemu ? stat(proc, &st) == 0 && st.st_dev == qemu_file.st_dev && st.st_ino == qemu_file.st_ino
		  : arm64_file(proc))
		return true;
	n = readlink(proc, exe, sizeof exe - 1);
	exe[n < 0 ? 0 : n] = 0;
	fprintf(report, "executed natively: %s\n", n < 0 ? "?" : exe);
	fflush(report);
	return false;
}

/* Process 1 of the namespace: its end kills all that is left. */
static int watch(pid_t first)
{
	const long options = PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC |
		PTRACE_O_EXITKILL;
	int st;

	if (ptrace(PTRACE_SEIZE, first, 0, options) < 0)
		die("ptrace");
	kill(first, SIGCONT);
	for (;;) {
		pid_t pid = waitpid(-1, &st, __WALL);
		int event = st >> 16, sig = WSTOPSIG(st);

		if (pid < 0)
			die("waitpid");
		if (WIFEXITED(st) || WIFSIGNALED(st)) {
			if (pid == first)
				return WIFEXITED(st) ? WEXITSTATUS(st) : 128 + WTERMSIG(st);
			continue;
		}
		if (event == PTRACE_EVENT_EXEC && !image_ok(pid))
			return BAD;
		if (event == PTRACE_EVENT_STOP && (sig == SIGSTOP || sig == SIGTSTP || sig == SIGTTIN || sig == SIGTTOU))
			ptrace(PTRACE_LISTEN, pid, 0, 0);
		else
			ptrace(PTRACE_CONT, pid, 0, event ? 0 : sig);
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
	pid_t pid;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
		die("mounting /proc");
	if (!native && *qemu)
		register_qemu();
	if (root)
		enter_root();
	if ((pid = fork()) < 0)
		die("fork");
	if (pid == 0) {
		if (!native)
			raise(SIGSTOP);         /* until watch() has us */
		run(argv);
	}
	if (native)
		return just_wait(pid);
	while (waitpid(pid, NULL, WUNTRACED) < 0)
		;
	return watch(pid);
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
