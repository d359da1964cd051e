/* vm_run.c - a machine's start and stop.
 *
 * QEMU and virtiofsd go on without us: QEMU makes itself a daemon once it has opened everything, so its exit status and words
 * are those of the start. virtiofsd ends when QEMU hangs up.
 */
#include "ctl/vm.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { QEMU_START_MS = 120000, AGAIN_S = 10, QUIT_MS = 10000, LAST_WORD_MS = 1000, BLOCK = 1 << 16 };

/* ---- files ---- */
/* A copy with holes where the source has zeros, there whole or not at all. */
static int copy(const char *from, const char *to)
{
	const char *next = vm_text("%s.new", to);
	int in = open(from, O_RDONLY | O_CLOEXEC), out = open(next, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), e;
	static char block[BLOCK], zero[BLOCK];
	off_t at = 0;
	ssize_t n = -1;

	while (in >= 0 && out >= 0 && (n = read(in, block, BLOCK)) > 0) {
		if (memcmp(block, zero, n) && pwrite(out, block, n, at) != n) {
			n = -1;
			break;
		}
		at += n;
	}
	if (n == 0 && ftruncate(out, at) == 0 && fsync(out) == 0 && rename(next, to) == 0) {
		close(in);
		close(out);
		return 0;
	}
	e = errno;
	close(in);
	close(out);
	unlink(next);
	errno = e;
	return -1;
}

static void forget(const char *name)
{
	static const char *const files[] = { "qmp.sock", "console.sock", "vnc.sock", "qemu.pid" };

	for (size_t i = 0; i < countof(files); i++)
		unlink(vm_state(name, files[i]));
	for (size_t i = 0; unlink(vm_state(name, vm_share_file(i, "pid"))) == 0; i++)
		unlink(vm_state(name, vm_share_file(i, "sock")));
}

/* ---- start ---- */
static int lock(const char *name)
{
	const char *file = vm_state(name, "lock"), *why;
	int fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0)
		return ctl_refuse("%s: %s", file, errno == EWOULDBLOCK ? "the machine is being started" : strerror(errno));
	if ((why = vm_busy(vm_state(name, "qmp.sock"))))
		return ctl_refuse("name: %s: the socket %s %s", name, vm_state(name, "qmp.sock"), why);
	return CTL_OK;                  /* held until we end */
}

static void end_shares(const char *name, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		pid_t pid = vm_pid(name, vm_share_file(i, "pid"));

		if (pid)
			kill(pid, SIGTERM);
	}
}

static int start_shares(struct vm *vm, pid_t *pids)
{
	const struct vm_share *s;

	for (size_t i = 0; (s = vm_share_at(vm, i)); i++) {
		const char *file = vm_state(vm->name, vm_share_file(i, "pid")), *text = "0\n";

		if (!strcmp(s->type, "virtiofs")) {
			pids[i] = vm_share_start(&vm->server, s->dir, vm_state(vm->name, vm_share_file(i, "sock")),
				vm_state(vm->name, vm_share_file(i, "log")));
			if (pids[i] < 0)
				return ctl_refuse("share %s: %s", s->tag, strerror(errno));
			text = vm_pid_text(pids[i]);
		}
		printf("share %s: %s\n", s->tag, s->dir);
		if (ctl_write(file, text, strlen(text), 0600) < 0)
			return ctl_refuse("%s: %s", file, strerror(errno));
	}
	return CTL_OK;
}

/* What ends virtiofsd makes QEMU fail as well, with a word that does not say why. */
static bool a_share_ended(const struct vm *vm, const pid_t *pids)
{
	const struct vm_share *s;
	char why[2048];

	for (s64 end = vm_now() + LAST_WORD_MS; vm_now() < end; vm_sleep(20))
		for (size_t i = 0; (s = vm_share_at(vm, i)); i++)
			if (vm_share_ended(pids[i], vm_state(vm->name, vm_share_file(i, "log")), why, sizeof why)) {
				ctl_refuse("share %s: %s ended: %s", s->tag, vm->server.path, why);
				return true;
			}
	return false;
}

static pid_t spawn(char *const *argv, const char *log)
{
	pid_t pid = fork();
	int null, out;

	if (pid)
		return pid;
	null = open("/dev/null", O_RDONLY);
	out = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	dup2(null, 0);
	dup2(out, 1);
	dup2(out, 2);
	execv(argv[0], argv);
	dprintf(2, "%s\n", strerror(errno));
	_exit(127);
}

