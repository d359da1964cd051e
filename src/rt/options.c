/* options.c - the options: one table for the command line, the environment and --help.
 *
 * The command line wins over the environment. Started by binfmt_misc there are no options on the command line: every
 * word is the program's. The kernel says so in the auxiliary vector (AT_FLAGS bit 0 for flag P, AT_EXECFD for O and C);
 * without these flags AT_EXECFN says it: that is the program then, or the script that it interprets, not stele.
 */
#include "rt/options.h"
#include "rt/host.h"
#include "rt/string.h"
#include "version.h"
#include <asm/errno.h>

static const char *opt_argv0, *opt_execfd, *opt_execclose, *opt_binfmt;
struct options rt_opt;

static const struct row {
	const char **value;
	char letter;
	const char *name, *env, *arg, *help;    /* no arg: a switch. No help: stele's own use, see options_again */
} rows[] = {
	{ &rt_opt.root,   'L', "root",   "STELE_ROOT",       "DIR",  "look up absolute paths in DIR first" },
	{ &opt_argv0,     '0', "argv0",  0,                  "NAME", "the program's argv[0] (default: PROGRAM)" },
	{ &rt_opt.order,  0,   "order",  "STELE_ORDER",      "MODE", "memory order: auto (default), tso everywhere; auto-scalar, tso-scalar: not of vector registers" },
	{ &rt_opt.fp,     0,   "fp",     "STELE_FP",         "MODE", "floating point: exact keeps also signs of NaNs and rare flags" },
	{ &rt_opt.x87,    0,   "x87",    "STELE_X87",        "MODE", "double: the x87 computes with 64 bits, fast and inexact" },
	{ &rt_opt.align,  0,   "align",  "STELE_ALIGN",      "MODE", "misaligned operands of legacy SSE: exact faults as x86 does" },
	{ &rt_opt.vendor, 0,   "vendor", "STELE_CPU_VENDOR", "NAME", "CPUID vendor: GenuineIntel (default), AuthenticAMD or SteleVirtual" },
	{ &rt_opt.host,   0,   "host",   "STELE_HOST",       "LIST", "host CPU features to use: +name, -name, all, commas" },
	{ &rt_opt.strace, 0,   "strace", "STELE_STRACE",     "FILE", "print system calls to FILE; 1: stderr" },
	{ &rt_opt.stats,  0,   "stats",  "STELE_STATS",      "FILE", "print counters at the end to FILE; 1: stderr" },
	{ &rt_opt.dump,   0,   "dump",   "STELE_DUMP",       "WHAT", "print translations: letters x l a (x86, facts, ARM64), then :ADDR, :ADDR-ADDR, :#N" },
	{ &rt_opt.trace,  0,   "trace",  "STELE_TRACE",      "N",    "show the last N regions entered when a signal kills; slow" },
	{ &rt_opt.entries, 0,  "entries", "STELE_ENTRIES",   "FILE", "write the start and each region entered, with registers (tool/lockstep)" },
	{ &rt_opt.hot,    0,   "hot",    "STELE_HOT",        "N",    "translate in full after N entries; 0: at once (default: 600)" },
	{ &rt_opt.stop,   0,   "stop",   "STELE_STOP",       "N",    "translate plainly from the N-th region on (tool/bisect)" },
	{ &rt_opt.perf,   0,   "perf",   "STELE_PERF",       "map",  "name translated code for perf in /tmp/perf-PID.map" },
	{ &rt_opt.hex,    'x', "hex",    0,                  "HEX",  "show how these instruction bytes are translated" },
	{ &opt_execfd,    0,   "exec-fd", 0,                 "FD",   0 },
	{ &opt_execclose, 0,   "exec-close", 0,              "1",    0 },
	{ &opt_binfmt,    0,   "binfmt", 0,                  "1",    0 },
};

static _Noreturn void quit(int status) { for (;;) host_call(__NR_exit_group, status); }

static _Noreturn void help(void)
{
	rt_print(1, "Usage: stele [options] PROGRAM ARGS...\nRuns an x86-64 Linux program on ARM64.\n\n");
	for (u32 i = 0; i < countof(rows); i++) {
		const struct row *r = rows + i;
		char left[64], letter[8] = "    ";

		if (!r->help) continue;
		if (r->letter) rt_format(letter, sizeof letter, "-%c, ", r->letter);
		rt_format(left, sizeof left, "%s--%s=%s", letter, r->name, r->arg);
		rt_print(1, "  %-20s %s%s%s%s\n", left, r->help, r->env ? " [" : "", r->env ? r->env : "", r->env ? "]" : "");
	}
	rt_print(1, "      --%-12s %s\n      --%-12s %s\n", "help", "this text", "version", "the version");
	quit(0);
}

static _Noreturn void usage(const char *what, const char *word)
{
	rt_die(125, "%s%s (stele --help lists the options)", what, word);
}

static const struct row *by_letter(char c)
{
	for (u32 i = 0; i < countof(rows); i++)
		if (rows[i].letter == c) return rows + i;
	return 0;
}

static const struct row *by_name(const char *word, const char **value)
{
	for (u32 i = 0; i < countof(rows); i++) {
		size_t n = strlen(rows[i].name);

		if (strncmp(word, rows[i].name, n) || (word[n] && word[n] != '=')) continue;
		*value = word[n] ? word + n + 1 : 0;
		return rows + i;
	}
	return 0;
}

