/* cpuid.c - the CPUID leaves. SDM volume 2, CPUID; AMD's manual volume 3 appendix E for the extended ones. */
#include "x86/cpuid.h"
#include "x86/feature.h"

enum { A, B, C, D };

const struct x86_id x86_ids[] = {
	[X86_VENDOR_STELE] = { "SteleVirtual", 6, 1, 1 },
	[X86_VENDOR_INTEL] = { "GenuineIntel", 6, 63, 2 },
	[X86_VENDOR_AMD]   = { "AuthenticAMD", 23, 1, 2 },
};

/* The announced features whose bit is in that register of that leaf. */
static u32 features(const struct x86_cpu *cpu, u32 leaf, u32 subleaf, int reg)
{
	static const struct { u32 leaf; u8 subleaf, reg; s8 bit; } at[] = {
#define F(name, leaf, subleaf, reg, bit, linux) { leaf, subleaf, reg, bit },
#include "x86/feature.def"
#undef F
	};
	u32 v = 0;

	for (unsigned k = 0; k < countof(at); k++)
		if (at[k].leaf == leaf && at[k].subleaf == subleaf && at[k].reg == reg && at[k].bit >= 0 &&
		    cpu->features >> k & 1)
			v |= 1u << at[k].bit;
	return v;
}

static bool has(const struct x86_cpu *cpu, enum x86_feature f) { return cpu->features >> f & 1; }

static u32 four(const char *s) { return (u8)s[0] | (u8)s[1] << 8 | (u8)s[2] << 16 | (u32)(u8)s[3] << 24; }

/* Bits that number n things. */
static u32 bits_for(u32 n)
{
	u32 b = 0;

	while (b < 31 && 1u << b < n)
		b++;
	return b;
}

static u32 threads_of(const struct x86_cpu *cpu) { return cpu->threads ? cpu->threads : 1; }
static u32 cpus_of(const struct x86_cpu *cpu) { return cpu->ncpus ? cpu->ncpus : 1; }
static u32 at_most(u32 v, u32 max) { return v < max ? v : max; }

static void leaf_vendor(const struct x86_cpu *cpu, u32 max, u32 *o)
{
	const char *v = x86_ids[cpu->vendor].vendor;

	o[A] = max;
	o[B] = four(v);
	o[D] = four(v + 4);
	o[C] = four(v + 8);
}

/* Unlike a vendor's, a hypervisor's name goes through the registers in order. */
static void leaf_hypervisor(u32 *o)
{
	const char *v = x86_ids[X86_VENDOR_STELE].vendor;

	o[A] = 0x40000000;
	o[B] = four(v);
	o[C] = four(v + 4);
	o[D] = four(v + 8);
}

static u32 signature(const struct x86_cpu *cpu)
{
	const struct x86_id *id = &x86_ids[cpu->vendor];
	u32 family = at_most(id->family, 15);

	return (u32)(id->family - family) << 20 | (u32)(id->model >> 4) << 16 | family << 8 |
		(id->model & 15) << 4 | id->stepping;
}

static void leaf_1(const struct x86_cpu *cpu, u32 *o)
{
	u32 n = cpus_of(cpu);

	o[A] = signature(cpu);
	o[B] = (cpu->cpu & 0xff) << 24 | at_most(1u << bits_for(n), 255) << 16 | 64 / 8 << 8;
	o[C] = features(cpu, 1, 0, C) | (has(cpu, X86_XSAVE) ? 1u << 27 : 0) | 1u << 31;        /* OSXSAVE, hypervisor */
	o[D] = features(cpu, 1, 0, D) | (n > 1 ? 1u << 28 : 0);                                 /* HTT */
}

/* Caches of a usual server core; the last level is shared by all. */
static const struct cache { u8 type, level; u16 ways; u32 kib; } caches[] = {
	{ 1, 1, 8, 32 }, { 2, 1, 8, 32 }, { 3, 2, 16, 1024 }, { 3, 3, 16, 16384 },
};

static void leaf_4(const struct x86_cpu *cpu, u32 subleaf, u32 *o)
{
	const struct cache *c = &caches[subleaf];
	u32 sharing;

	if (subleaf >= countof(caches))
		return;
	sharing = 1u << bits_for(c->level == 3 ? cpus_of(cpu) : threads_of(cpu));
	o[A] = c->type | c->level << 5 | 1 << 8 | (at_most(sharing, 4096) - 1) << 14 |
		(at_most(1u << bits_for(cpus_of(cpu) / threads_of(cpu)), 64) - 1) << 26;
	o[B] = (64 - 1) | (u32)(c->ways - 1) << 22;
	o[C] = c->kib * 1024 / 64 / c->ways - 1;
}

