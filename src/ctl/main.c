/* main.c - stelectl: its words and commands, in tables that --help is made of. */
#include "ctl/ctl.h"
#include "version.h"
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

enum { JSON = 1, YES = 2, NAME = 4, REGISTER = 8, FROM = 16, ROOT = 32, SHARE = 64, SERVE = 128, CONFIG = 256 };

static const struct command {
	const char *name, *what;
	int (*run)(void), takes;
	const char *operand;
	int (*words)(int, char **);      /* it reads its words itself */
} commands[] = {
	{ "availability", "not-supported, not-installed, installed or registered (status 3, 2, 1, 0)", cmd_availability, JSON },
	{ "install",      "copy the translator from the share, the package or --from to " CTL_INSTALLED, cmd_install, YES | FROM },
	{ "uninstall",    "take that back", cmd_uninstall, 0 },
	{ "register",     "make the kernel run x86-64 programs with Stele", cmd_register, NAME | REGISTER },
	{ "unregister",   "take that back", cmd_unregister, NAME },
	{ "status",       "what is registered, with what, and what runs", cmd_status, JSON | NAME },
	{ "doctor",       "find what is wrong, and say what mends it (status 1)", cmd_doctor, JSON | NAME },
	{ "share",        "serve a directory to a VM over virtiofs, until the VM goes", cmd_share, SHARE | SERVE, "DIR" },
	{ "config",       "how a VMM is told to share a directory", cmd_config, SHARE | CONFIG, "DIR" },
	{ "vm",           "run an ARM64 Linux machine on QEMU: stelectl vm --help", .words = cmd_vm },
};

static const struct { const char *usage, *what; struct option option; int taken; } options[] = {
	{ "--json",            "answer in JSON",                                    { "json", 0, 0, 'j' }, JSON },
	{ "--yes",             "do not ask",                                        { "yes", 0, 0, 'y' }, YES },
	{ "--from FILE",       "the translator's file, or the directory it is in",  { "from", 1, 0, 'f' }, FROM },
	{ "--name NAME",       "the handler's name (stele)",                        { "name", 1, 0, 'n' }, NAME },
	{ "--flags FLAGS",     "binfmt_misc flags (POCF)",                          { "flags", 1, 0, 'F' }, REGISTER },
	{ "--mount TAG[:DIR]", "take it from the share with that tag (" CTL_MOUNT ")", { "mount", 1, 0, 'm' }, REGISTER },
	{ "--persist",         "also after a restart (systemd, binfmt-support)",    { "persist", 0, 0, 'p' }, REGISTER },
	{ "--replace",         "in place of what is registered or written already", { "replace", 0, 0, 'r' }, REGISTER },
	{ "--tag TAG",         "what the guest finds the share by: 1 to 36 bytes",  { "tag", 1, 0, 't' }, SHARE },
	{ "--socket PATH",     "virtiofsd's socket (in XDG_RUNTIME_DIR or /run)",   { "socket", 1, 0, 's' }, SHARE },
	{ "--writable",        "the guest may write there",                         { "writable", 0, 0, 'w' }, SHARE },
	{ "--virtiofsd FILE",  "in place of the one that is found",                 { "virtiofsd", 1, 0, 'v' }, SERVE },
	{ "--for VMM",         CONFIG_VMMS,                                         { "for", 1, 0, 'V' }, CONFIG },
	{ "--root DIR",        "work on the machine whose files are in DIR",        { "root", 1, 0, 'R' }, ROOT },
};

/* The host's commands know this machine only. */
static int taken(const struct command *c)
{
	return c->takes | (c->takes & SHARE ? 0 : ROOT);
}

/* Of one command, or of all. */
static int help(FILE *f, const struct command *one)
{
	fprintf(f, "usage: stelectl %s%s%s [OPTIONS]\n\n", one ? one->name : "COMMAND", one && one->operand ? " " : "",
		one && one->operand ? one->operand : "");
	for (size_t i = 0; i < countof(commands); i++)
		if (!one || one == &commands[i])
			fprintf(f, "  %s %-*s %s\n", commands[i].name, 17 - (int)strlen(commands[i].name),
				commands[i].operand ? commands[i].operand : "", commands[i].what);
	fputc('\n', f);
	for (size_t i = 0; i < countof(options); i++)
		if (!one || (options[i].taken & taken(one)))
			fprintf(f, "  %-18s %s\n", options[i].usage, options[i].what);
	fprintf(f, "  %-18s %s\n  %-18s %s\n", "--help", "this text", "--version", "the version");
	return f == stdout ? CTL_OK : CTL_USAGE;
}

static int set(int o, char *value)
{
	switch (o) {
	case 'j': ctl.json = true; break;
	case 'y': ctl.yes = true; break;
	case 'p': ctl.persist = true; break;
	case 'r': ctl.replace = true; break;
	case 'f': ctl.from = value; break;
	case 'n': ctl.name = value; break;
	case 'F': ctl.flags = value; break;
	case 'm': ctl.mount = value; break;
	case 't': ctl.tag = value; break;
	case 's': ctl.socket = value; break;
	case 'w': ctl.writable = true; break;
	case 'v': ctl.virtiofsd = value; break;
	case 'V': ctl.vmm = value; break;
	case 'R':
		for (size_t n = strlen(value); n && value[n - 1] == '/'; n--)
			value[n - 1] = 0;
		ctl.root = value;
		break;
	}
	return CTL_OK;
}

static const struct command *find(const char *name)
{
	for (size_t i = 0; i < countof(commands); i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

/* The words after the command. --help counts once they have all been understood. */
static int words(const struct command *c, int argc, char **argv)
{
	struct option longs[countof(options) + 2] = { 0 };
	bool helped = false;
	int o, at, n;

	for (size_t i = 0; i < countof(options); i++)
		longs[i] = options[i].option;
	longs[countof(options)] = (struct option){ "help", 0, 0, 'h' };
	while ((o = getopt_long(argc, argv, "", longs, &at)) != -1) {
		if (o == '?')
			return CTL_USAGE;
		if (o != 'h' && !(options[at].taken & taken(c))) {
			ctl_refuse("%s takes no --%s", c->name, longs[at].name);
			return CTL_USAGE;
		}
		helped |= o == 'h';
		set(o, optarg);
	}
	n = optind + (c->operand && optind < argc);
	if (n < argc) {
		ctl_refuse("%s: what is \"%s\"?", c->name, argv[n]);
		return CTL_USAGE;
	}
	if (helped)
		return help(stdout, c);
	if (c->operand && n == optind) {
		ctl_refuse("%s: which %s?", c->name, c->operand);
		return CTL_USAGE;
	}
	ctl.operand = c->operand ? argv[optind] : NULL;
	return c->run();
}

int main(int argc, char **argv)
{
	const struct command *c;

	if (argc < 2)
		return help(stderr, NULL);
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		return help(stdout, NULL);
	if (!strcmp(argv[1], "--version"))
		return printf("stelectl %s\n", STELE_VERSION) < 0;
	if (!(c = find(argv[1]))) {
		ctl_refuse("there is no command %s; stelectl --help lists them", argv[1]);
		return CTL_USAGE;
	}
	if (c->words)
		return c->words(argc - 1, argv + 1);
	argv[1] = argv[0];
	return words(c, argc - 1, argv + 1);
}
