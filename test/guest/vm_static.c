/* cflags: -static */
/* vm_static STATUS WORD: writes WORD and exits with STATUS. vm_static -0: writes argv[0]. */
#include "check.h"

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "-0")) return say("%s\n", argv[0]), 0;
	if (argc != 3) return 99;
	say("%s\n", argv[2]);
	return atoi(argv[1]);
}
