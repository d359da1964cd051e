/* persist.c - what makes a registration survive a restart: systemd's binfmt.d and mount unit, binfmt-support's file. guest/ has them.
 *
 * binfmt.d(5), systemd.mount(5), systemd-escape(1), update-binfmts(8).
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

/* In a unit's value % begins a specifier, $ a variable, a backslash at the end goes on; blanks around it are dropped. */
bool persist_takes(const char *word)
{
	return quote_is_text(word) && !strpbrk(word, "%$\\") && *word != ' ' && (!*word || word[strlen(word) - 1] != ' ');
}

/* A unit, and the link by which WANTING wants it. */
static int unit(const char *name, const char *file, const char *wanting, const char *text)
{
	char path[CTL_PATH + 64], link[CTL_PATH + 128];

	snprintf(path, sizeof path, "/etc/systemd/system/%s", file);
	if (record_file(name, path, text))
		return CTL_FAILED;
	snprintf(link, sizeof link, "/etc/systemd/system/%s.wants/%s", wanting, file);
	if (record_dirs(name, link) || record_add(name, "link", link))
		return CTL_FAILED;
	if (symlink(path, ctl_path("%s", link)) < 0 && errno != EEXIST)
		return ctl_refuse("%s: %s", link, strerror(errno));
	return CTL_OK;
}

static int share_units(const char *name, const char *tag, const char *dir, const char *type)
{
	char text[CTL_TEXT], mount[CTL_PATH], copy[128];
	const struct value values[] = { { "written", CTL_WRITTEN }, { "tag", tag }, { "dir", dir }, { "type", type },
		{ "options", strcmp(type, "9p") ? "nodev" : "nodev," CTL_9P }, { 0 } };

	unit_name(mount, sizeof mount - 8, dir);
	strcat(mount, ".mount");
	template_fill(text, sizeof text, guest_share_mount, values);
	if (unit(name, mount, "local-fs.target", text))
		return CTL_FAILED;
	snprintf(copy, sizeof copy, "%s-copy.service", name);
	template_fill(text, sizeof text, guest_share_copy_service, values);
	return unit(name, copy, "systemd-binfmt.service", text);
}

/* update-binfmts(8), --import: one word and its value per line. C makes the kernel do O as well. */
static int binfmt_support(const char *name, const char *interpreter, const char *flags)
{
	char text[CTL_TEXT], path[CTL_PATH];
	const char *words[] = { "C", "P", "F" };
	struct value values[countof(words) + 2] = { { "interpreter", interpreter } };

	for (size_t i = 0; i < countof(words); i++)
		values[i + 1] = (struct value){ words[i], strstr(flags, words[i]) ? "yes" : "no" };
	template_fill(text, sizeof text, guest_binfmts, values);
	snprintf(path, sizeof path, "/usr/share/binfmts/%s", name);
	return record_file(name, path, text);
}

int persist(const char *name, const char *interpreter, const char *flags, const char *tag, const char *dir, const char *type)
{
	char text[CTL_TEXT], path[CTL_PATH];

	if (tag && share_units(name, tag, dir, type))
		return CTL_FAILED;
	binfmt_conf(text, sizeof text, name, interpreter, flags);
	snprintf(path, sizeof path, "/etc/binfmt.d/%s.conf", name);
	if (record_file(name, path, text))
		return CTL_FAILED;
	if (access(ctl_path("/usr/sbin/update-binfmts"), X_OK) == 0)
		return binfmt_support(name, interpreter, flags);
	return CTL_OK;
}
