/* smc.h - self-modifying code: what the fault handler asks. */
#ifndef RT_SMC_H
#define RT_SMC_H

#include "rt/rt.h"

/* A write to `a` faulted. True if its page was protected for its code only: that is gone, and the write will work. later:
 * it is done by code that has still to be made, and smc_stored follows. */
bool smc_write(gaddr a, bool later);
void smc_stored(struct thread *t);              /* t->storing: t's store after smc_write is done */
void smc_wait(gaddr page);                      /* rt_smc_track did not mark that page: for a while; no lock may be held */
void smc_fork_child(void);

#endif
