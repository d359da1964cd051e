/* judge.c - is what the translation left what the CPU left? Masks what the SDM leaves undefined, and what a fault may
 * leave open: flags and xmm registers that are overwritten before any read.
 */
#include "diff.h"
#include "x86/feature.h"
#if defined __x86_64__
#include <cpuid.h>
#endif
#include <math.h>
#include <stdio.h>
#include <string.h>

bool amd_cpu(void)
{
#if defined __x86_64__
	u32 a, b, c, d;

	return __get_cpuid(0, &a, &b, &c, &d) && b == signature_AMD_ebx;
#else
	return false;
#endif
}

static bool named(const struct insn *i, const char *prefix)
{
	return !strncmp(x86_rows[i->row].name, prefix, strlen(prefix));
}

/* The count of a shift, when it is known; else -1. */
static int shift_count(const struct insn *i, const struct tcase *t)
{
	int n = named(i, "SHLD") || named(i, "SHRD") ? 2 : 1, mask = i->w == 8 ? 63 : 31;

	if (i->o[n].kind == OP_IMM) return i->imm & mask;
	return t && i->o[n].kind == OP_GPR && i->o[n].reg == RCX ? (int)(t->gpr[RCX] & mask) : -1;
}

static bool is_shift(const struct insn *i)
{
	static const char *const names[] = { "ROL", "ROR", "RCL", "RCR", "SHL", "SHR", "SAR", "SHLD", "SHRD" };

	for (size_t k = 0; k < countof(names); k++)
		if (!strcmp(x86_rows[i->row].name, names[k])) return true;
	return false;
}

/* Flags that i writes for certain, and those that are undefined after it. t: the state before it, if known. */
static void flag_facts(const struct insn *i, const struct tcase *t, u8 *writes, u8 *undef)
{
	const struct x86_row *r = &x86_rows[i->row];
	int n;

	*writes = r->attr & ROW_MAYBE ? 0 : r->writes;
	*undef = r->undef;
	if (r->attr & ROW_STR && !(i->prefix & (PFX_REP | PFX_REPNE))) *writes = r->writes;
	if (!is_shift(i)) return;
	n = shift_count(i, t);
	if (n == 0) { *writes = *undef = 0; return; }
	if (n > 0) *writes = r->writes;
	if (n == 1) *undef &= ~F_O;
	if ((named(i, "SHL") || named(i, "SHR")) && i->w <= 2 && (n < 0 || n >= i->w * 8)) *undef |= F_C;
}

static int index_of(const struct flow *f, gaddr pc)
{
	for (int k = 0; k < f->n; k++)
		if (f->i[k].pc == pc) return k;
	return f->n;
}

/* The label whose address the instruction before k takes into reg, for the branch through reg at k. */
static int aimed_at(const struct flow *f, int k, int reg)
{
	const struct insn *i = &f->i[k - 1];

	return k && named(i, "LEA") && i->o[0].reg == reg && i->base == RIP ? index_of(f, insn_next(i) + i->disp) : f->n;
}

/* Where a return goes: behind a call, or to the address that was pushed before it. */
static u64 returns(const struct flow *f, int k)
{
	u64 m = 0;

	if (k > 1 && named(&f->i[k - 1], "PUSH") && f->i[k - 1].o[0].kind == OP_GPR) m |= 1ull << aimed_at(f, k - 1, f->i[k - 1].o[0].reg);
	for (int j = 0; j < k; j++)
		if (named(&f->i[j], "CALL")) m |= 1ull << (j + 1);
	return m ? m : 1ull << f->n;
}

/* Where control may go after instruction k, a bit each. Out of the code counts as its end. */
static u64 ways(const struct flow *f, int k)
{
	const struct insn *i = &f->i[k];
	u64 next = 1ull << (k + 1);
	int to;

	if (!(x86_rows[i->row].attr & ROW_BRANCH)) return next;
	if (i->o[0].kind == OP_REL) return 1ull << index_of(f, i->imm) | (named(i, "JMP") || named(i, "CALL") ? 0 : next);
	if (named(i, "RET")) return returns(f, k);
	to = i->o[0].kind == OP_GPR ? aimed_at(f, k, i->o[0].reg) : f->n;
	return to == f->n ? next | 1ull << to : 1ull << to;
}

