/* exec.c - execve and execveat: stele again for an x86-64 program, the kernel itself for an ARM64 one.
 *
 * All that can fail is tried before: the file is found and checked as the kernel would (loader_find), so that the
 * guest gets its errno. Then stele replaces itself by stele, with the same options and "--" before the program's words;
 * close-on-exec, signals, other threads are the kernel's part, as always. Set-id programs go to the kernel itself when
 * its binfmt_misc is known to bring them back here, since only the kernel can raise privileges.
 */
#include "sys/abi.h"
#include "rt/loader.h"
#include "rt/options.h"
#include <linux/stat.h>

enum { OPTIONS = 24, MAX_ARGS = 0x7fffffff / 8 };

/* What execve needs, all of it in memory of ours but the strings of the guest. */
struct exec {
	char path[PATH_SIZE];           /* as the guest says it; for a descriptor its name under /dev/fd */
	char argv0[PATH_SIZE * 8];
	char words[PATH_SIZE * 12], self[PATH_SIZE];
	struct program p;
	int fd;                         /* the program, opened here because its name may mean nothing later; or -1 */
	const char **argv;
	size_t size;                    /* of argv */
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
	s64 n = count(argv), k;
	gaddr s;
	if (n < 0)
		return n;
	x->argv0[0] = 0;
	if (n) {
		if (!rt_get(&s, argv))
			return -EFAULT;
		k = rt_read_str(x->argv0, s, sizeof x->argv0);
		if (k < 0)
			return k == -ENAMETOOLONG ? -E2BIG : k;
	}
	x->size = (OPTIONS + n + 4) * sizeof *x->argv;
	x->argv = rt_map(x->size);
	if (!x->argv)
		return -ENOMEM;
	const char *self = options_self(x->self, sizeof x->self);
	if (!self)
		return -ENOENT;
	x->argv[0] = self;
	k = options_again(x->argv + 1, OPTIONS, x->words, sizeof x->words, x->fd, true, x->argv0);
	if (k < 0)
		return k;
	x->argv[++k] = x->path;
	if (n > 1 && !rt_read(x->argv + k + 1, argv + 8, (n - 1) * 8))
		return -EFAULT;
	return 0;
}

static bool set_id(int fd)
{
	struct { u64 dev, ino; u32 mode, rest[27]; } st;
	return !host_call(__NR_fstat, fd, &st) && (st.mode & S_ISUID || (st.mode & S_ISGID && st.mode & 010));
}

static s64 replace(struct thread *t, struct exec *x, gaddr argv, gaddr envp)
{
	bool kernel = x->p.native || (options_binfmt() && set_id(x->p.fd));
	s64 r = kernel ? 0 : make_argv(x, argv);
	if (r)
		return r;
	if (x->fd >= 0)
		host_call(__NR_fcntl, x->fd, F_SETFD, 0);
	rt_signals_exec(t);
	if (kernel && x->fd >= 0)
		r = host_call(__NR_execveat, x->fd, "", argv, envp, AT_EMPTY_PATH);
	else if (kernel)
		r = host_call(__NR_execve, x->p.path, argv, envp);
	else
		r = host_call(__NR_execve, x->argv[0], x->argv, envp);
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
		if (flags & AT_SYMLINK_NOFOLLOW || sys_proc_file(AT_FDCWD, given) == PROC_EXE)
			r = open_program(x, AT_FDCWD, host, flags);
	}
	if (r < 0)
		return r;
	r = loader_find(&x->p, x->path, x->fd, x->argv0);
	if (!r && by_fd && x->p.nhead > 1 && closes_on_exec(dirfd))
		r = -ENOENT;
	return r;
}

static s64 execute(struct thread *t, int dirfd, gaddr path, gaddr argv, gaddr envp, u32 flags)
{
	struct exec *x = rt_map(sizeof *x);
	s64 r;
	if (!x)
		return -ENOMEM;
	x->fd = x->p.fd = x->p.interp_fd = -1;
	r = find(x, dirfd, path, flags);
	if (!r)
		r = replace(t, x, argv, envp);
	loader_close(&x->p);
	if (x->fd >= 0)
		host_call(__NR_close, x->fd);
	if (x->argv)
		rt_unmap(x->argv, x->size);
	rt_unmap(x, sizeof *x);
	return r;
}

SYS(execve) { return execute(t, AT_FDCWD, a, b, c, 0); }

SYS(execveat)
{
	if ((u32)e & ~(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW))
		return -EINVAL;
	return execute(t, (s32)a, b, c, d, e);
}
