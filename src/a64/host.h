/* host.h - what the host CPU offers beyond ARMv8.0, as far as the translator or the runtime asks for it.
 *
 * The answer is a mask of HOST_ bits made from registers that someone else has read, so that code can be made for
 * another machine. Arm ARM D23.2 (ID registers); Linux: arm64/cpu-feature-registers, arm64/elf_hwcaps.
 */
#ifndef A64_HOST_H
#define A64_HOST_H

#include "base.h"

/* name, text, ID register, lowest bit of its field, least value, HWCAP word and bit (0: no such), what it needs */
#define HOST_FEATURES(F) \
	F(LSE,      "lse",      ISAR0, 20, 2, 1,  8, 0)                 /* CAS, LDADD, SWP */ \
	F(CRC32,    "crc32",    ISAR0, 16, 1, 1,  7, 0) \
	F(AES,      "aes",      ISAR0,  4, 1, 1,  3, 0) \
	F(PMULL,    "pmull",    ISAR0,  4, 2, 1,  4, HOST_AES)          /* 64 by 64 bits */ \
	F(SHA1,     "sha1",     ISAR0,  8, 1, 1,  5, 0) \
	F(SHA2,     "sha2",     ISAR0, 12, 1, 1,  6, 0)                 /* SHA256 */ \
	F(SHA512,   "sha512",   ISAR0, 12, 2, 1, 21, HOST_SHA2) \
	F(SHA3,     "sha3",     ISAR0, 32, 1, 1, 17, 0)                 /* EOR3, BCAX, RAX1, XAR */ \
	F(RDM,      "rdm",      ISAR0, 28, 1, 1, 12, 0)                 /* SQRDMLAH */ \
	F(DOTPROD,  "dotprod",  ISAR0, 44, 1, 1, 20, 0)                 /* UDOT, SDOT */ \
	F(FLAGM,    "flagm",    ISAR0, 52, 1, 1, 27, 0)                 /* CFINV, RMIF, SETF8 */ \
	F(FLAGM2,   "flagm2",   ISAR0, 52, 2, 2,  7, HOST_FLAGM)        /* AXFLAG, XAFLAG */ \
	F(RNG,      "rng",      ISAR0, 60, 1, 2, 16, 0)                 /* RNDR, RNDRRS */ \
	F(JSCVT,    "jscvt",    ISAR1, 12, 1, 1, 13, 0)                 /* FJCVTZS */ \
	F(FCMA,     "fcma",     ISAR1, 16, 1, 1, 14, 0)                 /* FCADD, FCMLA */ \
	F(LRCPC,    "lrcpc",    ISAR1, 20, 1, 1, 15, 0)                 /* LDAPR */ \
	F(LRCPC2,   "lrcpc2",   ISAR1, 20, 2, 1, 26, HOST_LRCPC)        /* LDAPUR, STLUR */ \
	F(FRINTTS,  "frintts",  ISAR1, 32, 1, 2,  8, 0)                 /* FRINT32X, FRINT64Z ... */ \
	F(SB,       "sb",       ISAR1, 36, 1, 1, 29, 0) \
	F(I8MM,     "i8mm",     ISAR1, 52, 1, 2, 13, 0)                 /* USDOT */ \
	F(MOPS,     "mops",     ISAR2, 16, 1, 2, 43, 0)                 /* CPYP, SETP ... */ \
	F(CSSC,     "cssc",     ISAR2, 52, 1, 2, 34, 0)                 /* CNT, CTZ, SMAX ... */ \
	F(FP16,     "fp16",     PFR0,  16, 1, 1,  9, 0) \
	F(DIT,      "dit",      PFR0,  48, 1, 1, 24, 0) \
	F(LSE2,     "lse2",     MMFR2, 32, 1, 1, 25, 0)                 /* accesses within 16 bytes are single */ \
	F(AFP,      "afp",      MMFR1, 44, 1, 2, 20, 0)                 /* FPCR.NEP, AH, FIZ */ \
	F(RPRES,    "rpres",    ISAR2,  4, 1, 2, 21, HOST_AFP)          /* FRECPE and FRSQRTE to 12 bits */ \
	F(TSO,      "tso",      NONE,   0, 0, 0,  0, 0)                 /* the kernel's x86 order is on */