/* Leaves 0BH and 1FH: which bits of the APIC id number threads, which cores. */
static void leaf_topology(const struct x86_cpu *cpu, u32 subleaf, u32 *o)
{
	o[C] = subleaf & 0xff;
	o[D] = cpu->cpu;
	if (subleaf == 0) {
		o[A] = bits_for(threads_of(cpu));
		o[B] = threads_of(cpu);
		o[C] |= 1 << 8;
	} else if (subleaf == 1) {
		o[A] = bits_for(cpus_of(cpu));
		o[B] = cpus_of(cpu);
		o[C] |= 2 << 8;
	}
}

/* XSAVE: x87 and SSE lie in the legacy area, AVX's upper halves follow the header. */
static void leaf_d(const struct x86_cpu *cpu, u32 subleaf, u32 *o)
{
	bool avx = has(cpu, X86_AVX);
	u32 size = 512 + 64 + (avx ? 256 : 0);

	if (!has(cpu, X86_XSAVE))
		return;
	if (subleaf == 0) {
		o[A] = avx ? 7 : 3;             /* XCR0 */
		o[B] = o[C] = size;
	} else if (subleaf == 1) {
		o[A] = features(cpu, 0xd, 1, A);
		o[B] = has(cpu, X86_XSAVEC) ? size : 0;
	} else if (subleaf == 2 && avx) {
		o[A] = 256;
		o[B] = 512 + 64;
	}
}

static void leaf_brand(u32 part, u32 *o)
{
	static const char brand[48] = X86_BRAND;

	for (int k = 0; k < 4; k++)
		o[k] = four(brand + 16 * part + 4 * k);
}

static void extended(u32 leaf, const struct x86_cpu *cpu, u32 *o)
{
	switch (leaf) {
	case 0x80000000: leaf_vendor(cpu, X86_CPUID_EXT_MAX, o); break;
	case 0x80000001:
		o[A] = signature(cpu);
		o[C] = features(cpu, leaf, 0, C);
		o[D] = features(cpu, leaf, 0, D) | 1u << 20 | 1u << 29;         /* NX, long mode */
		break;
	case 0x80000002: case 0x80000003: case 0x80000004: leaf_brand(leaf - 0x80000002, o); break;
	case 0x80000005: o[C] = o[D] = 32u << 24 | 8 << 16 | 1 << 8 | 64; break;
	case 0x80000006:
		o[C] = 1024u << 16 | 8 << 12 | 64;      /* 8: sixteen ways */
		o[D] = 16384 / 512u << 18 | 8 << 12 | 64;
		break;
	case 0x80000007: o[D] = 1 << 8; break;          /* invariant TSC */
	case 0x80000008:
		o[A] = X86_ADDRESS_BITS << 8 | X86_ADDRESS_BITS;
		o[B] = features(cpu, leaf, 0, B);
		o[C] = bits_for(cpus_of(cpu)) << 12 | at_most(cpus_of(cpu) - 1, 255);
		break;
	}
}

void x86_cpuid(u32 leaf, u32 subleaf, const struct x86_cpu *cpu, u32 out[4])
{
	for (int k = 0; k < 4; k++)
		out[k] = 0;
	switch (leaf) {
	case 0: leaf_vendor(cpu, X86_CPUID_MAX, out); break;
	case 1: leaf_1(cpu, out); break;
	case 2: out[A] = 0x00feff01; break;             /* descriptors: see leaves 4 and 18H */
	case 4: leaf_4(cpu, subleaf, out); break;
	case 7:
		if (subleaf <= 1)
			for (int k = 0; k < 4; k++)
				out[k] = features(cpu, 7, subleaf, k);
		if (subleaf == 0)
			out[A] = 1;             /* the last subleaf */
		break;
	case 0xb: case 0x1f: leaf_topology(cpu, subleaf, out); break;
	case 0xd: leaf_d(cpu, subleaf, out); break;
	case 0x15:                              /* TSC: a 25 MHz crystal times 200 / 2 */
		out[A] = 2;
		out[B] = X86_TSC_HZ / 25000000 * 2;
		out[C] = 25000000;
		break;
	case 0x16:
		out[A] = out[B] = X86_TSC_HZ / 1000000;
		out[C] = 100;
		break;
	case 0x40000000: leaf_hypervisor(out); break;
	default: extended(leaf, cpu, out);
	}
}
