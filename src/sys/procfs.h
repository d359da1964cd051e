/* procfs.h - what the makers of /proc's files read and write with. */
#ifndef SYS_PROCFS_H
#define SYS_PROCFS_H

#include "sys/abi.h"

struct proc_out { s32 fd; u32 n; bool failed; char buf[2048]; };

void proc_write(struct proc_out *o, const void *s, size_t n);
void proc_puts(struct proc_out *o, const char *s);
void proc_flush(struct proc_out *o);

/* A text file's lines, cut to what fits, with their ends. */
struct proc_lines { s32 fd; u32 at, n; char buf[2048]; };
bool proc_line(struct proc_lines *l, char *s, size_t size);
/* A number at *s, which moves behind it; false: there is none. */
bool proc_number(const char **s, u64 *v);
bool proc_hex(const char **s, u64 *v);

void proc_make(struct proc_out *o, enum proc_file p, int host);         /* host: the kernel's file, open */
void proc_cpuinfo(struct proc_out *o);

#endif
