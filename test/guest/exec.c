/* cflags: -D_GNU_SOURCE */
/* execve and execveat in all their forms: what is executed, what it is told, what it inherits, how it fails. Prints
 * what it finds; native and translated must agree. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;
static char *args[] = { "argv-zero", "child", "x", 0 };

/* --- the children */

static int child(int argc, char **argv)
{
	char exe[300], *base;
	int n = readlink("/proc/self/exe", exe, sizeof exe - 1);

	exe[n > 0 ? n : 0] = 0;
	base = strrchr(exe, '/');
	printf("child argc %d argv0 %s execfn %s exe %s\n", argc, argv[0], (char *)getauxval(AT_EXECFN), base ? base : exe);
	printf("next fd %d\n", open("/dev/null", O_RDONLY));
	return 7;
}

static int child_fds(void)
{
	for (int i = 0; i < 40; i++)
		if (fcntl(i, F_GETFD) >= 0) printf("fd %d\n", i);
	return 6;
}

static int child_signals(void)
{
	struct sigaction a, b;
	sigset_t mask, pending;

	sigaction(SIGUSR1, 0, &a);
	sigaction(SIGUSR2, 0, &b);
	sigprocmask(0, 0, &mask);
	sigpending(&pending);
	printf("usr1 ignored %d usr2 default %d term blocked %d pending %d\n", a.sa_handler == SIG_IGN,
	       b.sa_handler == SIG_DFL, sigismember(&mask, SIGTERM), sigismember(&pending, SIGTERM));
	return 8;
}

/* --- ways to execute */

static int at(int dir, const char *path, int flags) { return syscall(SYS_execveat, dir, path, args, environ, flags); }
static int self(int flags) { return open("./exec", flags | O_CLOEXEC); }
static int dir(int flags) { return open(".", O_DIRECTORY | flags); }

static int by_name(void)        { return execv("./exec", args); }
static int by_proc_exe(void)    { return execv("/proc/self/exe", args); }
static int by_fd(void)          { return fexecve(self(O_RDONLY), args, environ); }
static int by_opath(void)       { return fexecve(self(O_PATH), args, environ); }
static int by_dir(void)         { return at(dir(O_CLOEXEC), "exec", 0); }
static int by_absolute(void)    { char p[4096]; return at(999, realpath("exec", p), 0); }
static int script(void)         { return execv("./script", args); }
static int script_by_dir(void)  { return at(dir(0), "script", 0); }
static int script_cloexec(void) { return at(dir(O_CLOEXEC), "script", 0); }
static int no_path(void)        { return at(AT_FDCWD, "", 0); }
static int bad_fd(void)         { return at(99, "", AT_EMPTY_PATH); }
static int fd_no_file(void)     { return at(dir(0), "", AT_EMPTY_PATH); }
static int bad_flag(void)       { return at(AT_FDCWD, "./exec", 0x10); }
static int link_nofollow(void)  { return at(AT_FDCWD, "./link", AT_SYMLINK_NOFOLLOW); }
static int link_follow(void)    { return execv("./link", args); }
static int empty_name(void)     { return execv("", args); }
static int missing(void)        { return execv("./missing", args); }
static int a_directory(void)    { return execv(".", args); }
static int through_file(void)   { return execv("./exec/x", args); }
static int not_executable(void) { return execv("./data", args); }
static int garbage(void)        { return execv("./garbage", args); }
static int no_interpreter(void) { return execv("./orphan", args); }
static int null_name(void)      { return syscall(SYS_execve, 0, args, environ); }
static int bad_argv(void)       { return syscall(SYS_execve, "./exec", 8, environ); }
static int null_vectors(void)   { return syscall(SYS_execve, "./exec", 0, 0); }
static int bad_string(void)     { char *v[] = { "x", (char *)8, 0 }; return syscall(SYS_execve, "./exec", v, environ); }
static int bad_envp(void)       { return syscall(SYS_execve, "./exec", args, 8); }
static int no_argv(void)        { char *v[] = { 0 }; return execv("./exec", v); }

static int by_memfd(void)
{
	int fd = memfd_create("program", MFD_CLOEXEC), from = self(O_RDONLY), n;
	char b[65536];

	while ((n = read(from, b, sizeof b)) > 0) n = write(fd, b, n);
	return fexecve(fd, args, environ);
}