static void undefined_flags(struct flow *f, const struct tcase *t)
{
	bool again = true;

	memset(f->undef, 0, sizeof f->undef);
	while (again) {
		again = false;
		for (int k = 0; k < f->n; k++) {
			u8 writes, undef, out;
			u64 way;

			flag_facts(&f->i[k], f->n == 1 ? t : 0, &writes, &undef);
			out = (f->undef[k] & ~writes) | undef;
			for (way = ways(f, k); way; way &= way - 1) {
				u8 *to = &f->undef[__builtin_ctzll(way)];

				again |= out & ~*to;
				*to |= out;
			}
		}
	}
}

/* Flags that somebody reads from each instruction on. */
static void live_flags(struct flow *f)
{
	u8 *live = f->live;

	memset(f->live, 0, sizeof f->live);
	live[f->n] = 0xff;
	for (bool again = true; again; ) {
		again = false;
		for (int k = f->n - 1; k >= 0; k--) {
			u8 writes, undef, in = 0;

			flag_facts(&f->i[k], 0, &writes, &undef);
			for (u64 way = ways(f, k); way; way &= way - 1)
				in |= live[__builtin_ctzll(way)];
			in = (in & ~writes) | insn_shows(&f->i[k]);
			again |= in != live[k];
			live[k] = in;
		}
	}
}

void flow_of(struct flow *f, const struct tcode *c)
{
	u32 at = 0;

	f->n = 0;
	f->approx = 0;
	memset(f->dot, 0, sizeof f->dot);
	f->ok = false;
	while (at < c->len && f->n < SEQ_MAX) {
		struct insn *i = &f->i[f->n];

		if (x86_decode(i, c->b + at, c->len - at, c->rip + at, X86_ANNOUNCED) != X86_OK) return;
		at += i->len;
		f->n++;
		if (named(i, "RCP") || named(i, "RSQRT") || named(i, "VRCP") || named(i, "VRSQRT")) f->approx |= 1 << i->o[0].reg;
		if (named(i, "DPPS") || named(i, "VDPPS")) f->dot[i->o[0].reg] = 4;
		if (named(i, "DPPD") || named(i, "VDPPD")) f->dot[i->o[0].reg] = 8;
	}
	undefined_flags(f, 0);
	live_flags(f);
	f->ok = at == c->len;
	for (int k = 0; k < f->n; k++)
		if (insn_reads(&f->i[k]) & f->undef[k]) f->ok = false;
}

/* ---- comparing -------------------------------------------------------------------------------------------- */

static u64 flag_bits(u8 f)
{
	static const u16 bit[] = { 0x800, 0x80, 0x40, 0x10, 4, 1, 0x400 };
	u64 m = 0;

	for (int k = 0; k < 7; k++)
		if (f & 1 << k) m |= bit[k];
	return m;
}

enum { RF = 0x10000 };

static u64 flags_mask(const struct flow *f, const struct tcase *t, const struct tresult *want)
{
	struct flow g = *f;
	u64 mask = 0x3f7fd5 & ~(u64)RF;                 /* stored truth does not know it */
	int k;

	undefined_flags(&g, t);
	if (!want->sig) return mask & ~flag_bits(g.undef[f->n]);
	k = index_of(f, want->rip);
	if (k == f->n) return mask & ~flag_bits(g.undef[k]);
	return mask & ~flag_bits(g.undef[k] | x86_rows[f->i[k].row].writes) & ~flag_bits(~f->live[k] & F_ALL);
}

/* A return that has no more places in the code to go to has left it with flags that flow_of knows nothing of: those that were
 * undefined anywhere are so. */
u64 flags_away(const struct flow *f, const struct tresult *want)
{
	u8 any = 0;

	if (!want->sig || index_of(f, want->rip) != f->n) return 0;
	for (int k = 0; k <= f->n; k++)
		any |= f->undef[k];
	return flag_bits(any);
}

