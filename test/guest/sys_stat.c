/* cflags: -D_GNU_SOURCE */
/* stat(2) and its family: x86-64's layout, nothing written beyond it, and errors. */
#include "sys_raw.h"
#include <fcntl.h>
#include <sys/stat.h>

struct x86_stat {
	uint64_t dev, ino, nlink;
	uint32_t mode, uid, gid, pad;
	uint64_t rdev;
	int64_t size, blksize, blocks, atime, atimensec, mtime, mtimensec, ctime, ctimensec, unused[3];
};
static struct { struct x86_stat s; unsigned char guard[64]; } buf;

static void print(const char *what, long r)
{
	int clean = 1;
	struct x86_stat *s = &buf.s;
	if (show(what, r) < 0)
		return;
	printf("  mode %o nlink %lu size %ld rdev %lx uid %d gid %d blocks %ld blksize %s\n", s->mode, s->nlink, s->size,
	       s->rdev, s->uid == geteuid(), s->gid == getegid(), s->blocks, s->blksize >= 512 ? "sane" : "odd");
	printf("  atime %ld.%09ld mtime %ld.%09ld ctime %s pad %u unused %ld\n", s->atime, s->atimensec, s->mtime, s->mtimensec,
	       s->ctime > 1500000000 ? "sane" : "odd", s->pad, s->unused[0] | s->unused[1] | s->unused[2]);
	for (size_t i = 0; i < sizeof buf.guard; i++)
		clean &= buf.guard[i] == 0xa5;
	check("  nothing behind it", clean);
	memset(&buf, 0xa5, sizeof buf);
}

int main(void)
{
	work();
	umask(022);
	memset(&buf, 0xa5, sizeof buf);
	int fd = open("file", O_CREAT | O_RDWR, 0640);
	struct timespec ts[2] = { { 1000000001, 123456789 }, { -5, 999999999 } };
	if (write(fd, "hello", 5) != 5 || futimens(fd, ts) || symlink("file", "link") || link("file", "second"))
		return 1;
	print("stat", raw(4, "file", &buf));
	print("stat link", raw(4, "link", &buf));
	print("fstat", raw(5, fd, &buf));
	print("newfstatat", raw(262, AT_FDCWD, "second", &buf, 0));
	print("newfstatat empty", raw(262, fd, "", &buf, AT_EMPTY_PATH));
	show("lstat link", raw(6, "link", &buf));
	printf("  mode %o size %ld\n", buf.s.mode, buf.s.size);
	show("newfstatat nofollow", raw(262, AT_FDCWD, "link", &buf, AT_SYMLINK_NOFOLLOW));
	printf("  mode %o size %ld\n", buf.s.mode, buf.s.size);
	show("stat /dev/null", raw(4, "/dev/null", &buf));
	printf("  mode %o rdev %lx\n", buf.s.mode, buf.s.rdev);
	show("stat missing", raw(4, "missing", &buf));
	show("stat under a file", raw(4, "file/x", &buf));
	show("stat empty", raw(4, "", &buf));
	show("stat NULL", raw(4, 0, &buf));
	show("stat to nowhere", raw(4, "file", BAD));
	show("fstat closed", raw(5, 999, &buf));
	show("newfstatat bad flags", raw(262, AT_FDCWD, "file", &buf, 0x80));

	unsigned char x[512];
	memset(x, 0xa5, sizeof x);
	show("statx", raw(332, AT_FDCWD, "file", 0, 0x7ff, x));
	printf("  mode %o size %lu guard %x\n", *(uint16_t *)(x + 28), *(uint64_t *)(x + 40), x[256]);
	show("statx to nowhere", raw(332, AT_FDCWD, "file", 0, 0x7ff, BAD));
	unlink("file");
	unlink("link");
	unlink("second");
	leave();
	return 0;
}