/* One option at argv[k]; the index behind it. */
static int option(char **argv, int k)
{
	const char *word = argv[k++] + 1, *value;
	const struct row *r;

	if (*word == '-') {
		if (!strcmp(word, "-help")) help();
		if (!strcmp(word, "-version")) {
			rt_print(1, "stele " STELE_VERSION "\n");
			quit(0);
		}
		r = by_name(word + 1, &value);
	} else {
		r = by_letter(*word);
		value = word[1] ? word + 1 : 0;
	}
	if (!r) usage("unknown option ", word - 1);
	if (!value) value = argv[k] ? argv[k++] : 0;
	if (!value) usage("an argument is missing after ", word - 1);
	*r->value = value;
	return k;
}

static void environment(void)
{
	for (char **e = rt_host_envp; *e; e++)
		for (u32 i = 0; !strncmp(*e, "STELE_", 6) && i < countof(rows); i++) {
			size_t n = rows[i].env ? strlen(rows[i].env) : 0;

			if (n && !strncmp(*e, rows[i].env, n) && (*e)[n] == '=' && (*e)[n + 1]) *rows[i].value = *e + n + 1;
		}
}

static int number(const char *s)
{
	int n = 0;

	for (; *s >= '0' && *s <= '9' && n < 1 << 24; s++) n = n * 10 + *s - '0';
	return *s ? -1 : n;
}

static const char *self;                /* stele's own file, by an absolute name; null if that is not known */

/* name: what execve was given. It may be relative, and the working directory will change. */
static void find_self(const char *name)
{
	static char buf[4096];
	s64 n;

	self = name && name[0] == '/' ? name : 0;
	if (self || !name) return;
	n = host_call(__NR_getcwd, buf, sizeof buf);
	if (n <= 0 || buf[0] != '/') return;
	if ((size_t)rt_format(buf + n - 1, sizeof buf - n, "/%s", name) < sizeof buf - n) self = buf;
}

extern const char __ehdr_start[] __attribute__((visibility("hidden")));

/* Is it our own file? Its beginning, with headers and build id, is in memory. */
static bool is_stele(const char *name)
{
	u8 first[448];
	s64 fd = host_call(__NR_openat, -100 /* AT_FDCWD */, name, 02000000 /* O_CLOEXEC */, 0), n;

	if (fd < 0) return false;
	n = host_call(__NR_pread64, fd, first, sizeof first, 0);
	host_call(__NR_close, fd);
	return n == sizeof first && !memcmp(first, __ehdr_start, sizeof first);
}

void options_read(struct start *s, int argc, char **argv, const char *execfn, u64 at_flags, u64 at_execfd, bool secure)
{
	int k = 1;

	if (!secure) environment();             /* who runs a set-id program has no say in how */
	*s = (struct start){ .fd = (s64)at_execfd, .close_fd = true, .binfmt = at_flags & 1 || (s64)at_execfd >= 0 ||
		(argc > 1 && execfn && !strcmp(execfn, argv[1])) };
	find_self(s->binfmt ? argv[0] : execfn);        /* AT_EXECFN is the program's name then */
	if (s->binfmt && argc > 1) {
		opt_binfmt = "1";
		s->path = argv[1];
		/* flag P: the program's own argv[0] follows its path, if there was one */
		s->argv = at_flags & 1 ? argv + 2 : argv + 1;
		return;
	}
	while (k < argc && argv[k][0] == '-' && argv[k][1]) {
		if (!strcmp(argv[k], "--")) { k++; break; }
		k = option(argv, k);
	}
	if (rt_opt.hex) return;
	if (k >= argc) usage("no program to run", "");
	s->path = argv[k];
	if (opt_argv0) argv[k] = (char *)opt_argv0;
	s->argv = argv + k;
	if (opt_execfd) s->fd = number(opt_execfd);
	s->close_fd = opt_execclose != 0;
}

int options_again(const char **v, int max, char *buf, size_t size, int exec_fd, bool close_fd, const char *argv0)
{
	int n = 0;
	char *p = buf, *end = buf + size, fd[16];

	rt_format(fd, sizeof fd, "%d", exec_fd);
	for (u32 i = 0; i < countof(rows); i++) {
		const char *value = *rows[i].value;

		if (rows[i].value == &opt_argv0) {      /* of any length, so a word of its own */
			if (n + 2 > max) return -E2BIG;
			v[n++] = "--argv0";
			v[n++] = argv0;
			continue;
		}
		if (rows[i].value == &opt_execfd) value = exec_fd >= 0 ? fd : 0;
		if (rows[i].value == &opt_execclose) value = exec_fd >= 0 && close_fd ? "1" : 0;
		if (rows[i].value == &rt_opt.hex || !value) continue;
		if (n + 2 > max) return -E2BIG;
		if (p >= end) return -E2BIG;
		v[n++] = p;
		p += rt_format(p, end - p, "--%s=%s", rows[i].name, value) + 1;
	}
	if (p > end || n + 1 > max) return -E2BIG;
	v[n++] = "--";
	return n;
}

bool options_binfmt(void) { return opt_binfmt; }

const char *options_self(char *buf, size_t size)
{
	s64 n = host_call(__NR_readlinkat, -100 /* AT_FDCWD */, "/proc/self/exe", buf, size - 1);

	/* The name behind the link, since user-mode QEMU before 8.1 would take the link itself for its own; if it still is ours: in a
	 * container it may be another's, and "/" is that of a file whose mount is gone. */
	if (n > 0) {
		buf[n] = 0;
		return is_stele(buf) ? buf : "/proc/self/exe";
	}
	if (!self || host_call(__NR_faccessat, -100, self, 1)) return 0;
	if (is_stele(self)) return self;
	opt_binfmt = "1";                       /* a script's name: the kernel started us for it, and will do so again */
	return 0;
}
