/* smc.h - self-modifying code: what the fault handler asks. */
#ifndef RT_SMC_H
#define RT_SMC_H

#include "rt/rt.h"

/* A write to `a` faulted. True if its page was protected for its code only: that is gone, and the write will work. */
void smc_stored(struct thread *t);               /* t's store after smc_write is done */
bool smc_write(gaddr a);

#endif