enum host_reg {
	ID_NONE, ID_ISAR0, ID_ISAR1, ID_ISAR2, ID_PFR0, ID_PFR1, ID_MMFR0, ID_MMFR1, ID_MMFR2, ID_COUNT
};

enum host_bit {
#define F(name, text, reg, at, min, word, bit, needs) HOST_BIT_##name,
	HOST_FEATURES(F)
#undef F
	HOST_BITS
};
enum {
#define F(name, text, reg, at, min, word, bit, needs) HOST_##name = 1 << HOST_BIT_##name,
	HOST_FEATURES(F)
#undef F
	HOST_ALL = (1 << HOST_BITS) - 1
};

struct host_id {
	bool has_cpuid;                 /* HWCAP_CPUID: reg is the kernel's word; without it only hwcap is */
	u64 reg[ID_COUNT];              /* ID_AA64<name>_EL1 */
	u64 hwcap, hwcap2;              /* AT_HWCAP, AT_HWCAP2 */
	u64 ctr, dczid;                 /* CTR_EL0, DCZID_EL0: readable on every kernel (or emulated by it) */
};

enum { HOST_HWCAP_CPUID = 1 << 11 };

/* The features of that CPU. HOST_TSO is never among them: it is a mode, which the runtime asks the kernel for. */
u64 host_features(const struct host_id *id);

/* Changes *features by a list of -name (take away), name or +name (add), separated by commas or spaces; "all" is
 * every one but tso. What needs a feature that is not there goes too. False, and no change, for an unknown name. */
bool host_mask(u64 *features, const char *spec);

/* The names of the features, separated by commas, NUL-terminated, cut at size; returns the length of the whole. */
size_t host_names(char *out, size_t size, u64 features);

/* Caches. A line's bytes; does new code need the data cache cleaned, the instruction cache invalidated; the bytes
 * that DC ZVA zeroes, 0 where it may not be used. Arm ARM D23.2 (CTR_EL0, DCZID_EL0). */
static inline u32 host_dline(const struct host_id *id)          { return 4u << (id->ctr >> 16 & 15); }
static inline u32 host_iline(const struct host_id *id)          { return 4u << (id->ctr & 15); }
static inline bool host_must_clean(const struct host_id *id)    { return !(id->ctr >> 28 & 1); }
static inline bool host_must_discard(const struct host_id *id)  { return !(id->ctr >> 29 & 1); }
static inline u32 host_zva(const struct host_id *id)
{
	return id->dczid & 16 ? 0 : 4u << (id->dczid & 15);
}

#ifdef __aarch64__
/* Reads this CPU's registers; hwcap and hwcap2 as the kernel gave them. The ID registers trap where the kernel does
 * not emulate them, so they are read only if it says it does. */
static inline void host_read(struct host_id *id, u64 hwcap, u64 hwcap2)
{
#define HOST_MRS(var, reg)  __asm__ volatile("mrs %0, " reg : "=r"(var))
	*id = (struct host_id){ .has_cpuid = hwcap & HOST_HWCAP_CPUID, .hwcap = hwcap, .hwcap2 = hwcap2 };
	HOST_MRS(id->ctr, "ctr_el0");
	HOST_MRS(id->dczid, "dczid_el0");
	if (!id->has_cpuid)
		return;
	HOST_MRS(id->reg[ID_ISAR0], "s3_0_c0_c6_0");
	HOST_MRS(id->reg[ID_ISAR1], "s3_0_c0_c6_1");
	HOST_MRS(id->reg[ID_ISAR2], "s3_0_c0_c6_2");
	HOST_MRS(id->reg[ID_PFR0],  "s3_0_c0_c4_0");
	HOST_MRS(id->reg[ID_PFR1],  "s3_0_c0_c4_1");
	HOST_MRS(id->reg[ID_MMFR0], "s3_0_c0_c7_0");
	HOST_MRS(id->reg[ID_MMFR1], "s3_0_c0_c7_1");
	HOST_MRS(id->reg[ID_MMFR2], "s3_0_c0_c7_2");
#undef HOST_MRS
}
#endif

#endif
