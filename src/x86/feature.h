/* feature.h - the features this translator tells the guest of, in CPUID, AT_HWCAP and /proc/cpuinfo.
 *
 * One constant, for a host that has everything: it grows as translations arrive. X87 and MMX are part of x86-64-v1, so they are announced whatever
 * the state of their rows.
 */
#ifndef X86_FEATURE_H
#define X86_FEATURE_H

#include "x86/insn.h"

#define X86_BIT(name)  (1ull << X86_##name)

/* What every x86-64 CPU has. SDM vol. 1 chapter 5; the psABI calls it x86-64-v1. */
#define X86_V1  (X86_BIT(BASE) | X86_BIT(X87) | X86_BIT(TSC) | X86_BIT(CX8) | X86_BIT(CMOV) | X86_BIT(CLFLUSH) | \
                 X86_BIT(MMX) | X86_BIT(FXSR) | X86_BIT(SSE) | X86_BIT(SSE2) | X86_BIT(SYSCALL))
#define X86_V2  (X86_V1 | X86_BIT(CX16) | X86_BIT(LAHF) | X86_BIT(POPCNT) | X86_BIT(SSE3) | X86_BIT(SSSE3) | \
                 X86_BIT(SSE41) | X86_BIT(SSE42))
#define X86_V3  (X86_V2 | X86_BIT(AVX) | X86_BIT(AVX2) | X86_BIT(BMI1) | X86_BIT(BMI2) | X86_BIT(F16C) | \
                 X86_BIT(FMA) | X86_BIT(LZCNT) | X86_BIT(MOVBE) | X86_BIT(XSAVE))

/* What a host may lack the means for is taken away when the program starts: tr_announced (tr/tr.h). */
#define X86_ANNOUNCED  (X86_V3 | X86_BIT(XSAVEOPT) | X86_BIT(XSAVEC) | X86_BIT(AES) | X86_BIT(VAES) | X86_BIT(PCLMUL) | \
                        X86_BIT(VPCLMUL) | X86_BIT(SHA) | X86_BIT(GFNI) | X86_BIT(ADX) | X86_BIT(RDRAND) | X86_BIT(RDSEED) | \
                        X86_BIT(RDTSCP) | X86_BIT(RDPID) | X86_BIT(FSGSBASE) | X86_BIT(PREFETCHW) | \
                        X86_BIT(CLFLUSHOPT) | X86_BIT(CLWB))

#endif
