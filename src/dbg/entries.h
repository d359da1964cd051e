/* entries.h - what `--entries` writes and tool/lockstep reads: the memory at the start, then what is executed. */
#ifndef DBG_ENTRIES_H
#define DBG_ENTRIES_H

#include "base.h"

enum entry_kind {
	ENTRY_START,                    /* followed by struct entry_map and its bytes, up to one with size 0 */
	ENTRY_REGION,                   /* a region is entered at rip                         */
	ENTRY_SYSCALL,                  /* done; rip is behind it. Followed by struct entry_syscall */
	ENTRY_INSN,                     /* CPUID, RDTSC ... at rip has given rax, rcx, rdx, rbx */
};
struct entry { u64 kind, rip, r[16], xmm[16][2]; };
struct entry_map { u64 at, size, prot, bytes; };        /* bytes: 0 or size */
/* there: for which args b says what lies at their address now. read: bytes that READ put at arg[1]; they follow. */
struct entry_syscall { u64 nr, arg[6], there, read; u8 b[6][256]; };

#endif
