/* pageidx.h - which regions were made from a guest page. Under rt_code_lock. */
#ifndef RT_PAGEIDX_H
#define RT_PAGEIDX_H

#include "rt/arena.h"

/* False: no memory; the region must not be used. */
bool pageidx_add(gaddr page, struct arena *a, struct region *r);
/* fn for each live region that was made from a page of [lo,hi); `page` is the one it was found by. */
void pageidx_each(gaddr lo, gaddr hi, void (*fn)(struct arena *a, struct region *r, gaddr page, void *ctx), void *ctx);
void pageidx_clear(void);               /* all regions are gone */

#endif