/* xmm registers that may hold anything at the fault: written from there on. From bit 16 on: their upper halves. early: by the
 * one before too, as stored truth has it, which was made for a translator that took copies over. */
static u32 open_vectors(const struct flow *f, const struct tresult *want, bool early)
{
	u32 m = 0;

	if (!want->sig) return 0;
	for (int k = index_of(f, want->rip); k < f->n; k++)
		m |= named(&f->i[k], "VZEROUPPER") ? 0xffff0000 : named(&f->i[k], "VZEROALL") ? ~0u : 0;
	for (int k = index_of(f, want->rip) - (early && want->sig == 11); k < f->n; k++)
		for (int n = 0; n < 4 && k >= 0; n++)
			if (f->i[k].o[n].kind == OP_XMM && f->i[k].o[n].access & OP_WRITE) m |= 1u << f->i[k].o[n].reg;
	return m;
}

/* RCPPS and RSQRTPS promise a relative error below 1.5 * 2^-12 and leave the bits to the CPU. */
static bool near(u64 a, u64 b)
{
	for (int k = 0; k < 2; k++) {
		u32 x = a >> 32 * k, y = b >> 32 * k;
		float p, q;

		memcpy(&p, &x, 4);
		memcpy(&q, &y, 4);
		if (x != y && !(isfinite(p) && isfinite(q) && fabsf(p - q) <= fabsf(p) * (1.0 / 1024))) return false;
	}
	return true;
}

/* Which of several NaNs a dot product has in which lane is left to the CPU (SDM, DPPS). */
static bool same_but_nans(const u64 *a, const u64 *b, int w)
{
	for (int k = 0; k < 16; k += w) {
		u64 x = 0, y = 0, m = w == 4 ? 0x7fffffff : ~0ull >> 1, inf = w == 4 ? 0x7f800000 : 0x7ffull << 52;

		memcpy(&x, (const u8 *)a + k, w);
		memcpy(&y, (const u8 *)b + k, w);
		if (x != y && !((x & m) > inf && (y & m) > inf)) return false;
	}
	return true;
}

static bool same_half(const struct flow *f, int k, const u64 *want, const u64 *got)
{
	if (!memcmp(want, got, 16)) return true;
	if (f->dot[k] && same_but_nans(want, got, f->dot[k])) return true;
	return f->approx >> k & 1 && near(want[0], got[0]) && near(want[1], got[1]);
}

/* ---- without FEAT_AFP ---- */

bool rough_fp;

enum { MX_IE = 1, MX_DE = 2, MX_UE = 16, MX_PE = 32, MX_DAZ = 64, MX_FTZ = 1 << 15 };

static bool rough(const struct flow *f) { return rough_fp && f->n == 1 && row_fp(f->i[0].row); }

/* A lane of w bytes: is it a NaN, at most the least normal number, a denormal? */
static bool lane_nan(u64 x, int w) { return w == 4 ? (u32)x << 1 > 0xff000000 : x << 1 > 0xffe0000000000000; }
static bool lane_tiny(u64 x, int w) { return w == 4 ? (u32)x << 1 <= 0x01000000 : x << 1 <= 0x0020000000000000; }
static bool lane_denormal(u64 x, int w) { return w == 4 ? ((u32)x << 1) - 1 < 0x00ffffff : (x << 1) - 1 < 0x001fffffffffffff; }

static bool any_denormal(const void *p, u32 n)
{
	for (u32 w = 4; w <= 8; w += 4)
		for (u32 k = 0; k + w <= n; k += 4) {
			u64 x = 0;

			memcpy(&x, (const u8 *)p + k, w);
			if (lane_denormal(x, w)) return true;
		}
	return false;
}

/* ARM's one bit flushes operands and results alike: denormal operands are left out. */
static bool flushed(const struct flow *f, const struct tcase *t)
{
	const struct insn *i = &f->i[0];

	if (!rough(f) || !(t->mxcsr & (MX_DAZ | MX_FTZ))) return false;
	for (int n = 0; n < 4; n++)
		if (i->o[n].kind == OP_XMM && (any_denormal(t->xmm[i->o[n].reg], 16) || any_denormal(t->ymmh[i->o[n].reg], 16))) return true;
	for (u32 k = 0; k < t->nset; k++)
		if (any_denormal(t->set[k].b, t->set[k].len)) return true;
	return false;
}

