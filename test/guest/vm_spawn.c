/* cflags: -D_GNU_SOURCE */
/* posix_spawn reports the error of its child's exec, and a vfork child shares its parent's memory. */
#include "check.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

extern char **environ;

static int spawn(const char *path)
{
	char *argv[] = { (char *)path, "4", "spawned", 0 };
	pid_t pid;
	int status, e = posix_spawn(&pid, path, 0, 0, argv, environ);

	if (e) return e;
	expect(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	return -WEXITSTATUS(status);
}

static char *file(const char *text, mode_t mode)
{
	static char name[] = "/tmp/vm_spawn.XXXXXX";
	int fd;

	strcpy(name + sizeof name - 7, "XXXXXX");
	fd = mkstemp(name);
	if (fd < 0 || write(fd, text, strlen(text)) < 0 || fchmod(fd, mode)) exit(97);
	close(fd);
	return name;
}

static void errors(void)
{
	char *f;

	expect(spawn("/no/such/program") == ENOENT);
	expect(spawn("/tmp") == EACCES);
	expect(spawn("/proc/self/status/x") == ENOTDIR);
	f = file("neither ELF nor script\n", 0755);
	expect(spawn(f) == ENOEXEC);
	unlink(f);
	f = file("\177ELF\2\1\1", 0755);
	expect(spawn(f) == ENOEXEC);
	unlink(f);
	f = file("#!/no/such/interpreter\n", 0755);
	expect(spawn(f) == ENOENT);
	unlink(f);
	f = file("#!/bin/sh\n", 0644);
	expect(spawn(f) == EACCES);
	unlink(f);
	expect(spawn("./vm_static") == -4);
}

static void actions(void)
{
	char *argv[] = { "vm_static", "0", "into a file", 0 }, buf[32] = "", *f = file("", 0600);
	posix_spawn_file_actions_t a;
	posix_spawnattr_t at;
	sigset_t set;
	pid_t pid;
	int status, fd;

	posix_spawn_file_actions_init(&a);
	posix_spawn_file_actions_addopen(&a, 1, f, O_WRONLY, 0);
	posix_spawnattr_init(&at);
	sigemptyset(&set);
	posix_spawnattr_setsigmask(&at, &set);
	posix_spawnattr_setflags(&at, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
	expect(!posix_spawn(&pid, "./vm_static", &a, &at, argv, environ));
	expect(waitpid(pid, &status, 0) == pid && !status);
	fd = open(f, O_RDONLY);
	expect(read(fd, buf, sizeof buf) == 12 && !memcmp(buf, "into a file\n", 12));
	close(fd);
	unlink(f);
	posix_spawn_file_actions_addopen(&a, 5, "/no/such/file", O_RDONLY, 0);
	expect(posix_spawn(&pid, "./vm_static", &a, 0, argv, environ) == ENOENT);
}

static volatile int shared;

static void vforks(void)
{
	char *argv[] = { "none", 0 };
	int status;
	pid_t pid;

	for (int k = 0; k < 20; k++) {
		pid = vfork();
		if (!pid) {
			shared++;
			if (k & 1) execve("/no/such/program", argv, environ);
			_exit(errno == ENOENT ? 9 : 8);
		}
		expect(pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	}
	expect(shared == 20);
}

int main(void)
{
	errors();
	actions();
	vforks();
	return done();
}
