/* record.c - what was changed is written down before or as it happens, and taken back from there, last first.
 *
 * /var/lib/stele/NAME has a line for each change: KIND ARGUMENT. A file carries its text's hash: one that somebody has
 * edited since is theirs, and is left with a word about it. What is gone already needs no undoing.
 */
#include "ctl/ctl.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *record_path(const char *name)
{
	return ctl_path("/var/lib/stele/%s", name);
}

bool record_exists(const char *name)
{
	return access(record_path(name), F_OK) == 0;
}

int record_add(const char *name, const char *kind, const char *argument)
{
	const char *path = record_path(name);
	FILE *f = ctl_make_parents(path) < 0 ? NULL : fopen(path, "ae");
	bool ok = f && fprintf(f, "%s %s\n", kind, argument) > 0;

	if ((f && fclose(f)) || !ok)
		return ctl_refuse("%s: %s", path, strerror(errno));
	return CTL_OK;
}

int record_dirs(const char *name, const char *path)
{
	char dir[CTL_PATH];

	snprintf(dir, sizeof dir, "%s", path);
	for (char *p = dir + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = 0;
		if (mkdir(ctl_path("%s", dir), 0755) == 0) {
			if (record_add(name, "dir", dir))
				return CTL_FAILED;
		} else if (errno != EEXIST) {
			return ctl_refuse("%s: %s", dir, strerror(errno));
		}
		*p = '/';
	}
	return CTL_OK;
}

/* FNV-1a, to notice an edit, not an attack: only root writes here. */
static u64 hash_of(const char *text, size_t n)
{
	u64 h = 0xcbf29ce484222325;

	for (size_t i = 0; i < n; i++)
		h = (h ^ (u8)text[i]) * 0x100000001b3;
	return h;
}

int record_file(const char *name, const char *path, const char *text)
{
	char line[CTL_PATH + 32];

	if (access(ctl_path("%s", path), F_OK) == 0 && !ctl.replace)
		return ctl_refuse("%s is there already, and not from here: move it away, or say --replace", path);
	snprintf(line, sizeof line, "%016llx %s", (unsigned long long)hash_of(text, strlen(text)), path);
	if (record_dirs(name, path) || record_add(name, "file", line))
		return CTL_FAILED;
	if (ctl_write(ctl_path("%s", path), text, strlen(text), 0644) < 0)
		return ctl_refuse("%s: %s", path, strerror(errno));
	return CTL_OK;
}

/* ---- taking back ---- */

static int gone(const char *path, int r)
{
	if (r == 0 || errno == ENOENT)
		return CTL_OK;
	return ctl_refuse("%s: %s", path, strerror(errno));
}

static int undo_file(const char *argument)
{
	char text[CTL_TEXT];
	u64 hash = strtoull(argument, NULL, 16);
	const char *path = argument + 17;
	ssize_t n = ctl_read(ctl_path("%s", path), text, sizeof text);

	if (n >= 0 && hash_of(text, n) != hash) {
		fprintf(stderr, "stelectl: %s has been edited: left as it is\n", path);
		return CTL_OK;
	}
	return gone(path, unlink(ctl_path("%s", path)));
}

static int undo_mount(const char *dir)
{
	const char *path = ctl_path("%s", dir);

	if (!mount_at(dir, NULL, 0) || umount2(path, UMOUNT_NOFOLLOW) == 0)
		return CTL_OK;
	return ctl_refuse("%s cannot be unmounted: %s", dir, strerror(errno));
}

/* A directory that somebody has put something into stays. */
static int undo_dir(const char *dir)
{
	if (rmdir(ctl_path("%s", dir)) < 0 && errno != ENOENT && errno != ENOTEMPTY && errno != EEXIST && errno != EBUSY)
		return ctl_refuse("%s: %s", dir, strerror(errno));
	return CTL_OK;
}

static int undo_link(const char *path)
{
	return gone(path, unlink(ctl_path("%s", path)));
}

/* Somebody else may have registered that name since: an interpreter that is not called stele is not ours. */
static int undo_entry(const char *name)
{
	struct handler h;

	if (!binfmt_get(&h, name) || !h.stele)
		return CTL_OK;
	return gone(name, ctl_put(ctl_path("/proc/sys/fs/binfmt_misc/%s", name), "-1"));
}

static int undo_disabled(const char *name)
{
	return gone(name, ctl_put(ctl_path("/proc/sys/fs/binfmt_misc/%s", name), "1"));
}

static int undo_installed(const char *path)
{
	return gone(path, unlink(ctl_path("%s", path)));
}

static const struct { const char *kind; int (*undo)(const char *argument); } kinds[] = {
	{ "file",      undo_file },             /* HASH PATH */
	{ "link",      undo_link },
	{ "installed", undo_installed },
	{ "dir",       undo_dir },
	{ "mount",     undo_mount },
	{ "entry",     undo_entry },
	{ "disabled",  undo_disabled },
};

static int undo_line(char *line)
{
	char *argument = strchr(line, ' ');

	for (size_t i = 0; argument && i < countof(kinds); i++)
		if (!strncmp(line, kinds[i].kind, argument - line) && !kinds[i].kind[argument - line])
			return kinds[i].undo(argument + 1);
	return ctl_refuse("a line of the record that is not understood: %s", line);
}

int record_undo(const char *name)
{
	static char text[1 << 16];
	int r = CTL_OK;
	ssize_t n = ctl_read(record_path(name), text, sizeof text);

	if (n < 0)
		return errno == ENOENT ? CTL_OK : ctl_refuse("%s: %s", record_path(name), strerror(errno));
	while (n > 0) {
		if (text[n - 1] == '\n')
			text[--n] = 0;
		while (n > 0 && text[n - 1] != '\n')
			n--;
		if (undo_line(text + n))
			r = CTL_FAILED;
		text[n] = 0;
	}
	if (r == CTL_OK) {
		unlink(record_path(name));
		rmdir(ctl_path("/var/lib/stele"));
	}
	return r;
}