/* NaNs are NaNs; with flushing, what is too small for one side may be so for the other. */
static bool same_roughly(const u64 *a, const u64 *b, int w, bool flush)
{
	for (int k = 0; k < 16; k += w) {
		u64 x = 0, y = 0;

		memcpy(&x, (const u8 *)a + k, w);
		memcpy(&y, (const u8 *)b + k, w);
		if (x != y && !(lane_nan(x, w) && lane_nan(y, w)) && !(flush && lane_tiny(x, w) && lane_tiny(y, w))) return false;
	}
	return true;
}

static bool same_vector_roughly(const struct flow *f, const struct tcase *t, int k, const struct tresult *want, const struct tresult *got)
{
	bool flush = t->mxcsr & (MX_DAZ | MX_FTZ);

	for (int w = 4; w <= 8; w += 4)
		if (rough(f) && same_roughly(want->xmm[k], got->xmm[k], w, flush) && same_roughly(want->ymmh[k], got->ymmh[k], w, flush))
			return true;
	return false;
}

static bool same_vector(const struct flow *f, int k, const struct tresult *want, const struct tresult *got, u32 open)
{
	return open >> k & 1 ||
	       (same_half(f, k, want->xmm[k], got->xmm[k]) && (open >> (k + 16) & 1 || same_half(f, k, want->ymmh[k], got->ymmh[k])));
}

/* Where the translation departs from the CPU on purpose, or CPUs from each other; each is stated where it is decided.
 * Everything else that differs is wrong. */
static bool misaligned(const struct flow *f, const struct tresult *want)
{
	int k = index_of(f, want->rip);         /* legacy SSE does not check alignment: emit_vec.c */

	return want->sig == 11 && want->sigcode == 128 && k < f->n && x86_rows[f->i[k].row].attr & ROW_ALIGN;
}
static bool half_stored(const struct flow *f, const struct tresult *want)
{
	int k = index_of(f, want->rip);         /* a store that crosses into a page it may not write: ARM64 may do the first part */

	if (!want->sig || want->sig != 11 || k == f->n) return false;
	for (int n = 0; n < 4; n++)
		if (f->i[k].o[n].kind == OP_MEM && f->i[k].o[n].access & OP_WRITE) return true;
	return false;
}
static bool same_address(const struct flow *f, const struct tresult *want, const struct tresult *got)
{
	int k = index_of(f, want->rip);         /* of a wide operand CPUs name this byte or that */

	if (want->sigaddr == got->sigaddr) return true;
	if (k == f->n || !want->sigaddr || !got->sigaddr) return false;
	if (named(&f->i[k], "CMPS")) return true;       /* which of its two operands is read first */
	for (int n = 0; n < 4; n++)
		if (f->i[k].o[n].kind == OP_MEM && (f->i[k].o[n].w == 0 || f->i[k].o[n].w >= 16))
			return want->sigaddr - got->sigaddr + 512 < 1024;
	return false;
}
static u32 mxcsr_mask(const struct flow *f)
{
	if (f->approx) return ~63u;             /* RCP and RSQRT raise nothing; their steps here do */
	for (int k = 0; k < f->n; k++)
		if (!strncmp(encs[f->i[k].row].emit, "fcmp_", 5)) return ~2u;  /* DE for a denormal beside a NaN */
	return ~0u;
}
/* Stored truth leaves out DE beside IE. */
static u32 stored_mask(const struct flow *f, const struct tresult *r) { return mxcsr_mask(f) & (r->mxcsr & 1 ? ~2u : ~0u); }

static bool odd_address(const struct insn *i)           /* of memory, where the code alone says it */
{
	gaddr at = (i->base == RIP ? insn_next(i) : 0) + i->disp;

	return i->o[1].kind == OP_MEM && i->index == NOREG && (i->base == RIP || i->base == NOREG) && at & 15;
}

