/* persist.c - what makes a registration survive a restart: systemd's binfmt.d and mount unit, binfmt-support's file.
 *
 * binfmt.d(5), systemd.mount(5), systemd-escape(1), update-binfmts(8). The unit is ordered before systemd-binfmt, which
 * opens the interpreter (flag F); it is only wanted, so a share that is missing does not stop the machine's start.
 */
#include "ctl/ctl.h"
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

/* The unit's name for a directory: its slashes become dashes, other bytes are escaped. */
static void unit_name(char *out, size_t size, const char *dir)
{
	size_t n = 0;

	for (const char *s = dir + 1; *s && n + 5 < size; s++)
		if (*s == '/')
			out[n++] = '-';
		else if (isalnum((u8)*s) || *s == '_' || *s == ':' || (*s == '.' && s != dir + 1))
			out[n++] = *s;
		else
			n += snprintf(out + n, size - n, "\\x%02x", (u8)*s);
	out[n] = 0;
}

static int mount_unit(const char *name, const char *tag, const char *dir, const char *type)
{
	char text[CTL_TEXT], unit[CTL_PATH], path[CTL_PATH + 64], link[CTL_PATH + 128];

	unit_name(unit, sizeof unit, dir);
	snprintf(text, sizeof text,
		"# Written by stelectl register --persist; stelectl unregister removes it.\n"
		"[Unit]\nDescription=The share with Stele\nDefaultDependencies=no\n"
		"After=systemd-modules-load.service\n"
		"Conflicts=umount.target\nBefore=local-fs.target umount.target systemd-binfmt.service\n\n"
		"[Mount]\nWhat=%s\nWhere=%s\nType=%s\nOptions=nodev%s\n\n"
		"[Install]\nWantedBy=local-fs.target\n",
		tag, dir, type, strcmp(type, "9p") ? "" : ",trans=virtio,version=9p2000.L,msize=524288");
	snprintf(path, sizeof path, "/etc/systemd/system/%s.mount", unit);
	if (record_file(name, path, text))
		return CTL_FAILED;
	snprintf(link, sizeof link, "/etc/systemd/system/local-fs.target.wants/%s.mount", unit);
	if (record_dirs(name, link) || record_add(name, "link", link))
		return CTL_FAILED;
	if (symlink(path, ctl_path("%s", link)) < 0 && errno != EEXIST)
		return ctl_refuse("%s: %s", link, strerror(errno));
	return CTL_OK;
}

/* update-binfmts(8), --import: one word and its value per line. C makes the kernel do O as well. */
static int binfmt_support(const char *name, const char *interpreter, const char *flags)
{
	char text[CTL_TEXT], path[CTL_PATH];

	snprintf(text, sizeof text, "package stele\ninterpreter %s\nmagic %s\nmask %s\noffset 0\n%s%s%s", interpreter,
		binfmt_magic, binfmt_mask, strchr(flags, 'C') ? "credentials yes\n" : "",
		strchr(flags, 'P') ? "preserve yes\n" : "", strchr(flags, 'F') ? "fix_binary yes\n" : "");
	snprintf(path, sizeof path, "/usr/share/binfmts/%s", name);
	return record_file(name, path, text);
}

int persist(const char *name, const char *interpreter, const char *flags, const char *tag, const char *dir, const char *type)
{
	char line[CTL_TEXT], path[CTL_PATH];
	size_t n;

	if (tag && mount_unit(name, tag, dir, type))
		return CTL_FAILED;
	snprintf(line, sizeof line, "# Written by stelectl register --persist; stelectl unregister removes it.\n");
	n = strlen(line);
	binfmt_line(line + n, sizeof line - n - 1, name, interpreter, flags);
	strcat(line, "\n");
	snprintf(path, sizeof path, "/etc/binfmt.d/%s.conf", name);
	if (record_file(name, path, line))
		return CTL_FAILED;
	if (access(ctl_path("/usr/sbin/update-binfmts"), X_OK) == 0)
		return binfmt_support(name, interpreter, flags);
	return CTL_OK;
}
