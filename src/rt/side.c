/* side.c - what a region's side table says of a host address in it: which guest instruction, and how the flags stand. */
#include "rt/arena.h"

/* The last entry before s whose offset is in [lo,hi), or null. */
static const struct side *before(const struct side *first, const struct side *s, u32 lo, u32 hi)
{
	while (s-- > first)
		if (s->guest >= lo && s->guest < hi)
			return s;
	return 0;
}

bool rt_code_state(u64 host, struct code_state *x)
{
	struct arena *a = arena_of(host);
	struct region *r = a ? arena_find(a, host) : 0;
	const struct side *first, *s, *e;
	struct thread *t = rt_self();

	*x = (struct code_state){ .sense = CS_SUB };
	if (t && rt_code_is_single(t, host)) {
		x->rip = t->single_rip;
		for (u32 k = 0; k < countof(t->sense) && t->sense[k].at <= host - t->single; k++)
			x->sense = (int)t->sense[k].cs;
		return true;
	}
	if (!r)
		return false;
	first = region_side(r);
	for (s = first + r->nside; s > first && s[-1].host > (host - a->base - r->code) / 4; s--)
		;
	e = before(first, s, 0, TR_SENSE);
	x->rip = r->lo + (e ? e->guest : 0);
	e = before(first, s, TR_SENSE, TR_PUT_OFF);
	if (e)
		x->sense = e->guest - TR_SENSE;
	e = before(first, s, TR_PUT_OFF, TR_MADE + 1);
	if (e && e->guest == TR_PUT_OFF)
		x->put_off = r->lo + e[-1].guest;
	return true;
}

bool rt_code_rip(u64 host, gaddr *rip)
{
	struct code_state s;

	if (!rt_code_state(host, &s))
		return false;
	*rip = s.rip;
	return true;
}
