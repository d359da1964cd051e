/* fetch.h - the guest's code bytes for the translator (tr_env.fetch, tr_env.stable), under rt_code_lock. */
#ifndef RT_FETCH_H
#define RT_FETCH_H

#include "rt/rt.h"

/* Up to n bytes that the guest may execute at pc, from pages that are marked for it; how many. */
size_t fetch_marked(void *ctx, gaddr pc, u8 *buf, size_t n);
size_t fetch_unmarked(void *ctx, gaddr pc, u8 *buf, size_t n);  /* any lock; as rt_fetch */
/* From a copy, which is taken once. */
void   fetch_take_copy(gaddr pc);
size_t fetch_copy(void *ctx, gaddr pc, u8 *buf, size_t n);

/* Will pc's page stay as it is, as long as the guest does not unmap or protect it otherwise? */
bool   fetch_stable(void *ctx, gaddr pc);
bool   fetch_never_stable(void *ctx, gaddr pc);
bool   fetch_was_stable(gaddr page);            /* the translation under way has found it so */
bool   fetch_others(gaddr pc);                  /* may others write there, unseen? */

/* A page that was not left alone since the translation under way read it, or 0. Ends that translation's use of pages. */
gaddr  fetch_disturbed(void);
void   fetch_forget(void);                      /* pages changed: they are marked anew before they are read again */

#endif
