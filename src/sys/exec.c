/* exec.c - execve and execveat: stele again for an x86-64 program, the kernel itself for an ARM64 one.
 *
 * All that can fail is tried before: the file is found and checked as the kernel would (loader_find), so that the
 * guest gets its errno. Then stele replaces itself by stele, with the same options and "--" before the program's words;
 * close-on-exec, signals, other threads are the kernel's part, as always. Set-id programs, and those that not everyone may
 * read, go to the kernel itself when its binfmt_misc is known to bring them back here, since only the kernel can raise
 * privileges, and open for stele what the caller may only execute.
 */
#include "sys/abi.h"
#include "rt/loader.h"
#include "rt/options.h"
#include <linux/stat.h>

enum { OPTIONS = 24, MAX_ARGS = 16 << 20 };     /* more pointers than these do not fit on any stack */

/* What execve needs, but the guest's strings, which the kernel copies from where they are. */
struct exec {
	char path[PATH_SIZE];           /* as the guest says it; for a descriptor its name under /dev/fd */
	char words[PATH_SIZE * 4], self[PATH_SIZE];
	struct program p;
	int fd;                         /* the program, opened here because its name may mean nothing later; or -1 */
	s64 argc;                       /* of the guest's argv, or why it cannot be read */
	const char *argv[];
};

/* The number of pointers before the null, or errno. */
static s64 count(gaddr v)
{
	gaddr p;
	s64 n = 0;
	if (!v)
		return 0;
	for (;; n++) {
		if (n > MAX_ARGS)
			return -E2BIG;
		if (!rt_get(&p, v + n * 8))
			return -EFAULT;
		if (!p)
			return n;
	}
}

/* The program's argv behind stele's own words. */
static s64 make_argv(struct exec *x, gaddr argv)
{
	const char *self = options_self(x->self, sizeof x->self), *argv0 = "";
	s64 n = x->argc, k;
	if (n && !rt_read(&argv0, argv, sizeof argv0))
		return -EFAULT;
	if (!self)
		return -ENOENT;
	x->argv[0] = self;
	k = options_again(x->argv + 1, OPTIONS, x->words, sizeof x->words, x->fd, true, argv0);
	if (k < 0)
		return k;
	x->argv[++k] = x->path;
	if (n > 1 && !rt_read(x->argv + k + 1, argv + 8, (n - 1) * 8))
		return -EFAULT;
	return 0;
}

static bool restricted(int fd)
{
	struct { u64 dev, ino; u32 mode, rest[27]; } st;
	return !host_call(__NR_fstat, fd, &st) && (st.mode & S_ISUID || (st.mode & S_ISGID && st.mode & 010) ||
		(st.mode & 0444) != 0444);
}

/* The file itself: an ARM64 program, or one that binfmt_misc brings back here. */
static s64 exec_kernel(struct exec *x, gaddr argv, gaddr envp)
{
	if (x->fd >= 0)
		return host_call(__NR_execveat, x->fd, "", argv, envp, AT_EMPTY_PATH);
	return host_call(__NR_execve, x->p.path, argv, envp);
}

static s64 replace(struct thread *t, struct exec *x, gaddr argv, gaddr envp)
{
	bool kernel = x->p.native || (options_binfmt() && restricted(x->p.fd));
	s64 r = kernel ? 0 : make_argv(x, argv);
	bool lost = r == -ENOENT;               /* stele's own file cannot be named: a chroot without it and without /proc */
	if (lost && options_binfmt())
		kernel = true;
	else if (r)
		return r;
	if (x->fd >= 0)
		host_call(__NR_fcntl, x->fd, F_SETFD, 0);
	rt_signals_exec(t);
	if (kernel)
		r = exec_kernel(x, argv, envp);
	else
		r = host_call(__NR_execve, x->argv[0], x->argv, envp);
	rt_signals_exec_failed(t);
	return r;
}

/* What we may not read, the kernel may still execute; if not, it says why. */
static s64 unreadable(struct thread *t, struct exec *x, gaddr argv, gaddr envp)
{
	char buf[PATH_SIZE];
	s64 r;
	rt_signals_exec(t);
	r = host_call(__NR_execve, sys_host_path(AT_FDCWD, x->path, true, buf), argv, envp);
	rt_signals_exec_failed(t);
	return r;
}

