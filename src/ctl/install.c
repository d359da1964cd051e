/* install.c - stelectl install, uninstall, availability: the translator's own file, from a share or a directory. */
#include "ctl/ctl.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RECORD ".installed"             /* no handler's name begins with a dot */

static bool agreed(const char *question)
{
	char answer[16];

	if (ctl.yes)
		return true;
	fprintf(stderr, "%s [y/N] ", question);
	return fgets(answer, sizeof answer, stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}

/* A file, a directory with one named stele, or what is mounted or packaged. */
static const char *source(char *out, size_t size)
{
	static const char *const places[] = { CTL_MOUNT "/stele", CTL_PACKAGED };
	struct stat st;

	if (ctl.from) {
		bool dir = stat(ctl.from, &st) == 0 && S_ISDIR(st.st_mode);

		snprintf(out, size, "%s%s", ctl.from, dir ? "/stele" : "");
		return out;
	}
	for (size_t i = 0; i < countof(places); i++) {
		snprintf(out, size, "%s", ctl_path("%s", places[i]));
		if (access(out, F_OK) == 0)
			return out;
	}
	return NULL;
}

int cmd_install(void)
{
	char from[CTL_PATH], question[2 * CTL_PATH], why[256], machine[64];

	if (!ctl_may_change("install"))
		return CTL_FAILED;
	if (!ctl_is_arm64(machine, sizeof machine))
		return ctl_refuse("this machine is %s: Stele runs x86-64 programs on 64-bit ARM (aarch64)", machine);
	if (!source(from, sizeof from))
		return ctl_refuse("no share on %s and no package has a translator; --from FILE names one", CTL_MOUNT);
	if (translator_check(from, why, sizeof why))
		return ctl_refuse("the translator %s %s", from, why);
	snprintf(question, sizeof question, "Copy %s to %s?", from, CTL_INSTALLED);
	if (!agreed(question))
		return ctl_refuse("nothing was changed");
	if (!record_exists(RECORD) && access(ctl_path(CTL_INSTALLED), F_OK) == 0)
		return ctl_refuse("%s is there already, and not from here", CTL_INSTALLED);
	if (!record_exists(RECORD) && (record_dirs(RECORD, CTL_INSTALLED) || record_add(RECORD, "installed", CTL_INSTALLED)))
		return CTL_FAILED;
	if (ctl_copy(from, ctl_path(CTL_INSTALLED), 0755) < 0)
		return ctl_refuse("%s: %s", CTL_INSTALLED, strerror(errno));
	printf("installed: %s\n", CTL_INSTALLED);
	return CTL_OK;
}

int cmd_uninstall(void)
{
	struct handler *list;
	int n, r = CTL_OK;

	if (!ctl_may_change("uninstall"))
		return CTL_FAILED;
	if (!record_exists(RECORD))
		return ctl_refuse("nothing was installed by stelectl install");
	n = binfmt_list(&list);
	for (int i = 0; i < n; i++)
		if (!strcmp(list[i].interpreter, ctl_path(CTL_INSTALLED)))
			r = ctl_refuse("%s is registered with that file; first: stelectl unregister --name %s", list[i].name, list[i].name);
	free(list);
	if (r || record_undo(RECORD))
		return CTL_FAILED;
	printf("removed: %s\n", CTL_INSTALLED);
	return CTL_OK;
}

/* ---- availability ---- */

static bool registered(void)
{
	struct handler *list;
	int n = binfmt_list(&list);
	bool r = false;

	for (int i = 0; i < n; i++)
		r |= list[i].stele && list[i].enabled;
	free(list);
	return r && binfmt_enabled();
}

int cmd_availability(void)
{
	static const char *const words[] = { "registered", "installed", "not-installed", "not-supported" };
	char machine[64], why[256];
	const char *t = translator_find();
	int state = 2;

	if (!ctl_is_arm64(machine, sizeof machine) || !binfmt_supported())
		state = 3;
	else if (registered())
		state = 0;
	else if (t && translator_check(ctl_path("%s", t), why, sizeof why) == T_OK)
		state = 1;
	if (ctl.json) {
		struct json j = { stdout };

		json_open(&j, NULL, '{');
		json_text(&j, "availability", words[state]);
		json_close(&j, '}');
	} else {
		puts(words[state]);
	}
	return state;
}
