/* file.c - files: the calls whose flags or structures ARM64 has otherwise, and those that ARM64 never had.
 *
 * ARM64's table begins where the *at calls were there, so the older ones become those with AT_FDCWD. struct stat and
 * four of open(2)'s flags differ (asm/stat.h, asm/fcntl.h); getdents has d_type behind the name.
 */
#include "sys/abi.h"
#include <asm/stat.h>
#include <asm/unistd.h>

/* --- open ---------------------------------------------------------------------------------------------- */

static const struct { u32 guest, host; } oflags[] = {
	{ G_O_DIRECT, O_DIRECT }, { G_O_LARGEFILE, O_LARGEFILE }, { G_O_DIRECTORY, O_DIRECTORY }, { G_O_NOFOLLOW, O_NOFOLLOW },
};

u64 sys_oflags_in(u64 f)
{
	u64 r = f & ~(u64)(G_O_DIRECT | G_O_LARGEFILE | G_O_DIRECTORY | G_O_NOFOLLOW);
	for (size_t i = 0; i < countof(oflags); i++)
		if (f & oflags[i].guest)
			r |= oflags[i].host;
	return r;
}

u64 sys_oflags_out(u64 f)
{
	u64 r = f & ~(u64)(O_DIRECT | O_LARGEFILE | O_DIRECTORY | O_NOFOLLOW);
	for (size_t i = 0; i < countof(oflags); i++)
		if (f & oflags[i].host)
			r |= oflags[i].guest;
	return r;
}

/* Opening may block: a FIFO, a terminal, a network file system. */
static s64 open_at(struct thread *t, int dirfd, gaddr path, u32 flags, u32 mode)
{
	char s[PATH_SIZE], buf[PATH_SIZE];
	u64 f = sys_oflags_in(flags), p = path;
	if (rt_read_str(s, path, sizeof s) > 0) {
		enum proc_file pf = sys_proc_file(dirfd, s);
		if (pf >= PROC_MAPS)
			return sys_proc_open(pf, dirfd, s, f);
		sys_opened(s, f);
		const char *h = sys_host_path(dirfd, s, !(f & O_NOFOLLOW), buf);
		if (h != s)
			p = (u64)h;
	}
	return host_call_blocking(t, __NR_openat, dirfd, p, f, mode, 0, 0);
}

SYS(open)   { return open_at(t, AT_FDCWD, a, b, c); }
SYS(openat) { return open_at(t, (s32)a, b, c, d); }
SYS(creat)  { return open_at(t, AT_FDCWD, a, O_CREAT | O_WRONLY | O_TRUNC, b); }

/* openat2's resolve flags speak of the path as it is given: -L and /proc redirect only without them. */
SYS(openat2)
{
	struct { u64 flags, mode, resolve; } how;
	char s[PATH_SIZE], buf[PATH_SIZE];
	int dirfd = (s32)a;
	u64 p = b, zero;
	if (d < sizeof how)
		return -EINVAL;
	if (d > 4096)
		return -E2BIG;
	if (!rt_get(&how, c))
		return -EFAULT;
	for (u64 i = sizeof how; i + 8 <= d; i += 8)
		if (!rt_get(&zero, c + i))
			return -EFAULT;
		else if (zero)
			return -E2BIG;
	how.flags = sys_oflags_in(how.flags);
	if (!how.resolve && rt_read_str(s, b, sizeof s) > 0) {
		enum proc_file pf = sys_proc_file(dirfd, s);
		if (pf >= PROC_MAPS)
			return sys_proc_open(pf, dirfd, s, how.flags);
		sys_opened(s, how.flags);
		const char *h = sys_host_path(dirfd, s, !(how.flags & O_NOFOLLOW), buf);
		if (h != s)
			p = (u64)h;
	}
	return host_call_blocking(t, __NR_openat2, dirfd, p, (u64)&how, sizeof how, 0, 0);
}

SYS(open_by_handle_at)
{
	return host_call(__NR_open_by_handle_at, (s32)a, b, (s32)sys_oflags_in((u32)c));
}

SYS(fanotify_init)
{
	return host_call(__NR_fanotify_init, (u32)a, (u32)sys_oflags_in((u32)b));
}

/* --- stat ---------------------------------------------------------------------------------------------- */

