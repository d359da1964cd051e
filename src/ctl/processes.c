/* processes.c - who runs under the translator now, and what of this CPU it uses.
 *
 * A translated process' /proc/PID/exe is the translator's file, by device and inode; when the share has been unmounted
 * (flag F keeps the file), by the link's name. Its cmdline is the guest's: the runtime tells the kernel so.
 */
#include "ctl/ctl.h"
#include "a64/host.h"
#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

static bool runs_it(const char *exe, const char *translator, const struct stat *st)
{
	char target[CTL_PATH];
	struct stat own;
	ssize_t n;

	if (st && stat(exe, &own) == 0)
		return own.st_dev == st->st_dev && own.st_ino == st->st_ino;
	n = readlink(exe, target, sizeof target - 1);
	target[n < 0 ? 0 : n] = 0;
	return translator && !strcmp(target, translator);
}

static void command_of(struct process *p)
{
	ssize_t n = ctl_read(ctl_path("/proc/%d/cmdline", p->pid), p->command, sizeof p->command);

	for (ssize_t i = 0; i + 1 < n; i++)
		if (!p->command[i] || p->command[i] == '\n')
			p->command[i] = ' ';
}

int processes(struct process **list, const char *translator)
{
	DIR *d = opendir(ctl_path("/proc"));
	struct dirent *e;
	struct stat st;
	bool known = translator && stat(translator, &st) == 0;
	int n = 0;

	*list = NULL;
	while (d && (e = readdir(d))) {
		struct process *more;

		if (!isdigit((u8)e->d_name[0]) || !runs_it(ctl_path("/proc/%s/exe", e->d_name), translator, known ? &st : NULL))
			continue;
		if (!(more = realloc(*list, (n + 1) * sizeof *more)))
			abort();
		*list = more;
		more[n].pid = atoi(e->d_name);
		command_of(&more[n++]);
	}
	if (d)
		closedir(d);
	return n;
}

#ifdef __aarch64__
#define PR_SET_MEM_MODEL      0x4d4d444c
#define PR_SET_MEM_MODEL_TSO  1

void features(char *out, size_t size)
{
	struct host_id id;
	u64 mask;

	host_read(&id, getauxval(AT_HWCAP), getauxval(AT_HWCAP2));
	mask = host_features(&id);
	if (prctl(PR_SET_MEM_MODEL, PR_SET_MEM_MODEL_TSO, 0, 0, 0) == 0)       /* of this short-lived process */
		mask |= HOST_TSO;
	host_names(out, size, mask);
}
#else
void features(char *out, size_t size) { out[0] = 0; }
#endif
