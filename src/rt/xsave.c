/* xsave.c - XSAVE XSAVEOPT XSAVEC XRSTOR: x87, SSE and AVX state in memory. SDM volume 1, 13.
 *
 * The state is that of the machine's FXSAVE image and the upper halves; it goes through cpu.v, where the vectors are put
 * for the time. A component is in use unless all of it is as after a reset (XINUSE, 13.6). The components end where the
 * standard format has them in the compacted one too, since the only one behind the header is AVX's.
 */
#include "rt/xsave.h"
#include "rt/except.h"
#include "rt/sse.h"
#include "rt/signal.h"
#include "rt/string.h"
#include "x86/feature.h"
#include "tr/tr.h"

enum { X87 = XSAVE_X87, SSE = XSAVE_SSE, AVX = XSAVE_AVX };
enum { AT_FIP = 8, AT_FDP = 16, AT_MXCSR = 24, AT_ST = 32, AT_XMM = 160, AT_END = 416, AT_HEADER = 512, AT_YMMH = 576 };
u64 xsave_enabled(void) { return rt.x86 & X86_BIT(AVX) ? X87 | SSE | AVX : X87 | SSE; }

static u64 requested(const struct cpu *c) { return (u32)c->r[0] & xsave_enabled(); }
static u32 area_size(u64 want) { return want & AVX ? sizeof(struct xsave_area) : AT_YMMH; }

void xsave_narrow(u8 fx[416])
{
	memset(fx + AT_FIP + 4, 0, 4);
	memset(fx + AT_FDP + 4, 0, 4);
}

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

u64 xsave_in_use(struct cpu *c, const u8 image[416])
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

void xsave_upper(struct cpu *c, u64 y[16][2])
{
	for (int k = 0; k < 16; k++)
		memcpy(y[k], cpu_ymmh(c, k), 16);
}

static bool put_upper(struct cpu *c, gaddr a)
{
	u64 y[16][2];

	xsave_upper(c, y);
	return rt_store_bytes(a + AT_YMMH, y, sizeof y);
}

/* Only what was asked for is written; what XSAVEOPT and XSAVEC leave out are the components that are not in use. */
u64 rt_xsave(struct thread *t, u64 host_ret, u64 helper)
{
	struct cpu *c = &t->cpu;
	gaddr a = c->scratch[0];
	u64 want = requested(c), use, write;
	u8 image[AT_END];
	struct xsave_header h = { 0 };
	bool compact = helper == TR_H_XSAVEC, ok;

	if (!rt_canonical(a)) return rt_not_canonical(t, a);
	if (a & 63) return rt_gp(t);
	rt_vectors_save(c);
	x86_fxsave(c, image);
	if (!c->scratch[1]) xsave_narrow(image);
	use = xsave_in_use(c, image);
	if (compact && c->mxcsr != 0x1f80) use |= SSE;
	write = helper == TR_H_XSAVE ? want : want & use;
	ok = rt_writable(a) && rt_writable(a + area_size(write) - 1);
	ok = ok && (compact || rt_load_bytes(&h.bv, a + AT_HEADER, 8));
	if (write & X87) ok = ok && rt_store_bytes(a, image, AT_MXCSR) && rt_store_bytes(a + AT_ST, image + AT_ST, AT_XMM - AT_ST);
	if ((compact ? write : want) & (compact ? SSE : SSE | AVX)) ok = ok && rt_store_bytes(a + AT_MXCSR, image + AT_MXCSR, 8);
	if (write & SSE) ok = ok && rt_store_bytes(a + AT_XMM, image + AT_XMM, AT_END - AT_XMM);
	if (write & AVX) ok = ok && put_upper(c, a);
	h.bv = compact ? want & use : (h.bv & ~want) | (want & use);
	h.comp = XSAVE_COMPACTED | want;
	ok = ok && rt_store_bytes(a + AT_HEADER, &h, compact ? 16 : 8);
	return ok ? host_ret : rt_page_fault(t, a, area_size(want), true);
}

bool xsave_header_valid(const struct xsave_header *h)
{
	if (h->comp & XSAVE_COMPACTED)
		return !(h->comp & ~(XSAVE_COMPACTED | xsave_enabled())) && !(h->bv & ~h->comp) && is_zero(h->zero, sizeof h->zero);
	return !h->comp && !h->zero[0] && !(h->bv & ~xsave_enabled());
}

bool xsave_restore(struct cpu *c, const struct xsave_area *x, u64 want, bool wide)
{
	u64 given = want & x->header.bv;
	u32 mxcsr = 0x1f80;
	u8 image[AT_END];
	bool compact = x->header.comp & XSAVE_COMPACTED;

	x86_fxsave(c, image);
	if (want & X87) x87_initial(image);
	if (given & X87) {
		memcpy(image, x->fx, AT_MXCSR);
		memcpy(image + AT_ST, x->fx + AT_ST, AT_XMM - AT_ST);
		if (!wide) xsave_narrow(image);
	}
	if (want & SSE) memset(image + AT_XMM, 0, AT_END - AT_XMM);
	if (given & SSE) memcpy(image + AT_XMM, x->fx + AT_XMM, AT_END - AT_XMM);
	if (!compact || x->header.bv & SSE) memcpy(&mxcsr, x->fx + AT_MXCSR, 4);
	if (want & (compact ? SSE : SSE | AVX)) memcpy(image + AT_MXCSR, &mxcsr, 4);
	if (!x86_fxrstor(c, image)) return false;
	for (int k = 0; want & AVX && k < 16; k++) {
		u64 *y = cpu_ymmh(c, k);

		if (given & AVX) memcpy(y, x->ymmh[k], 16);
		else memset(y, 0, 16);
	}
	if (want & AVX) c->ymmh_used = given & AVX;
	return true;
}

u64 rt_xrstor(struct thread *t, u64 host_ret)
{
	struct cpu *c = &t->cpu;
	gaddr a = c->scratch[0];
	u64 want = requested(c);
	struct xsave_area x;

	if (!rt_canonical(a)) return rt_not_canonical(t, a);
	if (a & 63) return rt_gp(t);
	if (!rt_load_bytes(&x.header, a + AT_HEADER, sizeof x.header)) return rt_page_fault(t, a + AT_HEADER, sizeof x.header, false);
	if (!xsave_header_valid(&x.header)) return rt_gp(t);
	if (!rt_load_bytes(x.fx, a, AT_END)) return rt_page_fault(t, a, AT_HEADER, false);
	if (want & x.header.bv & AVX && !rt_load_bytes(x.ymmh, a + AT_YMMH, sizeof x.ymmh))
		return rt_page_fault(t, a + AT_YMMH, sizeof x.ymmh, false);
	rt_vectors_save(c);
	if (!xsave_restore(c, &x, want, c->scratch[1])) return rt_gp(t);
	rt_vectors_load(c);
	return rt_mxcsr_new(t, host_ret);
}