static s64 put_stat(gaddr to, const struct stat *h)
{
	struct g_stat g = {
		.dev = h->st_dev, .ino = h->st_ino, .nlink = h->st_nlink, .mode = h->st_mode, .uid = h->st_uid, .gid = h->st_gid,
		.rdev = h->st_rdev, .size = h->st_size, .blksize = h->st_blksize, .blocks = h->st_blocks,
		.atime = h->st_atime, .atime_nsec = h->st_atime_nsec, .mtime = h->st_mtime, .mtime_nsec = h->st_mtime_nsec,
		.ctime = h->st_ctime, .ctime_nsec = h->st_ctime_nsec,
	};
	return rt_put(to, &g) ? 0 : -EFAULT;
}

static s64 stat_at(int dirfd, gaddr path, gaddr to, u32 flags)
{
	struct stat h;
	char buf[PATH_SIZE];
	s64 r = host_call(__NR_newfstatat, dirfd, sys_path(dirfd, path, !(flags & AT_SYMLINK_NOFOLLOW), buf), &h, flags);
	return r < 0 ? r : put_stat(to, &h);
}

SYS(stat)       { return stat_at(AT_FDCWD, a, b, 0); }
SYS(lstat)      { return stat_at(AT_FDCWD, a, b, AT_SYMLINK_NOFOLLOW); }
SYS(newfstatat) { return stat_at((s32)a, b, c, d); }

SYS(fstat)
{
	struct stat h;
	s64 r = host_call(__NR_fstat, (s32)a, &h);
	return r < 0 ? r : put_stat(b, &h);
}

SYS(statx)
{
	u8 h[256];
	char buf[PATH_SIZE];
	bool follow = !(c & AT_SYMLINK_NOFOLLOW);
	s64 r = host_call(__NR_statx, (s32)a, sys_path((s32)a, b, follow, buf), (u32)c, (u32)d, h);
	return r < 0 ? r : rt_write(e, h, sizeof h) ? 0 : -EFAULT;
}

/* --- calls from before *at ------------------------------------------------------------------------------ */

static s64 at(long nr, gaddr path, bool follow, u64 c, u64 d, u64 e)
{
	char buf[PATH_SIZE];
	return host_call(nr, AT_FDCWD, sys_path(AT_FDCWD, path, follow, buf), c, d, e);
}

static s64 at2(long nr, gaddr from, gaddr to, u64 flags)
{
	char buf[2][PATH_SIZE];
	u64 p = sys_path(AT_FDCWD, from, false, buf[0]), q = sys_path(AT_FDCWD, to, false, buf[1]);
	return host_call(nr, AT_FDCWD, p, AT_FDCWD, q, flags);
}

SYS(access) { return at(__NR_faccessat, a, true, (s32)b, 0, 0); }
SYS(chmod)  { return at(__NR_fchmodat, a, true, (u32)b, 0, 0); }
SYS(chown)  { return at(__NR_fchownat, a, true, (u32)b, (u32)c, 0); }
SYS(lchown) { return at(__NR_fchownat, a, false, (u32)b, (u32)c, AT_SYMLINK_NOFOLLOW); }
SYS(mkdir)  { return at(__NR_mkdirat, a, false, (u32)b, 0, 0); }
SYS(mknod)  { return at(__NR_mknodat, a, false, (u32)b, (u32)c, 0); }
SYS(rmdir)  { return at(__NR_unlinkat, a, false, AT_REMOVEDIR, 0, 0); }
SYS(unlink) { return at(__NR_unlinkat, a, false, 0, 0, 0); }
SYS(link)   { return at2(__NR_linkat, a, b, 0); }
SYS(rename) { return at2(__NR_renameat2, a, b, 0); }

SYS(symlink)
{
	char buf[PATH_SIZE];
	return host_call(__NR_symlinkat, a, AT_FDCWD, sys_path(AT_FDCWD, b, false, buf));
}

static s64 put_link(gaddr to, const char *link, u32 size)
{
	size_t len = strlen(link);
	if (len > size)
		len = size;
	return rt_write(to, link, len) ? (s64)len : -EFAULT;
}