static int by_proc_fd(void)
{
	char name[40];

	sprintf(name, "/proc/self/fd/%d", self(O_RDONLY));
	return execv(name, args);
}

static int long_argument(void)
{
	char *big = malloc(200001), *v[] = { "x", big, 0 };

	memset(big, 'a', 200000);
	big[200000] = 0;
	return execv("./exec", v);
}

static int long_name(void)
{
	char *p = malloc(5000);

	memset(p, '/', 4999);
	p[4999] = 0;
	return execv(p, args);
}

static int many_arguments(void)
{
	char **v = calloc(50001, sizeof *v);

	v[0] = "many";
	v[1] = "count";
	for (int i = 2; i < 50000; i++) v[i] = "ab";
	return execv("./exec", v);
}

static void handler(int sig) { (void)sig; }
static int signals(void)
{
	char *v[] = { "s", "signals", 0 };
	sigset_t set;

	signal(SIGUSR1, SIG_IGN);
	signal(SIGUSR2, handler);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, 0);
	raise(SIGTERM);
	return execv("./exec", v);
}

static int descriptors(void)
{
	char *v[] = { "d", "fds", 0 };

	open("/dev/null", O_RDONLY);
	dup2(open("/dev/null", O_RDONLY | O_CLOEXEC), 30);
	return execv("./exec", v);
}

static const struct { const char *name; int (*fn)(void); } ways[] = {
#define W(f) { #f, f }
	W(by_name), W(by_proc_exe), W(by_fd), W(by_opath), W(by_memfd), W(by_dir), W(by_absolute), W(by_proc_fd), W(script),
	W(script_by_dir), W(script_cloexec), W(no_path), W(bad_fd), W(fd_no_file), W(bad_flag), W(link_nofollow), W(link_follow),
	W(empty_name), W(missing), W(a_directory), W(through_file), W(not_executable), W(garbage), W(no_interpreter), W(null_name),
	W(bad_argv), W(null_vectors), W(bad_string), W(bad_envp), W(no_argv), W(long_argument), W(long_name), W(many_arguments),
	W(signals), W(descriptors),
};

static void put(const char *name, const char *text, int mode)
{
	FILE *f = fopen(name, "w");

	fputs(text, f);
	fclose(f);
	chmod(name, mode);
}

static void report(const char *name, pid_t p)
{
	int s;

	waitpid(p, &s, 0);
	printf("%s: %s %d\n", name, WIFSIGNALED(s) ? "signal" : "exit", WIFSIGNALED(s) ? WTERMSIG(s) : WEXITSTATUS(s));
	fflush(stdout);
}

int main(int argc, char **argv)
{
	char *v[] = { "spawned", "fds", 0 };
	pid_t p;

	if (argc > 1 && !strcmp(argv[1], "child"))   return child(argc, argv);
	if (argc > 1 && !strcmp(argv[1], "fds"))     return child_fds();
	if (argc > 1 && !strcmp(argv[1], "signals")) return child_signals();
	if (argc > 1 && !strcmp(argv[1], "count"))   { printf("%d arguments\n", argc); return 5; }
	if (!argv[0][0]) { printf("argc %d, argv[0] is empty\n", argc); return 9; }
	put("script", "#!./exec child\n", 0755);
	put("orphan", "#!/nowhere/at/all\n", 0755);
	put("data", "data\n", 0644);
	put("garbage", "\177ELF garbage\n", 0755);
	symlink("exec", "link");
	for (unsigned i = 0; i < sizeof ways / sizeof *ways; i++) {
		fflush(stdout);
		p = fork();
		if (!p) {
			int r = ways[i].fn();

			printf("%s: %d, errno %d\n", ways[i].name, r, errno);
			fflush(stdout);
			_exit(3);
		}
		report(ways[i].name, p);
	}
	if (!posix_spawn(&p, "./exec", 0, 0, v, environ)) report("posix_spawn", p);
	for (int i = 0; i < 3; i++) {
		p = vfork();
		if (!p) {
			execv("./exec", v);
			_exit(1);
		}
		report("vfork", p);
	}
	return 0;
}
