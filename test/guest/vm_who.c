/* cflags: -static */
/* vm_who: the CPU's hypervisor vendor: on which CPU does this run? vm_who ids: the user ids, and whether they are others than
 * the caller's, as the kernel sees it. */
#include "check.h"
#include <cpuid.h>
#include <sys/auxv.h>

int main(int argc, char **argv)
{
	unsigned a, v[4] = { 0 };

	__cpuid(0x40000000, a, v[0], v[1], v[2]);
	if (argc > 1 && !strcmp(argv[1], "ids"))
		say("%d %d secure %lu\n", getuid(), geteuid(), getauxval(AT_SECURE));
	else
		say("%s\n", (char *)v);
	return 0;
}