/* Where AMD's CPUs do otherwise than Intel's, which stele follows: then an Intel CPU's stored truth must do (stored.c).
 * INT1 is reported before it under a hypervisor; MXCSR has a bit 17; FXSAVE keeps the x87's pointers only for exceptions;
 * MOVSXD r16 reads 4 bytes; NOP 0F 0D /r knows no register; VCVTPS2PH whose store faults sets no flag in MXCSR; SHA's memory
 * operands need not be aligned. */
static bool cpus_differ(const struct flow *f, const struct tresult *want)
{
	if (!amd_cpu()) return false;
	if (want->mxcsr >> 17 & 1) return true;
	for (int k = 0; k < f->n; k++) {
		const struct insn *i = &f->i[k];

		if (named(i, "INT1") || named(i, "FXSAVE")) return true;
		if (named(i, "MOVSXD") && i->w == 2 && want->sig == 11) return true;
		if (named(i, "VCVTPS2PH") && want->sig == 11) return true;
		if (named(i, "SHA") && (want->sig == 11 || odd_address(i))) return true;
		if (named(i, "NOP") && !strcmp(encs[i->row].enc, "0F 0D /r") && i->o[0].kind == OP_GPR) return true;
	}
	return false;
}

static bool same_memory(const struct tresult *want, const struct tresult *got)
{
	return want->nmem == got->nmem && want->memhash == got->memhash &&
	       !memcmp(words_of(want), words_of(got), want->nmem * sizeof(struct tword));
}

/* Where an address is not canonical, user-mode QEMU on x86-64 itself gets a #GP and can say no address: it says 0. */
static int signal_code(const struct tresult *r) { return r->sig == 11 && !r->sigaddr ? 128 : r->sigcode; }

static bool same_signal(const struct flow *f, const struct tresult *want, const struct tresult *got)
{
	return want->sig == got->sig && signal_code(want) == signal_code(got) && same_address(f, want, got) && want->rip == got->rip;
}

bool strict_fp;

/* Flags that the translation may leave otherwise there: DE, UE, with flushing PE beside UE; and IE, where ARM does not
 * let a NaN that is added hide an infinity times zero. */
static u32 rough_flags(const struct flow *f, const struct tcase *t)
{
	if (!rough(f)) return 0;
	return MX_DE | MX_UE | (t->mxcsr & (MX_DAZ | MX_FTZ) ? MX_PE : 0) | (named(&f->i[0], "VFM") || named(&f->i[0], "VFNM") ? MX_IE : 0);
}

/* AMD's CPUs look at the memory of an x87 store that an exception, not masked, keeps from being done. */
bool not_stored(const struct flow *f, const struct tresult *want, const struct tresult *got)
{
	int k = index_of(f, want->rip);

	return amd_cpu() && want->sig == 11 && got->sig != 11 && k < f->n && emits(f->i[k].row, "x87") && f->i[k].o[0].kind == OP_MEM &&
	       f->i[k].o[0].access & OP_WRITE;
}

bool same(const struct flow *f, const struct tcase *t, const struct tresult *want, const struct tresult *got)
{
	u32 open = open_vectors(f, want, false);

	if (anything_goes(f, want) || flushed(f, t) || not_stored(f, want, got)) return true;
	if (!same_signal(f, want, got) || memcmp(want->gpr, got->gpr, sizeof want->gpr) ||
	    (want->mxcsr ^ got->mxcsr) & (strict_fp ? ~0u : mxcsr_mask(f)) & ~rough_flags(f, t))
		return false;
	if ((want->rflags ^ got->rflags) & ((flags_mask(f, t, want) & ~flags_away(f, want)) | (want->sig ? RF : 0)) || want->fpu != got->fpu) return false;
	for (int k = 0; k < 16; k++)
		if (!same_vector(f, k, want, got, open) && !same_vector_roughly(f, t, k, want, got)) return false;
	return same_memory(want, got) || half_stored(f, want);
}

/* ---- the same without the other side: test/diff/truth.c ---- */

bool anything_goes(const struct flow *f, const struct tresult *want) { return misaligned(f, want) || cpus_differ(f, want); }

/* An address inside the code is told by how far in it lies. */
static u64 relative(const struct tcode *c, u64 v) { return v - c->rip < CODE_MAX ? 0x7e1a000000000000 + v - c->rip : v; }

