/* file.c - the files that guest maps show, one entry a file, found by device and inode. Under mem.lock, except where
 * it says otherwise; the list is short, since a process maps tens of files. */
#include "rt/file.h"
#include "rt/mem_int.h"
#include <linux/magic.h>
#include <linux/stat.h>

struct host_stat {                      /* ARM64's struct stat */
	u64 dev, ino; u32 mode, nlink, uid, gid; u64 rdev, pad; s64 size; s32 blksize, pad2; s64 blocks;
	s64 atime, atime_ns, mtime, mtime_ns, ctime, ctime_ns; u32 unused[2];
};
struct host_statfs { s64 type, bsize, blocks, bfree, bavail, files, ffree; s32 fsid[2]; s64 namelen, frsize, flags, spare[4]; };

enum { FILE_NOEXEC = 1, FILE_MEMORY = 2, FILE_NSCD = 4, FILE_DEVICE = 8 };
#define ST_NOEXEC 8

static struct mfile *files;

void map_file_ref(struct mfile *f, int by)
{
	static struct mfile *gone[64];          /* for a while, since rt_vma gives paths away */
	static u32 next;
	struct mfile **p;

	f->refs += by;
	if (f->refs) return;
	for (p = &files; *p != f; p = &(*p)->next);
	*p = f->next;
	if (gone[next]) rt_free(gone[next], gone[next]->size);
	gone[next] = f;
	next = (next + 1) % countof(gone);
}

void mem_file_put(struct mfile *f) { if (f) map_file_ref(f, -1); }

static struct mfile *find(u64 dev, u64 ino)
{
	struct mfile *f = files;

	while (f && (f->ino != ino || f->dev != dev)) f = f->next;
	return f;
}

/* A new entry, not yet in the list. No lock is held. */
static struct mfile *make(int fd, const struct host_stat *st)
{
	static const char nscd[] = "/var/cache/nscd/", nscd2[] = "/run/nscd/", nscd3[] = "/var/run/nscd/";
	char link[40], path[4096];
	struct host_statfs fs = { 0 };
	struct mfile *f;
	s64 n;

	rt_format(link, sizeof link, "/proc/self/fd/%d", fd);
	n = host_call(__NR_readlinkat, -100 /* AT_FDCWD */, link, path, sizeof path - 1);
	path[n > 0 ? n : 0] = 0;
	host_call(__NR_fstatfs, fd, &fs);
	f = rt_alloc(sizeof *f + strlen(path) + 1);
	if (!f) return 0;
	f->size = sizeof *f + strlen(path) + 1;
	f->dev = st->dev;
	f->ino = st->ino;
	memcpy(f->path, path, strlen(path) + 1);
	if (fs.flags & ST_NOEXEC) f->flags |= FILE_NOEXEC;
	if (fs.type == TMPFS_MAGIC || fs.type == HUGETLBFS_MAGIC) f->flags |= FILE_MEMORY;
	if (!strncmp(path, nscd, sizeof nscd - 1) || !strncmp(path, nscd2, sizeof nscd2 - 1) ||
	    !strncmp(path, nscd3, sizeof nscd3 - 1))
		f->flags |= FILE_NSCD;
	/* /dev/zero's maps are plain memory */
	if ((st->mode & S_IFMT) != S_IFREG && !((st->mode & S_IFMT) == S_IFCHR && st->rdev == 0x105))
		f->flags |= FILE_DEVICE;
	return f;
}

static bool writable_here(const struct mfile *f)
{
	for (u32 i = 0; i < mem.maps.n; i++)
		if (mem.maps.v[i].file == f && mem.maps.v[i].flags & MF_SHARED && mem.maps.v[i].prot & PROT_WRITE)
			return true;
	return false;
}

s64 mem_file_get(int fd, u32 prot, u32 flags, struct mfile **out, u16 *mf)
{
	struct host_stat st;
	struct mfile *f, *made = 0;
	bool shared = (flags & MAP_TYPE) != MAP_PRIVATE, seen = false;
	s64 r = host_call(__NR_fstat, fd, &st), mode = 0;

	if (r) return r;
	if (shared) {
		mode = host_call(__NR_fcntl, fd, 3 /* F_GETFL */, 0);
		if (mode < 0) return mode;
	}
	rt_lock(&mem.lock);
	f = find(st.dev, st.ino);
	if (!f) {
		rt_unlock(&mem.lock);
		made = make(fd, &st);
		if (!made) return -ENOMEM;
		rt_lock(&mem.lock);
		f = find(st.dev, st.ino);               /* another thread may have been faster */
		if (!f) {
			f = made;
			made = 0;
			f->next = files;
			files = f;
		}
	}
	f->refs++;
	if (shared) seen = (mode & 3) == 2 /* O_RDWR */ || f->flags & (FILE_MEMORY | FILE_NSCD | FILE_DEVICE) || writable_here(f);
	else seen = f->flags & FILE_DEVICE;
	*mf = (f->flags & FILE_NOEXEC ? MF_MAYNOTEXEC : 0) | (seen ? MF_SELFCHECK : 0) |
	      (shared && (mode & 3) == 0 /* O_RDONLY */ ? MF_MAYNOTWRITE : 0);
	r = prot & PROT_EXEC && f->flags & FILE_NOEXEC ? -EPERM : 0;
	if (r) map_file_ref(f, -1);
	*out = r ? 0 : f;
	rt_unlock(&mem.lock);
	if (made) rt_free(made, made->size);
	return r;
}
