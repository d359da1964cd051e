/* register.c - stelectl register, unregister: mount, look, tell the kernel, and make it last.
 *
 * What can be refused is refused before anything changes (a share's translator is seen only once it is mounted); what
 * fails later takes back what came before.
 */
#include "ctl/ctl.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#define DIR_ "/proc/sys/fs/binfmt_misc"

/* The module, and the kernel's interface to it. systemd's automount shows a register file without being mounted. */
static int need_binfmt(void)
{
	static const char *const modprobe[] = { "modprobe", "binfmt_misc", NULL };
	char out[16];

	if (binfmt_mounted())
		return CTL_OK;
	if (!*ctl.root)
		ctl_run(out, sizeof out, modprobe);
	if (!binfmt_supported())
		return ctl_refuse("this kernel has no binfmt_misc (CONFIG_BINFMT_MISC), not even as a module");
	if (mount("binfmt_misc", ctl_path(DIR_), "binfmt_misc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
		return ctl_refuse("binfmt_misc cannot be mounted on %s: %s", ctl_path(DIR_), strerror(errno));
	return record_add(ctl.name, "mount", DIR_);
}

static int is_registered(const struct handler *h)
{
	return ctl_refuse("%s is registered already, for %s (flags %s); --replace registers anew", h->name, h->interpreter,
		*h->flags ? h->flags : "none");
}

/* A handler of our name goes; one of another name that takes x86-64 files is put to sleep, and woken by unregister. */
static int others(void)
{
	struct handler same, *list;
	int n, r = CTL_OK;

	if (binfmt_get(&same, ctl.name)) {
		if (!ctl.replace)
			return is_registered(&same);
		if (ctl_put(ctl_path(DIR_ "/%s", ctl.name), "-1") < 0)
			return ctl_refuse("%s cannot be removed: %s", ctl.name, strerror(errno));
	}
	n = binfmt_list(&list);
	for (int i = 0; i < n && r == CTL_OK; i++) {
		if (!list[i].enabled)
			continue;
		if (!ctl.replace)
			r = ctl_refuse("x86-64 programs are taken by %s already (%s); --replace disables it", list[i].name, list[i].interpreter);
		else if (record_add(ctl.name, "disabled", list[i].name) || ctl_put(ctl_path(DIR_ "/%s", list[i].name), "0") < 0)
			r = ctl_refuse("%s cannot be disabled: %s", list[i].name, strerror(errno));
	}
	free(list);
	return r;
}

static int usable(const char *interpreter)
{
	char why[256], version[128];
	const char *path = ctl_path("%s", interpreter);

	if (translator_check(path, why, sizeof why))
		return ctl_refuse("the translator %s %s", interpreter, why);
	if (access(path, X_OK) < 0)
		return ctl_refuse("the translator %s may not be executed (is its file system mounted noexec?)", interpreter);
	if (!translator_version(path, version, sizeof version))
		return ctl_refuse("the translator %s does not run on this CPU and kernel; try: %s --version", interpreter, path);
	return CTL_OK;
}

static int register_it(const char *interpreter)
{
	char text[CTL_TEXT];
	const char *rule = binfmt_conf(text, sizeof text, ctl.name, ctl_path("%s", interpreter), ctl.flags);

	if (record_add(ctl.name, "entry", ctl.name))
		return CTL_FAILED;
	if (ctl_put(ctl_path(DIR_ "/register"), rule) < 0)
		return ctl_refuse("the kernel refuses to register %s: %s", interpreter, strerror(errno));
	return CTL_OK;
}

static int valid_words(char *tag, size_t size, const char **dir)
{
	char *colon = NULL;

	if (!binfmt_name_ok(ctl.name))
		return ctl_refuse("--name %s: not a name for a handler", ctl.name);
	if (!binfmt_flags_ok(ctl.flags))
		return ctl_refuse("--flags %s: flags are letters of POCF, each once", ctl.flags);
	if (!ctl.mount)
		return CTL_OK;
	snprintf(tag, size, "%s", ctl.mount);
	for (char *p = tag; (p = strstr(p, ":/")); p++)         /* the last: a tag may hold anything */
		colon = p;
	if (colon) {
		*colon = 0;
		*dir = colon + 1;
	}
	if (tag_accept("--mount", tag))
		return CTL_FAILED;
	if (!(*dir)[1] || (*dir)[strlen(*dir) - 1] == '/' || strpbrk(*dir, " \n:\\") || strstr(*dir, "//") || strstr(*dir, "/."))
		return ctl_refuse("--mount: %s: the directory is a plain absolute path without colons and spaces", *dir);
	if (ctl.persist && (!persist_takes(tag) || !persist_takes(*dir)))
		return ctl_refuse("--persist: a mount unit cannot be told the share %s", ctl.mount);
	return CTL_OK;
}

/* The one in place, if it can be used. */
static const char *installed(void)
{
	const char *t = translator_find();

	if (!t)
		ctl_refuse("no translator is installed; stelectl register --mount TAG takes it from a share, stelectl install copies one");
	return t && usable(t) == CTL_OK ? t : NULL;
}

static int work(const char *tag, const char *dir)
{
	const char *type = NULL, *interpreter;
	char in_share[CTL_PATH];

	if (need_binfmt() || others())
		return CTL_FAILED;
	if (ctl.mount) {
		if (mount_tag(ctl.name, tag, dir, &type))
			return CTL_FAILED;
		snprintf(in_share, sizeof in_share, "%s/stele", dir);
		interpreter = in_share;
		mount_uncover(interpreter);
		if (usable(interpreter) || mount_copy(ctl.name, interpreter))
			return CTL_FAILED;
	} else if (!(interpreter = installed())) {
		return CTL_FAILED;
	}
	if (ctl.persist && persist(ctl.name, interpreter, ctl.flags, ctl.mount ? tag : NULL, dir, type))
		return CTL_FAILED;
	if (register_it(interpreter))
		return CTL_FAILED;
	printf("%s is registered for x86-64 programs, flags %s: %s\n", ctl.name, ctl.flags, interpreter);
	return CTL_OK;
}

int cmd_register(void)
{
	char machine[64], tag[CTL_PATH] = "";
	struct handler h;
	const char *dir = CTL_MOUNT;

	if (valid_words(tag, sizeof tag, &dir) || !ctl_may_change("register"))
		return CTL_FAILED;
	if (!ctl_is_arm64(machine, sizeof machine))
		return ctl_refuse("this machine is %s: Stele runs x86-64 programs on 64-bit ARM (aarch64)", machine);
	if (!ctl.replace && binfmt_get(&h, ctl.name))
		return is_registered(&h);
	if (!ctl.mount && !installed())
		return CTL_FAILED;
	if (record_undo(ctl.name))              /* of an earlier boot or an earlier registration */
		return CTL_FAILED;
	if (work(tag, dir) == CTL_OK)
		return CTL_OK;
	record_undo(ctl.name);
	return CTL_FAILED;
}

/* An entry without a record comes from a package or from another hand; it goes too if it is a stele's. */
int cmd_unregister(void)
{
	bool recorded = record_exists(ctl.name);
	struct handler h;

	if (!binfmt_name_ok(ctl.name))
		return ctl_refuse("--name %s: not a name for a handler", ctl.name);
	if (!ctl_may_change("unregister"))
		return CTL_FAILED;
	if (!recorded && !binfmt_get(&h, ctl.name))
		return ctl_refuse("%s is not registered", ctl.name);
	if (!recorded && !h.stele)
		return ctl_refuse("%s is not Stele's: its interpreter is %s", ctl.name, h.interpreter);
	if (record_undo(ctl.name))
		return CTL_FAILED;
	if (binfmt_get(&h, ctl.name) && h.stele && ctl_put(ctl_path(DIR_ "/%s", ctl.name), "-1") < 0)
		return ctl_refuse("%s cannot be removed: %s", ctl.name, strerror(errno));
	printf("%s is no longer registered\n", ctl.name);
	return CTL_OK;
}
