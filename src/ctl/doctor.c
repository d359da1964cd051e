/* doctor.c - stelectl doctor: each cause why x86-64 programs might not run, in the order in which they stop one.
 *
 * A table of questions (doctor.h). What a failed one makes pointless is not asked. Each failure says the command that mends it.
 */
#include "ctl/doctor.h"
#include "ctl/ctl.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DIR_ "/proc/sys/fs/binfmt_misc"

static struct handler ours;
static bool have_ours;
static char interpreter[CTL_PATH];      /* as this process opens it */

static void machine(struct answer *a)
{
	char m[64];

	a->well = ctl_is_arm64(m, sizeof m);
	WHY(a, "this machine is %s", m);
	MEND(a, "use a 64-bit ARM Linux; what the host of such a VM lacks: stelectl vm doctor");
}

static void supported(struct answer *a)
{
	a->well = binfmt_supported();
	WHY(a, "this kernel has no binfmt_misc, not even as a module");
	MEND(a, "boot a kernel with CONFIG_BINFMT_MISC");
}

static void mounted(struct answer *a)
{
	a->well = binfmt_mounted();
	WHY(a, "binfmt_misc is not mounted");
	MEND(a, "modprobe binfmt_misc; mount -t binfmt_misc binfmt_misc " DIR_);
}

static void enabled(struct answer *a)
{
	a->well = binfmt_enabled();
	WHY(a, "binfmt_misc is disabled as a whole");
	MEND(a, "echo 1 > " DIR_ "/status");
}

static void there(struct answer *a)
{
	char why[256] = "", shares[1024];
	const char *t = translator_find();

	if (have_ours)
		snprintf(interpreter, sizeof interpreter, "%s", ours.interpreter);
	else if (t)
		snprintf(interpreter, sizeof interpreter, "%s", ctl_path("%s", t));
	if (!*interpreter) {
		if (tag_list(shares, sizeof shares))
			WHY(a, "no translator is installed or mounted; the shares are: %s", shares);
		else
			WHY(a, "no translator is installed or mounted, and there is no share");
		MEND(a, "stelectl register --mount TAG, or stelectl install --from FILE");
		return;
	}
	/* with F the kernel holds the file: it may be gone from where it was */
	a->well = translator_check(interpreter, why, sizeof why) != T_MISSING || (have_ours && strchr(ours.flags, 'F'));
	WHY(a, "%s %s", interpreter, why);
	MEND(a, "mount the share again, or: stelectl register --replace --mount TAG");
}

static bool held_only(void)
{
	return access(interpreter, F_OK) < 0 && have_ours && strchr(ours.flags, 'F');
}

static void whole(struct answer *a)
{
	char why[256] = "";

	a->well = held_only() || translator_check(interpreter, why, sizeof why) == T_OK;
	WHY(a, "%s %s", interpreter, why);
	MEND(a, "put the ARM64 stele there again: stelectl install --from FILE --yes");
}

static void runs(struct answer *a)
{
	char version[128];

	a->well = held_only() || translator_version(interpreter, version, sizeof version);
	WHY(a, "%s does not run on this CPU and kernel", interpreter);
	MEND(a, "%s --version; mount -o remount,exec its file system, or install a newer stele", interpreter);
}

static void is_registered(struct answer *a)
{
	a->well = have_ours;
	WHY(a, "no handler named %s, or none of Stele's, is registered", ctl.name);
	MEND(a, "stelectl register");
}

static void entry_enabled(struct answer *a)
{
	a->well = ours.enabled;
	WHY(a, "the handler %s is disabled", ours.name);
	MEND(a, "echo 1 > " DIR_ "/%s", ours.name);
}

static void takes_them(struct answer *a)
{
	a->well = ours.x86_64;
	WHY(a, "the handler %s does not match x86-64 programs", ours.name);
	MEND(a, "stelectl register --replace");
}

static void alone(struct answer *a)
{
	struct handler *list;
	int n = binfmt_list(&list);

	a->well = true;
	for (int i = 0; i < n; i++) {
		if (!list[i].enabled || !strcmp(list[i].name, ctl.name))
			continue;
		a->well = false;
		WHY(a, "%s takes x86-64 programs too (%s)", list[i].name, list[i].interpreter);
		MEND(a, "echo 0 > " DIR_ "/%s", list[i].name);
	}
	free(list);
}

static const struct question questions[] = {
	{ "the machine is ARM64",                    machine,       ENDS  },
	{ "the kernel has binfmt_misc",              supported,     ENDS  },
	{ "binfmt_misc is mounted",                  mounted,       ENDS  },
	{ "binfmt_misc is enabled",                  enabled,       WRONG },
	{ "a translator is there",                   there,         ENDS  },
	{ "it is a whole ARM64 program",             whole,         ENDS  },
	{ "it runs on this CPU and kernel",          runs,          WRONG },
	{ "no other handler takes x86-64 programs",  alone,         WRONG },
	{ "Stele is registered",                     is_registered, ENDS  },
	{ "its handler is enabled",                  entry_enabled, WRONG },
	{ "its handler matches x86-64 programs",     takes_them,    WRONG },
};

int doctor(const struct question *q, size_t n)
{
	int wrong = 0;
	struct json j = { stdout };

	if (ctl.json) {
		json_open(&j, NULL, '{');
		json_open(&j, "checks", '[');
	}
	for (; n--; q++) {
		struct answer a = { 0 };

		q->ask(&a);
		wrong += !a.well && q->failed != LACKS;
		if (ctl.json) {
			json_open(&j, NULL, '{');
			json_text(&j, "check", q->what);
			json_bool(&j, "ok", a.well);
			if (q->failed == LACKS)
				json_bool(&j, "optional", true);
			json_text(&j, "why", a.well ? NULL : a.why);
			json_text(&j, "mend", a.well ? NULL : a.mend);
			json_close(&j, '}');
		} else if (a.well) {
			printf("ok     %s\n", q->what);
		} else {
			printf("%-6s %s: %s\n       mend: %s\n", q->failed == LACKS ? "lacks" : "WRONG", q->what, a.why, a.mend);
		}
		if (!a.well && q->failed == ENDS)
			break;
	}
	if (ctl.json) {
		json_close(&j, ']');
		json_bool(&j, "well", !wrong);
		json_close(&j, '}');
	}
	return wrong ? CTL_FAILED : CTL_OK;
}

int cmd_doctor(void)
{
	have_ours = binfmt_get(&ours, ctl.name) && ours.stele;
	return doctor(questions, countof(questions));
}
