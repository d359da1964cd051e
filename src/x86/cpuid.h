/* cpuid.h - what the CPUID instruction answers, as a pure function.
 *
 * The features are those announced (feature.h), placed by feature.def; everything else that a program may ask is
 * derived from struct x86_cpu, so that CPUID, /proc/cpuinfo, AT_HWCAP and affinity tell one story. SDM vol. 2, CPUID.
 */
#ifndef X86_CPUID_H
#define X86_CPUID_H

#include "base.h"

#define X86_CPUID_MAX       0x1f        /* "cpuid level" of /proc/cpuinfo */
#define X86_CPUID_EXT_MAX   0x80000008
#define X86_TSC_HZ          2500000000ull
#define X86_ADDRESS_BITS    48          /* physical and virtual */
#define X86_BRAND           "SteleVirtual @ 2.50GHz"

enum x86_vendor { X86_VENDOR_STELE, X86_VENDOR_INTEL, X86_VENDOR_AMD };

/* Family and so on as the kernel prints them; programs that insist on a vendor also look at these. */
struct x86_id { char vendor[13]; u8 family, model, stepping; };
extern const struct x86_id x86_ids[];   /* by enum x86_vendor */

struct x86_cpu {
	u64 features;                   /* announced, bit X86_...                          */
	enum x86_vendor vendor;
	u32 cpu;                        /* the CPU this runs on, from 0: its APIC id       */
	u32 ncpus;                      /* CPUs of the machine, all in one package         */
	u32 threads;                    /* hardware threads of a core; 0 means 1           */
};

/* out: EAX EBX ECX EDX. */
void x86_cpuid(u32 leaf, u32 subleaf, const struct x86_cpu *cpu, u32 out[4]);

#endif