static s64 readlink_at(int dirfd, gaddr path, gaddr to, s32 size)
{
	char s[PATH_SIZE], buf[PATH_SIZE];
	u64 p = path;
	if (size <= 0)
		return -EINVAL;
	s64 n = rt_read_str(s, path, sizeof s);
	enum proc_file pf = n > 0 ? sys_proc_file(dirfd, s) : n == 0 && sys_proc_exe_fd(dirfd) ? PROC_EXE : PROC_NOT;
	const char *exe = pf == PROC_EXE ? rt.exe : pf == PROC_OTHER ? sys_proc_other_exe(dirfd, s, buf) : 0;
	if (exe)
		return put_link(to, sys_outside_root(exe), size);
	if (n > 0) {
		const char *h = sys_host_path(dirfd, s, false, buf);
		if (h != s)
			p = (u64)h;
	}
	n = host_call(__NR_readlinkat, dirfd, p, s, (u32)size < sizeof s ? (u32)size : sizeof s);
	return n > 0 && !rt_write(to, s, n) ? -EFAULT : n;
}

SYS(readlink)   { return readlink_at(AT_FDCWD, a, b, c); }
SYS(readlinkat) { return readlink_at((s32)a, b, c, d); }

/* The root of -L is not there for the guest: what lies inside it is named without. */
SYS(getcwd)
{
	char s[PATH_SIZE + 1];
	s64 n = host_call(__NR_getcwd, s, sizeof s);
	if (n < 0)
		return n;
	const char *p = sys_outside_root(s);
	n = strlen(p) + 1;
	if (b < (u64)n)
		return -ERANGE;
	return rt_write(a, p, n) ? n : -EFAULT;
}

/* --- descriptors --------------------------------------------------------------------------------------- */

/* dup2 onto itself is no error (dup3's is EINVAL) as long as the descriptor is open. */
SYS(dup2)
{
	if ((u32)a == (u32)b) {
		s64 r = host_call(__NR_fcntl, (s32)a, F_GETFD, 0);
		return r < 0 ? r : (s32)a;
	}
	return host_call(__NR_dup3, (s32)a, (s32)b, 0);
}

static s64 make_pipe(gaddr to, u32 flags)
{
	s32 fd[2];
	s64 r = host_call(__NR_pipe2, fd, flags);
	if (r < 0 || rt_put(to, &fd))
		return r;
	host_call(__NR_close, fd[0]);
	host_call(__NR_close, fd[1]);
	return -EFAULT;
}

SYS(pipe)  { return make_pipe(a, 0); }
SYS(pipe2) { return make_pipe(a, sys_oflags_in((u32)b)); }

SYS(fcntl)
{
	s64 r;
	switch ((s32)b) {
	case F_GETFL:
		r = host_call(__NR_fcntl, (s32)a, F_GETFL, 0);
		return r < 0 ? r : (s64)sys_oflags_out(r);
	case F_SETFL:
		return host_call(__NR_fcntl, (s32)a, F_SETFL, sys_oflags_in((u32)c));
	case F_SETLKW: case F_OFD_SETLKW:
		return host_call_blocking(t, __NR_fcntl, (s32)a, (s32)b, c, 0, 0, 0);
	}
	r = host_call(__NR_fcntl, (s32)a, (s32)b, c);
	if (r == -EFAULT && rt_smc_unprotect(c, 64))    /* struct flock and the like */
		r = host_call(__NR_fcntl, (s32)a, (s32)b, c);
	return r;
}

/* --- directories --------------------------------------------------------------------------------------- */

struct dirent64 { u64 ino; s64 off; u16 reclen; u8 type; char name[]; };

/* linux_dirent: ino, off, reclen, the name with its null, padding, and the type in the record's last byte: as long as the
 * linux_dirent64, so that it is changed in place. */
SYS(getdents)
{
	u8 buf[4096];
	u32 size = c;
	s64 n = host_call(__NR_getdents64, (s32)a, buf, size < sizeof buf ? size : sizeof buf);
	for (s64 i = 0; i < n;) {
		struct dirent64 *h = (void *)(buf + i);
		u8 type = h->type;
		u16 reclen = h->reclen;
		size_t len = strlen(h->name);
		memmove(buf + i + 18, h->name, len);
		memset(buf + i + 18 + len, 0, reclen - 18 - len);
		buf[i + reclen - 1] = type;
		i += reclen;
	}
	return n > 0 && !rt_write(b, buf, n) ? -EFAULT : n;
}
