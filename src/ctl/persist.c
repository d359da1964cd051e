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

static int mount_unit(const char *name, const char *tag, const char *dir, const char *type)
{
	char text[CTL_TEXT], unit[CTL_PATH], path[CTL_PATH + 64], link[CTL_PATH + 128];

	unit_name(unit, sizeof unit, dir);
	template_fill(text, sizeof text, guest_share_mount, (struct value[]){ { "written", CTL_WRITTEN }, { "tag", tag }, { "dir", dir },
		{ "type", type }, { "options", strcmp(type, "9p") ? "nodev" : "nodev," CTL_9P }, { 0 } });
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

	if (tag && mount_unit(name, tag, dir, type))
		return CTL_FAILED;
	binfmt_conf(text, sizeof text, name, interpreter, flags);
	snprintf(path, sizeof path, "/etc/binfmt.d/%s.conf", name);
	if (record_file(name, path, text))
		return CTL_FAILED;
	if (access(ctl_path("/usr/sbin/update-binfmts"), X_OK) == 0)
		return binfmt_support(name, interpreter, flags);
	return CTL_OK;
}
