/* vm.c - stelectl vm: its commands. A machine is described by FILE, by flags, or by both; then a name is enough. */
#include "ctl/vm.h"
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FLAGS = 64, WAIT_S = 60, WAIT_MAX = 3600 };

struct request {
	const char *word[2];
	struct { const char *name, *value; } flag[FLAGS];
	size_t words, flags;
	bool now;
	int wait;
};

/* ---- those that take a description ---- */
static const char *dir_of(const char *file)
{
	char whole[PATH_MAX], *slash;

	if (!file || !realpath(file, whole) || !(slash = strrchr(whole, '/')))
		return "/";
	*slash = 0;
	return vm_text("%s", whole);
}

static const char *name_of(const char *file)
{
	const char *base = !file ? "vm" : strrchr(file, '/') ? strrchr(file, '/') + 1 : file;
	size_t n = strlen(base);

	return vm_text("%.*s", (int)(n > 5 && !strcmp(base + n - 5, ".json") ? n - 5 : n), base);
}

static int describe(struct vm *vm, const struct request *r)
{
	json_t *root = vm_config_load(r->word[0]);
	char why[512];

	if (!root)
		return CTL_FAILED;
	for (size_t i = 0; i < r->flags; i++)
		if (!vm_config_flag(root, r->flag[i].name, r->flag[i].value, why, sizeof why))
			vm_fault(vm, "%s", why);
	vm_config_read(vm, root, dir_of(r->word[0]), name_of(r->word[0]));
	vm_check(vm);
	json_decref(root);
	return vm->faults ? CTL_FAILED : CTL_OK;
}

static int check(const struct request *r)
{
	struct vm vm = { 0 };

	if (describe(&vm, r))
		return CTL_FAILED;
	printf("%s: %lld processors, %lld MiB, %zu disks, %zu USB disks, %zu shares: well\n", vm.name, (long long)vm.cpus,
		(long long)vm.memory, vm.disk.n, vm.usb.n, vm.share.n + vm.stele.there);
	return CTL_OK;
}

static int args(const struct request *r)
{
	struct vm vm = { .elsewhere = true };
	struct vm_args a = { 0 };

	if (describe(&vm, r))
		return CTL_FAILED;
	vm_qemu(&a, &vm);
	vm_qemu_print(stdout, &a);
	return CTL_OK;
}

static int start(const struct request *r)
{
	struct vm vm = { 0 };

	setvbuf(stdout, NULL, _IOLBF, 0);
	return describe(&vm, r) ? CTL_FAILED : vm_start(&vm);
}

/* ---- those that take a name ---- */
static int stop(const struct request *r)
{
	return vm_stop(r->word[0], r->now ? 0 : r->wait);
}

static int console(const struct request *r)
{
	return vm_console(r->word[0]);
}

static int screenshot(const struct request *r)
{
	static struct qmp q;
	const char *file = r->word[1], *dot = strrchr(file, '.');
	char here[PATH_MAX];
	json_t *o;

	if (!dot || (strcmp(dot, ".png") && strcmp(dot, ".ppm")))
		return ctl_refuse("%s: a picture's name ends in .png or .ppm", file);
	if (*file != '/' && getcwd(here, sizeof here))
		file = vm_text("%s/%s", here, file);
	if (!qmp_open(&q, vm_state(r->word[0], "qmp.sock")))
		return ctl_refuse("%s does not run, or does not answer: %s", r->word[0], q.why);
	o = json_pack("{s:s, s:s, s:s}", "filename", file, "format", dot + 1, "device", "gpu");
	if (!o)
		return ctl_refuse("%s: is not UTF-8, which QEMU needs", file);
	o = qmp_ask(&q, "screendump", o, 60);
	qmp_close(&q);
	json_decref(o);
	return o ? CTL_OK : ctl_refuse("%s: %s", r->word[0], q.why);
}

/* QEMU's word for a machine's state, or "stopped". */
static const char *state_of(const char *name)
{
	static struct qmp q;
	const char *word;
	json_t *o;

	if (!qmp_open(&q, vm_state(name, "qmp.sock")))
		return errno == ENOENT || errno == ECONNREFUSED ? "stopped" : "unknown";
	o = qmp_ask(&q, "query-status", NULL, 10);
	word = json_string_value(json_object_get(o, "status"));
	word = word ? vm_text("%s", word) : "unknown";
	json_decref(o);
	qmp_close(&q);
	return word;
}

static bool one(struct json *j, const char *name)
{
	const char *state = state_of(name);
	bool up = strcmp(state, "stopped") != 0;
	pid_t pid = up ? vm_pid(name, "qemu.pid") : 0;

	if (!ctl.json) {
		printf("%-16s %s", name, state);
		if (pid)
			printf(", process %d, console log %s", pid, vm_state(name, "console.log"));
		putchar('\n');
		return up;
	}
	json_open(j, NULL, '{');
	json_text(j, "name", name);
	json_text(j, "state", state);
	if (pid)
		json_number(j, "process", pid);
	json_text(j, "directory", vm_state(name, ""));
	json_close(j, '}');
	return up;
}

static int status(const struct request *r)
{
	struct json j = { stdout };
	struct dirent **list = NULL;
	bool up = false;
	int n;

	if (r->words)
		return one(&j, r->word[0]) ? CTL_OK : CTL_FAILED;
	if (ctl.json)
		json_open(&j, NULL, '[');
	n = scandir(vm_state_base(), &list, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		if (vm_name_ok(list[i]->d_name))
			up |= one(&j, list[i]->d_name);
		free(list[i]);
	}
	free(list);
	if (ctl.json)
		json_close(&j, ']');
	return up ? CTL_OK : CTL_FAILED;
}

