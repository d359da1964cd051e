/* selfcheck.c - code that compares its own source with what it was made from, since somebody may write it unseen: another
 * process, through a map that both share. Such regions are a few instructions long, and compare at their entry and
 * wherever they may loop. The runtime hands out bytes that stay the same while they are translated.
 */
#include "tr/tr.h"

void tr_selfcheck(struct tr *c, struct block *b)
{
	u8 bytes[16 * 8 + 8];
	u32 n = c->hi - c->lo;

	c->i = &c->ins[b->first];
	if (n > sizeof bytes)
		return;
	n = c->env->fetch(c->env->ctx, c->lo, bytes, n);        /* it may end where nothing can be fetched */
	if (!n)
		return;
	tr_gaddr(c, T3, c->lo);
	for (u32 k = 0, w; k < n; k += w) {
		u64 v = 0;

		w = n - k >= 8 ? 8 : n - k >= 4 ? 4 : n - k >= 2 ? 2 : 1;
		__builtin_memcpy(&v, bytes + k, w);
		a_ldr_i(c, w, T0, T3, k);
		a_mov_i(c, w == 8 ? 8 : 4, T1, v);
		a_eor(c, 8, k ? T0 : T2, T0, T1);
		if (k)
			a_orr(c, 8, T2, T2, T0);
	}
	a_cbnz(c, 8, T2, 0);
	tr_cold(c, TR_H_CHANGED);
}