/* The kernel's name of a program that is given by a descriptor: what its argv[0] or a script's interpreter sees. */
static s64 name_fd(struct exec *x, int dirfd, const char *path)
{
	if (rt_format(x->path, sizeof x->path, path[0] ? "/dev/fd/%d/%s" : "/dev/fd/%d%s", dirfd, path) >= (int)sizeof x->path)
		return -ENAMETOOLONG;
	return 0;
}

/* Opens what the child could not open by name. */
static s64 open_program(struct exec *x, int dirfd, const char *path, u32 flags)
{
	u64 how = O_RDONLY | O_CLOEXEC | (flags & AT_SYMLINK_NOFOLLOW ? O_NOFOLLOW : 0);
	char link[32];
	s64 fd;
	if (path[0]) {
		fd = host_call(__NR_openat, dirfd, path, how, 0);
	} else {                                        /* anew, since it may be an O_PATH descriptor, and for its offset */
		rt_format(link, sizeof link, "/proc/self/fd/%d", dirfd);
		fd = host_call(__NR_openat, AT_FDCWD, link, O_RDONLY | O_CLOEXEC, 0);
		if (fd < 0)
			fd = host_call(__NR_fcntl, dirfd, F_DUPFD_CLOEXEC, 0);
	}
	if (fd >= 0)
		x->fd = fd;
	return fd < 0 ? fd : 0;
}

/* A script known by a descriptor can be read by its interpreter only if that stays open. */
static bool closes_on_exec(int fd)
{
	return host_call(__NR_fcntl, fd, F_GETFD) & FD_CLOEXEC;
}

static s64 find(struct exec *x, int dirfd, gaddr path, u32 flags)
{
	char given[PATH_SIZE], buf[PATH_SIZE];
	s64 r = rt_read_str(given, path, sizeof given);
	bool by_fd;
	if (r < 0)
		return r;
	if (!given[0] && !(flags & AT_EMPTY_PATH))
		return -ENOENT;
	by_fd = !given[0] || (given[0] != '/' && dirfd != AT_FDCWD);
	if (!given[0] && dirfd == AT_FDCWD)
		return -EACCES;
	if (by_fd) {
		r = name_fd(x, dirfd, given);
		if (!r)
			r = open_program(x, dirfd, given, flags);
	} else {
		const char *host = sys_host_path(AT_FDCWD, given, true, buf);
		memcpy(x->path, given, sizeof given);
		/* names under /proc and /dev/fd mean this process, and may be gone with close-on-exec */
		if (flags & AT_SYMLINK_NOFOLLOW || sys_after(given, "/proc/") || sys_after(given, "/dev/fd/"))
			r = open_program(x, AT_FDCWD, host, flags);
	}
	if (r < 0)
		return r;
	r = loader_find(&x->p, x->path, x->fd, "");
	if (!r && by_fd && x->p.nhead > 1 && closes_on_exec(dirfd))
		r = -ENOENT;
	return r;
}

static s64 execute(struct thread *t, int dirfd, gaddr path, gaddr argv, gaddr envp, u32 flags)
{
	s64 argc = count(argv), r;
	size_t size = sizeof(struct exec) + (OPTIONS + 4 + (argc > 0 ? argc : 0)) * sizeof(char *);
	struct exec *x = rt_map(size);
	if (!x)
		return -ENOMEM;
	x->argc = argc;
	x->fd = x->p.fd = x->p.interp_fd = -1;
	r = find(x, dirfd, path, flags);
	if (!r)
		r = argc < 0 ? argc : count(envp) < 0 ? count(envp) : 0;
	/* after a vfork this memory is the parent's, too, who frees it when the child is gone */
	t->lent = x;
	t->lent_size = size;
	if (!r)
		r = replace(t, x, argv, envp);
	else if (r == -EACCES && x->fd < 0 && x->path[0] == '/' && options_binfmt())
		r = unreadable(t, x, argv, envp);
	t->lent = 0;
	loader_close(&x->p);
	if (x->fd >= 0)
		host_call(__NR_close, x->fd);
	rt_unmap(x, size);
	return r;
}

SYS(execve) { return execute(t, AT_FDCWD, a, b, c, 0); }

SYS(execveat)
{
	if ((u32)e & ~(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW))
		return -EINVAL;
	return execute(t, (s32)a, b, c, d, e);
}
