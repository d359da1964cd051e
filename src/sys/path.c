/* path.c - the host's path for a guest's: the one place where -L and /proc/self/exe redirect.
 *
 * With -L DIR an absolute path means DIR/path if that exists, else the path itself. Symbolic links are followed here
 * and inside DIR (Debian's alternatives are absolute links), so that no link leads out of the root unseen. /proc, /sys
 * and /dev are always the host's. rt.root is absolute and has no slash at its end.
 */
#include "sys/abi.h"
#include <asm/unistd.h>

enum { MAX_LINKS = 40 };                /* as the kernel's MAXSYMLINKS */

static bool kernels_own(const char *path)
{
	static const char *const dirs[] = { "/proc", "/sys", "/dev" };
	for (size_t i = 0; i < countof(dirs); i++) {
		const char *rest = sys_after(path, dirs[i]);
		if (rest && (*rest == '/' || !*rest))
			return true;
	}
	return false;
}

/* Appends a component to out; "." and ".." are resolved, since every part before was: no link is left in it. */
static bool append(char *out, size_t root, size_t *n, const char *s, size_t len)
{
	if (len == 0 || (len == 1 && s[0] == '.'))
		return true;
	if (len == 2 && s[0] == '.' && s[1] == '.') {
		while (*n > root && out[--*n] != '/')
			;
		out[*n] = 0;
		return true;
	}
	if (*n + len + 2 > PATH_SIZE)
		return false;
	out[(*n)++] = '/';
	memcpy(out + *n, s, len);
	*n += len;
	out[*n] = 0;
	return true;
}

/* If out is a link: puts its target before what is left to do. False: too long or a loop. */
static bool expand(char *out, size_t root, size_t *n, size_t before, char *todo, const char **rest, int *links)
{
	char target[PATH_SIZE];
	s64 len = host_call(__NR_readlinkat, AT_FDCWD, out, target, sizeof target - 1);
	if (len <= 0)
		return true;
	size_t left = strlen(*rest);
	if (++*links > MAX_LINKS || len + left + 2 > PATH_SIZE)
		return false;
	memmove(todo + len + 1, *rest, left + 1);
	memcpy(todo, target, len);
	todo[len] = '/';
	*rest = todo;
	*n = target[0] == '/' ? root : before;
	out[*n] = 0;
	return true;
}

static bool exists(const char *path)
{
	char c;
	return host_call(__NR_faccessat, AT_FDCWD, path, 0) == 0 || host_call(__NR_readlinkat, AT_FDCWD, path, &c, 1) > 0;
}

/* Resolves path inside the root into out. False: there is nothing, or it cannot be said. */
static bool inside_root(const char *path, bool follow, char out[PATH_SIZE])
{
	char todo[PATH_SIZE];
	size_t root = strlen(rt.root), n = root;
	int links = 0;
	bool slash = path[strlen(path) - 1] == '/';
	if (strlen(path) >= PATH_SIZE || root >= PATH_SIZE)
		return false;
	memcpy(out, rt.root, root + 1);
	memcpy(todo, path, strlen(path) + 1);
	const char *s = todo;
	while (*s) {
		while (*s == '/')
			s++;
		size_t len = 0, before = n;
		while (s[len] && s[len] != '/')
			len++;
		if (!append(out, root, &n, s, len))
			return false;
		s += len;
		while (*s == '/')
			s++;
		bool last = !*s;
		if (n > before && (!last || follow || slash) && !expand(out, root, &n, before, todo, &s, &links))
			return false;
	}
	if (slash && n + 2 <= PATH_SIZE)
		out[n++] = '/', out[n] = 0;
	return exists(out);
}

const char *sys_host_path(int dirfd, const char *path, bool follow, char buf[PATH_SIZE])
{
	enum proc_file p = follow ? sys_proc_file(dirfd, path) : PROC_NOT;
	if (p == PROC_EXE)
		return sys_proc_exe(buf);
	const char *other = p == PROC_OTHER ? sys_proc_other_exe(dirfd, path, buf) : 0;
	if (other)
		return other;
	if (rt.root && path[0] == '/' && !kernels_own(path) && inside_root(path, follow, buf))
		return buf;
	return path;
}

const char *sys_outside_root(const char *path)
{
	const char *rest = rt.root ? sys_after(path, rt.root) : 0;
	return rest && *rest == '/' ? rest : rest && !*rest ? "/" : path;
}

u64 sys_path(int dirfd, gaddr path, bool follow, char buf[PATH_SIZE])
{
	char s[PATH_SIZE];
	if (rt_read_str(s, path, sizeof s) <= 0)
		return path;
	const char *r = sys_host_path(dirfd, s, follow, buf);
	if (r == s)
		return path;
	return (u64)r;
}
