/* xsave.c - XSAVE XSAVEOPT XSAVEC XRSTOR: x87, SSE and AVX state in memory. SDM volume 1, 13.
 *
 * The state is that of the machine's FXSAVE image and the upper halves; it goes through cpu.v, where the vectors are put
 * for the time. A component is in use unless all of it is as after a reset (XINUSE, 13.6). The components end where the
 * standard format has them in the compacted one too, since the only one behind the header is AVX's.
 */
#include "rt/except.h"
#include "rt/sse.h"
#include "rt/signal.h"
#include "rt/string.h"
#include "x86/feature.h"
#include "tr/tr.h"

enum { X87 = 1, SSE = 2, AVX = 4, ALL = X87 | SSE | AVX };
enum { AT_MXCSR = 24, AT_ST = 32, AT_XMM = 160, AT_END = 416, AT_HEADER = 512, AT_YMMH = 576 };
#define COMPACTED (1ull << 63)

struct header { u64 bv, comp, zero[6]; };
struct mxcsr { u32 value, mask; };

static u64 xcr0(void) { return rt.x86 & X86_BIT(AVX) ? ALL : X87 | SSE; }

static u64 requested(const struct cpu *c) { return (u32)c->r[0] & xcr0(); }

static bool is_zero(const void *p, size_t n)
{
	const u64 *q = p;
	u64 any = 0;

	for (size_t k = 0; k < n / 8; k++)
		any |= q[k];
	return !any;
}

static void x87_initial(u8 *image)
{
	memset(image, 0, AT_MXCSR);
	memset(image + AT_ST, 0, AT_XMM - AT_ST);
	image[0] = 0x7f;
	image[1] = 3;
}

static u64 in_use(struct cpu *c, const u8 *image)
{
	u8 initial[AT_END];
	u64 use = 0;

	x87_initial(initial);
	if (memcmp(image, initial, AT_MXCSR) || !is_zero(image + AT_ST, AT_XMM - AT_ST)) use |= X87;
	if (!is_zero(image + AT_XMM, AT_END - AT_XMM)) use |= SSE;
	for (int k = 0; k < 16; k++)
		if (!is_zero(cpu_ymmh(c, k), 16)) use |= AVX;
	return use;
}

static bool put_upper(struct cpu *c, gaddr a)
{
	u64 y[16][2];

	for (int k = 0; k < 16; k++)
		memcpy(y[k], cpu_ymmh(c, k), 16);
	return rt_store_bytes(a + AT_YMMH, y, sizeof y);
}

/* Only what was asked for is written; what XSAVEOPT and XSAVEC leave out are the components that are not in use. */
u64 rt_xsave(struct thread *t, u64 host_ret, u64 helper)
{
	struct cpu *c = &t->cpu;
	gaddr a = c->scratch[0];
	u64 want = requested(c), use, write;
	u8 image[AT_END];
	struct header h = { 0 };
	bool compact = helper == TR_H_XSAVEC, ok = true;

	if (!rt_canonical(a)) return rt_not_canonical(t, a);
	if (a & 63) return rt_gp(t);
	rt_vectors_save(c);
	x86_fxsave(c, image);
	use = in_use(c, image);
	if (compact && c->mxcsr != 0x1f80) use |= SSE;
	write = helper == TR_H_XSAVE ? want : want & use;
	if (!compact && !rt_load_bytes(&h.bv, a + AT_HEADER, 8)) return rt_page_fault(t, a + AT_HEADER, 64, false);
	if (write & X87) ok &= rt_store_bytes(a, image, AT_MXCSR) && rt_store_bytes(a + AT_ST, image + AT_ST, AT_XMM - AT_ST);
	if ((compact ? write : want) & (compact ? SSE : SSE | AVX)) ok &= rt_store_bytes(a + AT_MXCSR, image + AT_MXCSR, 8);
	if (write & SSE) ok &= rt_store_bytes(a + AT_XMM, image + AT_XMM, AT_END - AT_XMM);
	if (write & AVX) ok &= put_upper(c, a);
	h.bv = compact ? want & use : (h.bv & ~want) | (want & use);
	h.comp = COMPACTED | want;
	ok &= rt_store_bytes(a + AT_HEADER, &h, compact ? 16 : 8);
	return ok ? host_ret : rt_page_fault(t, a, want & AVX ? 832 : 576, true);
}

static bool header_valid(const struct header *h)
{
	if (h->comp & COMPACTED)
		return !(h->comp & ~(COMPACTED | xcr0())) && !(h->bv & ~h->comp) && is_zero(h->zero, sizeof h->zero);
	return !h->comp && !h->zero[0] && !(h->bv & ~xcr0());
}

static void set_upper(struct cpu *c, const u64 y[16][2])
{
	for (int k = 0; k < 16; k++)
		memcpy(cpu_ymmh(c, k), y[k], 16);
	c->ymmh_used = 1;
}

/* Components asked for come from memory, or are reset where the header says they were not saved. */
u64 rt_xrstor(struct thread *t, u64 host_ret)
{
	struct cpu *c = &t->cpu;
	gaddr a = c->scratch[0];
	u64 want = requested(c), y[16][2] = { { 0 } };
	u8 image[AT_END], mem[AT_END];
	struct mxcsr m = { 0x1f80, 0 };
	struct header h;
	bool compact;

	if (!rt_canonical(a)) return rt_not_canonical(t, a);
	if (a & 63) return rt_gp(t);
	if (!rt_load_bytes(&h, a + AT_HEADER, sizeof h)) return rt_page_fault(t, a + AT_HEADER, sizeof h, false);
	if (!header_valid(&h)) return rt_gp(t);
	compact = h.comp & COMPACTED;
	if (!rt_load_bytes(mem, a, sizeof mem)) return rt_page_fault(t, a, AT_HEADER, false);
	if (want & h.bv & AVX && !rt_load_bytes(y, a + AT_YMMH, sizeof y)) return rt_page_fault(t, a + AT_YMMH, sizeof y, false);
	rt_vectors_save(c);
	x86_fxsave(c, image);
	if (want & X87) x87_initial(image);
	if (want & h.bv & X87) {
		memcpy(image, mem, AT_MXCSR);
		memcpy(image + AT_ST, mem + AT_ST, AT_XMM - AT_ST);
	}
	if (want & SSE) memset(image + AT_XMM, 0, AT_END - AT_XMM);
	if (want & h.bv & SSE) memcpy(image + AT_XMM, mem + AT_XMM, AT_END - AT_XMM);
	if (!compact || h.bv & SSE) memcpy(&m, mem + AT_MXCSR, sizeof m);
	if (want & (compact ? SSE : SSE | AVX)) memcpy(image + AT_MXCSR, &m.value, 4);
	if (!x86_fxrstor(c, image)) return rt_gp(t);
	if (want & AVX) set_upper(c, y);
	rt_vectors_load(c);
	return rt_mxcsr_new(t, host_ret);
}
