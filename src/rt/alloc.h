/* alloc.h - the runtime's own memory, beyond rt.h: what it holds, and fork. */
#ifndef RT_ALLOC_H
#define RT_ALLOC_H

#include "rt/rt.h"

/* What a module does with its locks around a clone without CLONE_VM: take them, give them back in the parent, make
 * them anew in the child, where no other thread is left that could hold them. */
enum fork_step { FORK_BEFORE, FORK_PARENT, FORK_CHILD };
static inline void rt_fork_lock(struct lock *l, enum fork_step s)
{
	if (s == FORK_BEFORE) rt_lock(l);
	else if (s == FORK_PARENT) rt_unlock(l);
	else l->word = 0;
}

void rt_alloc_fork(enum fork_step s);
u64 rt_alloc_mapped(void);              /* bytes in maps of the runtime's own */

#endif
