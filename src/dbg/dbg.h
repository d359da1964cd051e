/* dbg.h - aids: what they ask of the rest is one call at each of the places below. All of them are silent unless an option
 * asked for them.
 */
#ifndef DBG_DBG_H
#define DBG_DBG_H

#include "rt/rt.h"
#include "tr/tr.h"

/* run.c, under rt_code_lock: region number nr was made, and c still holds all about it. how: "cold", "hot" ... */
void dbg_region(const struct tr *c, u64 nr, const char *how);
/* run.c: thread t enters the region at pc. Only seen under STELE_TRACE, where no region is linked to another. */
void dbg_entered(const struct thread *t, gaddr pc);
/* entries.c, only under STELE_ENTRIES: before the first instruction; a region; a system call is done, before: the
 * registers it was made with; CPUID and its like have answered. */
void dbg_entries_start(struct thread *t);
void dbg_entries_region(struct thread *t, gaddr pc);
void dbg_entries_syscall(struct thread *t, const u64 before[16]);
void dbg_entries_insn(struct thread *t);
/* The last regions entered, newest last; before a death by a signal. */
void dbg_trace_print(int fd);

void dbg_show_hex(const char *hex);

/* text.c: a region as text on fd. letters: x the x86 instructions, l what the passes found out, a the ARM64 words. */
void dbg_text(int fd, const struct tr *c, const char *letters);
/* "libc.so.6+1234", or "" where no file is mapped. */
void dbg_place(char *out, size_t size, gaddr pc);
/* perf.c */
void dbg_perf(const struct tr *c);
/* Where an option's "FILE" or "1" goes: a descriptor to be given to dbg_close, -1 if it cannot be opened. */
int dbg_open(const char *where);
void dbg_close(int fd);

#endif