static u64 digest_memory(u64 h, const struct tcode *c, const struct tresult *r)
{
	h = hash_more(h, &r->nmem, sizeof r->nmem);
	for (u32 k = 0; k < r->nmem; k++) {
		u64 v[2] = { words_of(r)[k].addr, relative(c, words_of(r)[k].value) };

		h = hash_more(h, v, sizeof v);
	}
	return h;
}

static bool is_copy(const struct insn *i)
{
	return !strncmp(x86_rows[i->row].name, "MOV", 3) && (i->o[0].kind == OP_XMM || i->o[0].kind == OP_GPR) && i->o[1].kind == i->o[0].kind;
}

/* Where the fault is, and its address as far as CPUs agree. A copy goes with what follows. */
static u64 digest_signal(u64 h, const struct flow *f, struct tresult *r)
{
	int k = index_of(f, r->rip), copy = r->sig == 11 && k < f->n && is_copy(&f->i[k]) ? k : r->sig == 11 && k > 0 && k < f->n && is_copy(&f->i[k - 1]) ? k - 1 : -1;
	struct tresult other = *r;
	u64 v[3] = { r->sig, signal_code(r), copy >= 0 ? copy : k };

	if (copy >= 0 && copy + 1 < f->n) r->rip = f->i[copy + 1].pc;
	if (copy >= 0 && f->i[copy].o[0].kind == OP_GPR) r->gpr[f->i[copy].o[0].reg] = 0;
	h = hash_more(h, v, sizeof v);
	other.rip = r->rip;
	other.sigaddr = r->sigaddr ^ 1;                 /* would another one do? */
	v[0] = r->sigaddr && same_address(f, r, &other) ? 1 : r->sigaddr;
	return hash_more(h, v, 8);
}

u64 digest(const struct flow *f, const struct tcode *c, const struct tcase *t, const struct tresult *result)
{
	struct tresult *r = &(struct tresult){ 0 };
	u64 h = 0xcbf29ce484222325, v;
	u32 open;

	*r = *result;
	if (r->sig) h = digest_signal(h, f, r);
	for (int k = 0; k < 16; k++) {
		v = relative(c, r->gpr[k]);
		h = hash_more(h, &v, 8);
	}
	v = r->rflags & flags_mask(f, t, r);
	h = hash_more(h, &v, 8);
	v = r->mxcsr & stored_mask(f, r);
	h = hash_more(h, &v, 8);
	open = open_vectors(f, r, true);
	for (int k = 0; k < 16; k++) {
		if (open >> k & 1 || f->approx >> k & 1 || f->dot[k]) continue;
		h = hash_more(h, r->xmm[k], 16);
		if (!(open >> (k + 16) & 1)) h = hash_more(h, r->ymmh[k], 16);
	}
	return half_stored(f, r) ? h : digest_memory(h, c, result);
}

/* ---- saying it -------------------------------------------------------------------------------------------- */

static const char *const gname[] = { "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15" };

static void say_flags(const char *what, u64 f)
{
	static const char letters[] = "C.P.A.ZS..DO";

	printf("%s ", what);
	for (int k = 11; k >= 0; k--)
		if (letters[k] != '.') putchar(f >> k & 1 ? letters[k] : '-');
	printf(" (%llx)", (unsigned long long)f);
}

static bool uses(const struct flow *f, u8 kind, int reg)
{
	for (int k = 0; k < f->n; k++) {
		const struct insn *i = &f->i[k];

		for (int n = 0; n < 4; n++)
			if (i->o[n].kind == kind && i->o[n].reg == reg) return true;
		if (kind == OP_GPR && (i->base == reg || i->index == reg)) return true;
	}
	return kind == OP_GPR && f->n == 1 && (encs[f->i[0].row].str || reg == RAX || reg == RCX || reg == RDX);
}

