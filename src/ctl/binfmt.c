/* binfmt.c - the kernel's binfmt_misc: what takes x86-64 files, and the line that makes Stele do so.
 *
 * Whether a handler takes x86-64 files is asked as the kernel asks it, of the headers of a program at a fixed address
 * and of a position-independent one: a name or an interpreter says nothing about it.
 * Linux: Documentation/admin-guide/binfmt-misc.rst.
 */
#include "ctl/ctl.h"
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#define DIR_ "/proc/sys/fs/binfmt_misc"

/* What modprobe knows of: a module of this kernel, or a part of it. */
static bool known_module(void)
{
	static const char *const lists[] = { "modules.dep", "modules.builtin" };
	char release[256], *line = NULL;
	struct utsname u;
	size_t size = 0;
	bool found = false;

	if (ctl_read(ctl_path("/proc/sys/kernel/osrelease"), release, sizeof release) < 0)
		snprintf(release, sizeof release, "%s", uname(&u) ? "" : u.release);
	release[strcspn(release, "\n")] = 0;
	for (size_t i = 0; i < countof(lists); i++) {
		FILE *f = fopen(ctl_path("/lib/modules/%s/%s", release, lists[i]), "re");

		while (f && !found && getline(&line, &size, f) > 0) {
			char *file = line;

			line[strcspn(line, ":\n")] = 0;
			file = strrchr(line, '/');
			found = file && !strncmp(file, "/binfmt_misc.ko", 15);
		}
		if (f)
			fclose(f);
	}
	free(line);
	return found;
}

bool binfmt_mounted(void)
{
	return access(ctl_path(DIR_ "/register"), F_OK) == 0;
}

bool binfmt_supported(void)
{
	char all[CTL_TEXT];

	return binfmt_mounted() ||
		(ctl_read(ctl_path("/proc/filesystems"), all, sizeof all) > 0 && strstr(all, "\tbinfmt_misc\n")) ||
		known_module();
}

bool binfmt_enabled(void)
{
	char status[32];

	return ctl_read(ctl_path(DIR_ "/status"), status, sizeof status) > 0 && !strncmp(status, "enabled", 7);
}

/* ---- an entry, as the kernel shows it ---- */

enum { HEADER = 64, SHOWN = 256 };

static size_t bytes(u8 *out, const char *hex)
{
	size_t n = 0;
	unsigned x;

	while (n < SHOWN && sscanf(hex + 2 * n, "%2x", &x) == 1)
		out[n++] = x;
	return n;
}

static bool takes(const u8 *magic, const u8 *mask, size_t n, size_t offset, u8 type)
{
	u8 header[HEADER] = { 0x7f, 'E', 'L', 'F', 2, 1, 1, [16] = type, [18] = 62, [20] = 1, [52] = 64, [54] = 56, [56] = 1 };

	if (offset + n > sizeof header)
		return false;
	for (size_t i = 0; i < n; i++)
		if ((header[offset + i] ^ magic[i]) & mask[i])
			return false;
	return true;
}

bool binfmt_parse(struct handler *h, const char *text)
{
	u8 magic[SHOWN], mask[SHOWN];
	size_t n = 0, offset = 0;
	const char *base;

	memset(mask, 255, sizeof mask);
	h->interpreter[0] = h->flags[0] = 0;
	h->enabled = !strncmp(text, "enabled\n", 8);
	for (const char *s = text; *s; s += strcspn(s, "\n"), s += *s == '\n') {
		int len = strcspn(s, "\n");

		if (!strncmp(s, "interpreter ", 12))
			snprintf(h->interpreter, sizeof h->interpreter, "%.*s", len - 12, s + 12);
		else if (!strncmp(s, "flags: ", 7))
			snprintf(h->flags, sizeof h->flags, "%.*s", len - 7, s + 7);
		else if (!strncmp(s, "offset ", 7))
			offset = strtoul(s + 7, NULL, 10);
		else if (!strncmp(s, "magic ", 6))
			n = bytes(magic, s + 6);
		else if (!strncmp(s, "mask ", 5))
			bytes(mask, s + 5);
	}
	base = strrchr(h->interpreter, '/');
	h->stele = base && !strcmp(base, "/stele");
	h->x86_64 = n && (takes(magic, mask, n, offset, 2) || takes(magic, mask, n, offset, 3));
	return h->interpreter[0];
}

bool binfmt_get(struct handler *h, const char *name)
{
	char text[CTL_TEXT];

	snprintf(h->name, sizeof h->name, "%s", name);
	return ctl_read(ctl_path(DIR_ "/%s", name), text, sizeof text) > 0 && binfmt_parse(h, text);
}

int binfmt_list(struct handler **list)
{
	DIR *d = opendir(ctl_path(DIR_));
	struct dirent *e;
	int n = 0;

	*list = NULL;
	if (!d)
		return -1;
	while ((e = readdir(d))) {
		struct handler h, *more;

		if (e->d_name[0] == '.' || !strcmp(e->d_name, "register") || !strcmp(e->d_name, "status"))
			continue;
		if (!binfmt_get(&h, e->d_name) || !h.x86_64)
			continue;
		if (!(more = realloc(*list, (n + 1) * sizeof h)))
			abort();
		*list = more;
		more[n++] = h;
	}
	closedir(d);
	return n;
}

bool binfmt_name_ok(const char *name)
{
	return *name && *name != '.' && strlen(name) < 64 && !strpbrk(name, "/:\n\"\\ ") &&
		strcmp(name, "register") && strcmp(name, "status");
}

bool binfmt_flags_ok(const char *flags)
{
	for (const char *s = flags; *s; s++)
		if (!strchr("POCF", *s) || strchr(s + 1, *s))
			return false;
	return true;
}

char *binfmt_conf(char *out, size_t size, const char *name, const char *interpreter, const char *flags)
{
	template_fill(out, size, guest_binfmt_conf, (struct value[]){
		{ "written", CTL_WRITTEN }, { "name", name }, { "interpreter", interpreter }, { "flags", flags }, { 0 } });
	return strstr(out, "\n:") + 1;
}
