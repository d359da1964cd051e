/* asm.h - struct cpu's offsets for enter.S and x87_fast.S; run.c and x87.c assert that they are right. */
#ifndef RT_ASM_H
#define RT_ASM_H

#define CPU_R          0
#define CPU_RIP        128
#define CPU_NZCV       136
#define CPU_PF         144
#define CPU_C_SP       200
#define CPU_PAIR_BASE  208
#define CPU_PAIR_SP    216
#define CPU_POLL       264
#define CPU_FCW        196
#define CPU_X87_C1     340

#endif
