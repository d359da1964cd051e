/* mount.c - shared directories by tag: virtiofs, else 9p. virtio 1.2, 5.11 (file system device); Linux: 9p.rst.
 *
 * virtiofs and 9p forget a file's pages whenever it is opened: used from the share itself, the translator would be read from the host
 * at each start of a program, and running ones would lose their pages. So a copy in memory covers it, which does not change when
 * the host's file does, either.
 *
 * A tag that is not there is an EINVAL of virtiofs and an ENOENT of 9p. Those that are there stand in sysfs: 9p's
 * always, virtiofs' since Linux 6.9; before that only the number of such devices can be told.
 */
#include "ctl/ctl.h"
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

enum { VIRTIO_ID_FS = 26 };

static size_t add(char *out, size_t size, size_t n, const char *type, char *tag)
{
	size_t len = strlen(out);

	tag[strcspn(tag, "\n")] = 0;
	snprintf(out + len, size - len, "%s%s (%s)", n ? ", " : "", tag, type);
	return n + 1;
}

/* Each FILE under a directory of DIR. */
static size_t tags_of(char *out, size_t size, size_t n, const char *type, const char *dir, const char *file)
{
	DIR *d = opendir(ctl_path("%s", dir));
	struct dirent *e;
	char tag[64];

	while (d && (e = readdir(d)))
		if (e->d_name[0] != '.' && ctl_read(ctl_path("%s/%s/%s", dir, e->d_name, file), tag, sizeof tag) > 0)
			n = add(out, size, n, type, tag);
	if (d)
		closedir(d);
	return n;
}

static int devices(unsigned id)
{
	DIR *d = opendir(ctl_path("/sys/bus/virtio/devices"));
	struct dirent *e;
	char text[32];
	int n = 0;

	while (d && (e = readdir(d)))
		if (e->d_name[0] != '.' &&
		    ctl_read(ctl_path("/sys/bus/virtio/devices/%s/device", e->d_name), text, sizeof text) > 0)
			n += strtoul(text, NULL, 0) == id;
	if (d)
		closedir(d);
	return n;
}

size_t tag_list(char *out, size_t size)
{
	size_t n, nine;
	int unnamed;

	out[0] = 0;
	n = tags_of(out, size, 0, "virtiofs", "/sys/fs/virtiofs", "tag");
	unnamed = devices(VIRTIO_ID_FS) - (int)n;
	nine = tags_of(out, size, n, "9p", "/sys/bus/virtio/devices", "mount_tag");
	if (unnamed > 0) {
		size_t len = strlen(out);

		snprintf(out + len, size - len, "%s%d over virtiofs whose tag this kernel does not tell",
			nine ? ", " : "", unnamed);
		nine += unnamed;
	}
	return nine;
}

static void unescape(char *s)                   /* \040 and its like, in mountinfo */
{
	char *to = s;

	for (; *s; s++) {
		unsigned c;

		if (*s == '\\' && sscanf(s + 1, "%3o", &c) == 1) {
			*to++ = c;
			s += 3;
		} else {
			*to++ = *s;
		}
	}
	*to = 0;
}

bool mount_at(const char *dir, char *type, size_t size)
{
	FILE *f = fopen(ctl_path("/proc/self/mountinfo"), "re");
	char *line = NULL, where[CTL_PATH], kind[64];
	const char *path = ctl_path("%s", dir);
	size_t room = 0;
	bool found = false;

	while (f && getline(&line, &room, f) > 0) {
		char *dash = strstr(line, " - ");

		if (!dash || sscanf(line, "%*s %*s %*s %*s %4095s", where) != 1 || sscanf(dash, " - %63s", kind) != 1)
			continue;
		unescape(where);
		if (strcmp(where, path))
			continue;
		found = true;
		if (type)
			snprintf(type, size, "%s", kind);
	}
	free(line);
	if (f)
		fclose(f);
	return found;
}

static int no_such_tag(const char *tag, int virtiofs, int ninep)
{
	char there[1024];

	if (tag_list(there, sizeof there))
		return ctl_refuse("no share has the tag %s (virtiofs: %s; 9p: %s); there is: %s", tag,
			strerror(virtiofs), strerror(ninep), there);
	return ctl_refuse("no share has the tag %s, and this machine has no share at all (virtiofs: %s; 9p: %s)", tag,
		strerror(virtiofs), strerror(ninep));
}

int mount_tag(const char *name, const char *tag, const char *dir, const char **type)
{
	static char there[64];
	char inside[CTL_PATH];
	const char *path;
	int virtiofs;

	if (mount_at(dir, there, sizeof there)) {
		*type = there;
		return CTL_OK;
	}
	snprintf(inside, sizeof inside, "%s/", dir);
	if (record_dirs(name, inside))
		return CTL_FAILED;
	path = ctl_path("%s", dir);
	*type = "virtiofs";
	if (mount(tag, path, "virtiofs", MS_NODEV, NULL) < 0) {
		virtiofs = errno;
		*type = "9p";
		if (mount(tag, path, "9p", MS_NODEV, CTL_9P) < 0)
			return no_such_tag(tag, virtiofs, errno);
	}
	return record_add(name, "mount", dir);
}

/* A file system in memory holds the copy; once that is mounted over the file, its own place goes away. */
static int cover(const char *file)
{
	const char *dir = ctl_path("/run/stele.copy"), *copy = ctl_path("/run/stele.copy/stele"), *over = ctl_path("%s", file);
	int e = 0;

	if ((mkdir(dir, 0700) < 0 && errno != EEXIST) || mount("stele", dir, "tmpfs", MS_NODEV, "mode=755") < 0)
		return errno;
	if (ctl_copy(over, copy, 0755) < 0 || mount(copy, over, NULL, MS_BIND, NULL) < 0)
		e = errno;
	umount2(dir, MNT_DETACH);
	rmdir(dir);
	return e;
}

int mount_copy(const char *name, const char *file)
{
	int e = cover(file);

	if (!e)
		return record_add(name, "mount", file);
	ctl_refuse("warning: no copy of %s in memory (%s): it is read from the host at every start", file, strerror(e));
	return CTL_OK;
}

void mount_uncover(const char *file)
{
	char type[64];

	if (mount_at(file, type, sizeof type) && !strcmp(type, "tmpfs"))
		umount2(ctl_path("%s", file), MNT_DETACH | UMOUNT_NOFOLLOW);
}