/* Why QEMU did not come up. A QEMU that is to be a daemon says it on stderr until 7.2, in its log later. */
static int not_up(const struct vm *vm, int status)
{
	static const char *const logs[] = { "start.log", "qemu.log" };
	char text[CTL_TEXT];

	for (size_t i = 0; i < countof(logs); i++) {
		ctl_read(vm_state(vm->name, logs[i]), text, sizeof text);
		text[strcspn(text, "\n")] = 0;
		if (*text)
			return ctl_refuse("%s", text);
	}
	return ctl_refuse("%s ended without a word, by %s %d", vm->qemu, WIFSIGNALED(status) ? "signal" : "exit",
		WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

static int start_qemu(const struct vm *vm, const pid_t *pids)
{
	struct vm_args a = { 0 };
	int status = -1;
	pid_t pid, done = 0;

	vm_qemu(&a, vm);
	unlink(vm_state(vm->name, "qemu.log"));
	if ((pid = spawn(a.argv, vm_state(vm->name, "start.log"))) < 0)
		return ctl_refuse("%s", strerror(errno));
	for (s64 end = vm_now() + QEMU_START_MS; vm_now() < end && !(done = waitpid(pid, &status, WNOHANG)); )
		vm_sleep(20);
	if (!done) {
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		return ctl_refuse("%s has not come up in %d s: ended", vm->qemu, QEMU_START_MS / 1000);
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return CTL_OK;
	return a_share_ended(vm, pids) ? CTL_FAILED : not_up(vm, status);
}

int vm_start(struct vm *vm)
{
	static struct qmp q;
	json_t *o;
	size_t n = vm->share.n + vm->stele.there;
	pid_t *pids;

	if (vm_state_make(vm->name) || lock(vm->name))
		return CTL_FAILED;
	forget(vm->name);
	if (vm->efi.there && access(vm->efi.vars, F_OK) < 0) {
		printf("efi.vars: %s is made from %s\n", vm->efi.vars, vm->efi.template);
		if (copy(vm->efi.template, vm->efi.vars) < 0)
			return ctl_refuse("efi.vars: %s: %s", vm->efi.vars, strerror(errno));
	}
	if (!(pids = calloc(n + 1, sizeof *pids)))
		abort();
	if (start_shares(vm, pids) || start_qemu(vm, pids)) {
		end_shares(vm->name, n);
		return CTL_FAILED;
	}
	if (!qmp_open(&q, vm_state(vm->name, "qmp.sock")) || !(o = qmp_ask(&q, "query-status", NULL, 10)))
		return ctl_refuse("%s was started, and now: %s", vm->name, q.why);
	printf("%s is %s, process %d\nconsole: stelectl vm console %s\n", vm->name,
		json_is_true(json_object_get(o, "running")) ? "running" : "not running", vm_pid(vm->name, "qemu.pid"), vm->name);
	json_decref(o);
	qmp_close(&q);
	return CTL_OK;
}

/* ---- stop ---- */
/* Presses the power button; again from time to time, as a guest that is still booting does not hear it. */
static bool powers_off(struct qmp *q, int seconds)
{
	bool show = isatty(2), ended = false;

	for (int s = 0; s < seconds && !ended; s++) {
		json_t *o = s % AGAIN_S ? NULL : qmp_ask(q, "system_powerdown", NULL, AGAIN_S);

		json_decref(o);
		if (show)
			fprintf(stderr, "\rwaiting for the guest to power off: %d of %d s ", s, seconds);
		ended = qmp_ended(q, 1000);
	}
	if (show)
		fputs("\r\033[K", stderr);
	return ended;
}

static bool gone(const char *name, const char *file, int milliseconds)
{
	for (s64 end = vm_now() + milliseconds; vm_pid(name, file); vm_sleep(20))
		if (vm_now() > end)
			return false;
	return true;
}

static void clean(const char *name)
{
	pid_t pid;

	for (size_t i = 0; access(vm_state(name, vm_share_file(i, "pid")), F_OK) == 0; i++)
		if (!gone(name, vm_share_file(i, "pid"), QUIT_MS / 2) && (pid = vm_pid(name, vm_share_file(i, "pid"))))
			kill(pid, SIGTERM);
	forget(name);
}

int vm_stop(const char *name, int seconds)
{
	static struct qmp q;
	bool clean_off = false;
	pid_t pid;

	if (!qmp_open(&q, vm_state(name, "qmp.sock")))
		return ctl_refuse("%s does not run, or does not answer: %s", name, q.why);
	if (seconds)
		clean_off = powers_off(&q, seconds);
	if (!clean_off) {
		json_decref(qmp_ask(&q, "quit", NULL, AGAIN_S));
		qmp_ended(&q, QUIT_MS);
	}
	qmp_close(&q);
	if (!gone(name, "qemu.pid", QUIT_MS) && (pid = vm_pid(name, "qemu.pid"))) {
		kill(pid, SIGKILL);
		if (!gone(name, "qemu.pid", QUIT_MS))
			return ctl_refuse("%s: process %d does not end", name, pid);
	}
	clean(name);
	if (seconds && !clean_off)
		return ctl_refuse("%s did not power off within %d s: it was ended as by pulling the plug", name, seconds);
	printf("%s is stopped\n", name);
	return CTL_OK;
}
