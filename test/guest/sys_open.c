/* cflags: -D_GNU_SOURCE */
/* open(2)'s flags: the values that other architectures number otherwise, seen by what they do and through F_GETFL. */
#include "sys_raw.h"
#include <fcntl.h>
#include <sys/stat.h>

enum { X_DIRECT = 040000, X_LARGEFILE = 0100000, X_DIRECTORY = 0200000, X_NOFOLLOW = 0400000, X_CLOEXEC = 02000000,
       X_PATH = 010000000, X_TMPFILE = 020000000 | X_DIRECTORY };

/* Without O_LARGEFILE, which every 64-bit kernel sets and user-mode QEMU for ARM64 shows as O_NOFOLLOW. */
static long getfl(long fd)
{
	return raw(72, fd, F_GETFL) & ~(X_LARGEFILE | X_NOFOLLOW);
}

static void flags(const char *what, long fd)
{
	if (ok(what, fd) < 0)
		return;
	printf("  F_GETFL %lo F_GETFD %ld\n", getfl(fd), raw(72, fd, F_GETFD));
	close(fd);
}

int main(void)
{
	work();
	umask(0);
	mkdir("dir", 0700);
	flags("creat", raw(85, "file", 0600));
	if (symlink("file", "link") || symlink("dir", "dlink"))
		return 1;
	flags("open", raw(2, "file", O_RDWR));
	flags("open largefile", raw(2, "file", X_LARGEFILE));
	flags("open append nonblock cloexec", raw(2, "file", O_WRONLY | O_APPEND | O_NONBLOCK | X_CLOEXEC));
	flags("open sync", raw(2, "file", O_WRONLY | 04010000));
	flags("open directory", raw(2, "dir", X_DIRECTORY));
	flags("open directory on a file", raw(2, "file", X_DIRECTORY));
	flags("open directory through a link", raw(2, "dlink", X_DIRECTORY));
	flags("open nofollow", raw(2, "file", X_NOFOLLOW));
	flags("open nofollow on a link", raw(2, "link", X_NOFOLLOW));
	flags("open path nofollow on a link", raw(2, "link", X_PATH | X_NOFOLLOW));
	flags("open directory nofollow on a link", raw(2, "dlink", X_DIRECTORY | X_NOFOLLOW));
	flags("open tmpfile", raw(2, ".", X_TMPFILE | O_RDWR, 0600));
	flags("open creat excl", raw(2, "file", O_CREAT | O_EXCL | O_RDWR, 0600));
	flags("open writing a directory", raw(2, "dir", O_RDWR));
	flags("openat", raw(257, AT_FDCWD, "file", O_RDONLY));
	long d = raw(257, GARBAGE(AT_FDCWD), "dir", GARBAGE(X_DIRECTORY | X_PATH));
	flags("openat relative", raw(257, d, "../file", O_RDONLY));
	flags("openat mode", raw(257, GARBAGE(d), "new", GARBAGE(O_CREAT | O_WRONLY), GARBAGE(0640)));
	struct stat st;
	if (!stat("dir/new", &st))
		printf("  mode %o\n", st.st_mode);

	uint64_t how[4] = { X_DIRECTORY | X_CLOEXEC, 0, 0, 0 };
	flags("openat2 directory", raw(437, AT_FDCWD, "dir", how, 24));
	flags("openat2 directory on a file", raw(437, AT_FDCWD, "file", how, 24));
	how[0] = X_NOFOLLOW;
	flags("openat2 nofollow on a link", raw(437, AT_FDCWD, "link", how, 24));
	how[0] = 0;
	how[2] = 4;
	flags("openat2 no symlinks", raw(437, AT_FDCWD, "link", how, 24));
	how[2] = 0;
	flags("openat2 larger, zero", raw(437, AT_FDCWD, "file", how, 32));
	how[3] = 1;
	flags("openat2 larger, not zero", raw(437, AT_FDCWD, "file", how, 32));
	flags("openat2 too small", raw(437, AT_FDCWD, "file", how, 16));
	flags("openat2 nowhere", raw(437, AT_FDCWD, "file", BAD, 24));

	int p[2];
	show("pipe2 direct", raw(293, p, X_DIRECT | O_NONBLOCK));
	printf("  F_GETFL %lo %lo\n", getfl(p[0]), getfl(p[1]));
	show("F_SETFL", raw(72, p[1], F_SETFL, O_APPEND));
	printf("  F_GETFL %lo\n", getfl(p[1]));
	show("F_SETFL direct", raw(72, p[1], F_SETFL, X_DIRECT));
	printf("  F_GETFL %lo\n", getfl(p[1]));
	show("pipe2 bad flags", raw(293, p, X_NOFOLLOW));
	show("pipe2 nowhere", raw(293, BAD, 0));
	int q = dup(0);
	check("no descriptor lost", q == p[1] + 1 || q < p[1]);
	show("mq_open", raw(240, "/stele-none" + 1, O_RDONLY, 0, 0));

	struct flock fl = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 3, .l_len = 5 };
	int fd = open("file", O_RDWR);
	show("F_SETLK", raw(72, fd, F_SETLK, &fl));
	fl.l_pid = 0;
	show("F_OFD_GETLK", raw(72, fd, F_OFD_GETLK, &fl));
	printf("  type %d start %ld len %ld\n", fl.l_type, (long)fl.l_start, (long)fl.l_len);

	unlink("dir/new");
	rmdir("dir");
	unlink("file");
	unlink("link");
	unlink("dlink");
	leave();
	return 0;
}
