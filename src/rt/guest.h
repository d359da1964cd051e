/* guest.h - guest memory from C, beyond rt.h: what the fault handler needs. */
#ifndef RT_GUEST_H
#define RT_GUEST_H

#include "rt/rt.h"

/* If *pc lies in one of the accessors' loops, moves it to where the accessor fails, and returns true. To be asked
 * only after self-modifying code had its chance, since rt_write may meet a page that is protected for that. */
bool rt_guest_fixup(u64 *pc);

#endif
