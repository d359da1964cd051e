/* procfs.h - what the makers of /proc's files write with. */
#ifndef SYS_PROCFS_H
#define SYS_PROCFS_H

#include "sys/abi.h"

struct proc_out { s32 fd; u32 n; bool failed; char buf[2048]; };

void proc_write(struct proc_out *o, const void *s, size_t n);
void proc_puts(struct proc_out *o, const char *s);
void proc_flush(struct proc_out *o);

void proc_cpuinfo(struct proc_out *o);

#endif
