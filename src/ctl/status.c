/* status.c - stelectl status: what is so, in one screen, or as JSON with the same words. */
#include "ctl/ctl.h"
#include "version.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct status {
	char machine[64], version[128], why[256], features[512];
	const char *translator;         /* the machine's path, null if there is none */
	struct handler *handlers;
	struct process *processes;
	int n_handlers, n_processes;
	const struct handler *ours;
	bool persistent;
};

static void gather(struct status *s)
{
	const char *path;

	*s = (struct status){ .translator = translator_find() };
	ctl_is_arm64(s->machine, sizeof s->machine);
	features(s->features, sizeof s->features);
	s->n_handlers = binfmt_list(&s->handlers);
	for (int i = 0; i < s->n_handlers; i++)
		if (s->handlers[i].stele && (!s->ours || !strcmp(s->handlers[i].name, ctl.name)))
			s->ours = &s->handlers[i];
	path = s->ours ? s->ours->interpreter : s->translator ? ctl_path("%s", s->translator) : NULL;
	if (path && translator_check(path, s->why, sizeof s->why) == T_OK && !translator_version(path, s->version, sizeof s->version))
		snprintf(s->why, sizeof s->why, "does not run here");
	if (path)
		s->n_processes = processes(&s->processes, path);
	s->persistent = access(ctl_path("/etc/binfmt.d/%s.conf", ctl.name), F_OK) == 0 ||
		access(ctl_path("/usr/lib/binfmt.d/%s.conf", ctl.name), F_OK) == 0;
}

static void as_json(const struct status *s)
{
	struct json j = { stdout };
	char *save = NULL, list[512];

	json_open(&j, NULL, '{');
	json_text(&j, "stelectl", STELE_VERSION);
	json_text(&j, "machine", s->machine);
	json_number(&j, "page_size", sysconf(_SC_PAGESIZE));
	json_bool(&j, "binfmt_misc", binfmt_mounted() && binfmt_enabled());
	json_bool(&j, "registered", s->ours && s->ours->enabled);
	json_bool(&j, "persistent", s->persistent);
	json_text(&j, "translator", s->ours ? s->ours->interpreter : s->translator);
	json_text(&j, "version", *s->version ? s->version : NULL);
	json_text(&j, "problem", *s->why ? s->why : NULL);
	json_open(&j, "handlers", '[');
	for (int i = 0; i < s->n_handlers; i++) {
		json_open(&j, NULL, '{');
		json_text(&j, "name", s->handlers[i].name);
		json_text(&j, "interpreter", s->handlers[i].interpreter);
		json_text(&j, "flags", s->handlers[i].flags);
		json_bool(&j, "enabled", s->handlers[i].enabled);
		json_close(&j, '}');
	}
	json_close(&j, ']');
	json_open(&j, "features", '[');
	snprintf(list, sizeof list, "%s", s->features);
	for (char *w = strtok_r(list, ",", &save); w; w = strtok_r(NULL, ",", &save))
		json_text(&j, NULL, w);
	json_close(&j, ']');
	json_open(&j, "processes", '[');
	for (int i = 0; i < s->n_processes; i++) {
		json_open(&j, NULL, '{');
		json_number(&j, "pid", s->processes[i].pid);
		json_text(&j, "command", s->processes[i].command);
		json_close(&j, '}');
	}
	json_close(&j, ']');
	json_close(&j, '}');
}

static void as_text(const struct status *s)
{
	enum { SHOWN = 10 };

	printf("machine      %s, pages of %ld bytes\n", s->machine, sysconf(_SC_PAGESIZE));
	printf("features     %s\n", *s->features ? s->features : "none that the translator uses");
	printf("binfmt_misc  %s\n", !binfmt_mounted() ? "not there" : binfmt_enabled() ? "enabled" : "disabled");
	if (s->ours)
		printf("registered   %s, as %s, flags %s%s\n", s->ours->enabled ? "yes" : "yes, but disabled", s->ours->name,
			*s->ours->flags ? s->ours->flags : "none", s->persistent ? ", also after a restart" : "");
	else
		printf("registered   no\n");
	printf("translator   %s\n", s->ours ? s->ours->interpreter : s->translator ? s->translator : "none installed");
	if (*s->version || *s->why)
		printf("version      %s\n", *s->version ? s->version : s->why);
	for (int i = 0; i < s->n_handlers; i++)
		if (&s->handlers[i] != s->ours)
			printf("other        %s, %s, takes x86-64 programs too: %s\n", s->handlers[i].name,
				s->handlers[i].enabled ? "enabled" : "disabled", s->handlers[i].interpreter);
	printf("processes    %d\n", s->n_processes);
	for (int i = 0; i < s->n_processes && i < SHOWN; i++)
		printf("  %7d    %.60s\n", s->processes[i].pid, s->processes[i].command);
	if (s->n_processes > SHOWN)
		printf("             and %d more: --json lists them\n", s->n_processes - SHOWN);
}

int cmd_status(void)
{
	struct status s;

	gather(&s);
	(ctl.json ? as_json : as_text)(&s);
	free(s.handlers);
	free(s.processes);
	return CTL_OK;
}
