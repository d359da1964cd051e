/* fuse.c - neighbours that become one: the peephole over decoded instructions, before they are emitted. */
#include "tr/tr.h"
#include "gen/decode.h"

int tr_fuse(struct tr *c, struct insn *i, struct insn *end)
{
	(void)c;
	(void)i;
	(void)end;
	return 0;
}