static int examine(const struct request *r)
{
	return vm_doctor();
}

static int fields(const struct request *r)
{
	vm_config_fields(stdout);
	return CTL_OK;
}

/* ---- words ---- */
enum { DESCRIBED = 1, NAMED = 2, STOPS = 4, MAYBE = 8, PICTURE = 16, SAYS = 32 };
static const struct verb {
	const char *name, *usage, *what;
	int (*run)(const struct request *);
	int takes;
} verbs[] = {
	{ "check",      "[FILE] [FIELDS]",          "say every fault of a description",                  check,      DESCRIBED },
	{ "start",      "[FILE] [FIELDS]",          "check it, and start the machine",                   start,      DESCRIBED },
	{ "args",       "[FILE] [FIELDS]",          "print QEMU's argument line, start nothing",         args,       DESCRIBED },
	{ "stop",       "NAME [--wait S] [--now]",  "press its power button; after S seconds (60) pull the plug", stop, NAMED | STOPS },
	{ "console",    "NAME",                     "its serial console; Ctrl-] ends",                   console,    NAMED },
	{ "status",     "[NAME] [--json]",          "which run (status 1: it does not)",                 status,     NAMED | MAYBE | SAYS },
	{ "screenshot", "NAME FILE",                "its display, as .png or .ppm",                      screenshot, NAMED | PICTURE },
	{ "doctor",     "[--json]",                 "what this host lacks for machines, and what mends it", examine, SAYS },
	{ "fields",     "",                         "the fields of a description, as a table",           fields,     0 },
};

static int usage(FILE *f)
{
	fputs("usage: stelectl vm COMMAND\n\n", f);
	for (size_t i = 0; i < countof(verbs); i++)
		fprintf(f, "  %-10s %-24s %s\n", verbs[i].name, verbs[i].usage, verbs[i].what);
	fputs("\nFILE is JSON; FIELDS are the same as flags. A list's flag adds an entry; commas part an entry's fields, and two\n"
		"commas are one of a value: --disk file=a.img,format=qcow2 --share dir=/srv,tag=srv\n\n", f);
	vm_config_usage(f);
	return f == stdout ? CTL_OK : CTL_USAGE;
}

static int number(const char *s, int *to)
{
	char *end;
	long n = strtol(s, &end, 10);

	if (!*s || *end || n < 0 || n > WAIT_MAX) {
		ctl_refuse("--wait: %s: is not a number from 0 to %d", s, WAIT_MAX);
		return CTL_USAGE;
	}
	*to = n;
	return CTL_OK;
}

/* One flag at ARGV; how many words it took, 0 if it was refused. */
static int flag(struct request *r, const struct verb *v, char **argv)
{
	char name[64];
	const char *is = strchr(argv[0], '='), *value = is ? is + 1 : argv[1];

	snprintf(name, sizeof name, "%.*s", is ? (int)(is - argv[0] - 2) : 60, argv[0] + 2);
	if (!strcmp(name, "json") && (v->takes & SAYS))
		return ctl.json = true;
	if (!strcmp(name, "now") && (v->takes & STOPS))
		return r->now = true;
	if (!(!strcmp(name, "wait") && (v->takes & STOPS)) && !((v->takes & DESCRIBED) && vm_config_is_flag(name))) {
		ctl_refuse("vm %s takes no --%s", v->name, name);
		return 0;
	}
	if (!value) {
		ctl_refuse("--%s: needs a value", name);
		return 0;
	}
	if (v->takes & STOPS)
		return number(value, &r->wait) ? 0 : 2 - !!is;
	if (r->flags == FLAGS) {
		ctl_refuse("more than %d flags: write a file", FLAGS);
		return 0;
	}
	r->flag[r->flags].name = vm_text("%s", name);
	r->flag[r->flags++].value = value;
	return 2 - !!is;
}

static int words(const struct request *r, const struct verb *v)
{
	size_t most = v->takes & PICTURE ? 2 : v->takes & (DESCRIBED | NAMED) ? 1 : 0;
	size_t least = v->takes & NAMED && !(v->takes & MAYBE) ? most : 0;

	if (r->words < least || r->words > most)
		ctl_refuse("vm %s takes: %s", v->name, v->usage);
	else if (r->words && (v->takes & NAMED) && !vm_name_ok(r->word[0]))
		ctl_refuse("%s: is not a machine's name", r->word[0]);
	else
		return CTL_OK;
	return CTL_USAGE;
}

int cmd_vm(int argc, char **argv)
{
	struct request r = { .wait = WAIT_S };
	const struct verb *v = verbs;
	int n;

	if (argc < 2)
		return usage(stderr);
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		return usage(stdout);
	while (v < verbs + countof(verbs) && strcmp(v->name, argv[1]))
		v++;
	if (v == verbs + countof(verbs)) {
		ctl_refuse("vm has no command %s; stelectl vm --help lists them", argv[1]);
		return CTL_USAGE;
	}
	for (int i = 2; i < argc; i += n) {
		n = 1;
		if (!strcmp(argv[i], "--help"))
			return usage(stdout);
		if (!strncmp(argv[i], "--", 2)) {
			if (!(n = flag(&r, v, argv + i)))
				return CTL_USAGE;
		} else if (r.words < countof(r.word)) {
			r.word[r.words++] = argv[i];
		} else {
			ctl_refuse("vm %s: what is \"%s\"?", v->name, argv[i]);
			return CTL_USAGE;
		}
	}
	return words(&r, v) ? CTL_USAGE : v->run(&r);
}
