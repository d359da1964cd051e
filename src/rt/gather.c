/* gather.c - a gather that met a fault, done again here: translated code changes nothing before all elements are there
 * (tr/emit_avx.c), but a fault of one leaves those before it done, and their mask clear (SDM vol. 2, VPGATHERDD).
 */
#include "rt/except.h"
#include "gen/decode.h"
#include "rt/string.h"

static bool by_dwords(u16 mn) { return mn == MN_VPGATHERDD || mn == MN_VPGATHERDQ || mn == MN_VGATHERDPS || mn == MN_VGATHERDPD; }

bool rt_is_gather(const struct insn *i) { return i->o[1].kind == OP_VMEM; }

/* Element k of w bytes of a ymm register. */
static u8 *lane(struct cpu *c, int reg, int k, int w)
{
	int at = k * w;

	return at < 16 ? (u8 *)c->v[reg] + at : (u8 *)cpu_ymmh(c, reg) + at - 16;
}

static gaddr element(struct cpu *c, const struct insn *i, int k)
{
	bool narrow = by_dwords(i->mn);
	const u8 *from = lane(c, i->index, k, narrow ? 4 : 8);
	s64 index;
	gaddr a;

	if (narrow) index = *(const s32 *)from;
	else memcpy(&index, from, 8);
	a = (i->base < 16 ? c->r[i->base] : 0) + (s64)i->disp + ((u64)index << i->shift);
	if (i->aw == 4) a = (u32)a;
	return a + (i->seg == SEG_FS ? c->fs_base : i->seg == SEG_GS ? c->gs_base : 0);
}

u64 rt_gather(struct thread *t, const struct insn *i)
{
	struct cpu *c = &t->cpu;
	int w = i->o[1].w, n = i->o[0].w / w, k = 0;
	gaddr a = 0;

	rt_vectors_save(c);
	for (; k < n; k++) {
		u8 *mask = lane(c, i->o[2].reg, k, w);

		a = element(c, i, k);
		if (mask[w - 1] >> 7 && (!rt_canonical(a) || !rt_load_bytes(lane(c, i->o[0].reg, k, w), a, w))) break;
		memset(mask, 0, w);
	}
	rt_vectors_load(c);
	if (k == n) return rt_code(t, t->cpu.rip);      /* what was missing has come: with a mask of zero, it ends now */
	return rt_canonical(a) ? rt_page_fault(t, a, w, false) : rt_not_canonical(t, a);
}