static void say_input(const struct flow *f, const struct tcase *t)
{
	printf("  in ");
	for (int k = 0; k < 16; k++)
		if (uses(f, OP_GPR, k) || (k < 4 && uses(f, OP_GPRH, k))) printf(" %s=%llx", gname[k], (unsigned long long)t->gpr[k]);
	for (int k = 0; k < 16; k++)
		if (uses(f, OP_XMM, k))
			printf(" xmm%d=%016llx:%016llx:%016llx:%016llx", k, (unsigned long long)t->ymmh[k][1], (unsigned long long)t->ymmh[k][0],
			       (unsigned long long)t->xmm[k][1], (unsigned long long)t->xmm[k][0]);
	for (u32 k = 0; k < t->nset; k++) {
		printf(" [%x]=", t->set[k].addr);
		for (u32 j = 0; j < t->set[k].len; j++)
			printf("%02x", t->set[k].b[j]);
	}
	say_flags(" ", t->rflags);
	if (t->mxcsr != 0x1f80) printf(" mxcsr=%x", t->mxcsr);
	printf("\n");
}

static void say_signal(const char *what, const struct tresult *r, const struct tcode *c)
{
	printf("  %s signal %d code %d addr %llx rip %llx (+%lld)\n", what, r->sig, r->sigcode, (unsigned long long)r->sigaddr,
	       (unsigned long long)r->rip, r->sig ? (long long)(r->rip - c->rip) : 0);
}

static void say_memory(const char *what, const struct tresult *r)
{
	printf("  %s memory:", what);
	for (u32 k = 0; k < r->nmem && k < 8; k++)
		printf(" [%llx]=%016llx", (unsigned long long)words_of(r)[k].addr, (unsigned long long)words_of(r)[k].value);
	printf(r->nmem > 8 ? " ... (%u)\n" : "\n", r->nmem);
}

void report(const struct flow *f, const struct tcode *c, const struct tcase *t, const struct tresult *want, const struct tresult *got)
{
	u32 open = open_vectors(f, want, false);
	char text[128];

	printf("MISMATCH");
	if (c->row >= 0) printf(" in row %s \"%s\" (%s)", encs[c->row].name, encs[c->row].opnds, encs[c->row].emit);
	printf("\n");
	for (int k = 0; k < f->n; k++) {
		x86_text(text, sizeof text, &f->i[k]);
		printf("  %llx  %s\n", (unsigned long long)f->i[k].pc, text);
	}
	printf("  ./run -x \"");
	for (u32 k = 0; k < c->len; k++)
		printf(k ? " %02x" : "%02x", c->b[k]);
	printf("\"\n");
	say_input(f, t);
	if (!same_signal(f, want, got)) {
		say_signal("want", want, c);
		say_signal("got ", got, c);
	} else if (want->sig) {
		say_signal("both", want, c);
	}
	for (int k = 0; k < 16; k++)
		if (want->gpr[k] != got->gpr[k])
			printf("  %-5s want %016llx got %016llx\n", gname[k], (unsigned long long)want->gpr[k], (unsigned long long)got->gpr[k]);
	if ((want->rflags ^ got->rflags) & flags_mask(f, t, want)) {
		say_flags("  flags want", want->rflags);
		say_flags(" got", got->rflags);
		say_flags(" compared", flags_mask(f, t, want) & 0xcd5);
		printf("\n");
	}
	if (want->fpu != got->fpu) printf("  the x87's state differs\n");
	if (want->mxcsr != got->mxcsr) printf("  mxcsr want %x got %x\n", want->mxcsr, got->mxcsr);
	for (int k = 0; k < 16; k++)
		if (!same_vector(f, k, want, got, open))
			printf("  xmm%-2d want %016llx:%016llx:%016llx:%016llx\n         got %016llx:%016llx:%016llx:%016llx\n", k,
			       (unsigned long long)want->ymmh[k][1], (unsigned long long)want->ymmh[k][0], (unsigned long long)want->xmm[k][1],
			       (unsigned long long)want->xmm[k][0], (unsigned long long)got->ymmh[k][1], (unsigned long long)got->ymmh[k][0],
			       (unsigned long long)got->xmm[k][1], (unsigned long long)got->xmm[k][0]);
	if (!same_memory(want, got)) {
		say_memory("want", want);
		say_memory("got ", got);
	}
	fflush(stdout);
}
