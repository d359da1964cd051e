/* gf.h - bytes as elements of GF(2^8), polynomial 11BH, for the emitters of GFNI and AES. See emit_gfni.c. */
#ifndef TR_GF_H
#define TR_GF_H

#include "tr/vec.h"

/* Tables of nibbles around an inversion: the byte taken apart, and the inverse put together. An affine map before or a
 * linear one after costs nothing. */
struct gf_map { u64 low[2], high[2], first[2], second[2]; };
extern const struct gf_map gf_plain;

/* d = each byte of a, its inverse (0 of 0), with the maps of m. Uses V1t-V4t; d may be a, or V0t. 27 words. */
void gf_inverse(struct tr *c, int d, int a, const struct gf_map *m);

/* d = table[n], of each byte; 0 where n is beyond it. tmp holds the table afterwards. */
static inline void gf_look(struct tr *c, int d, const u64 *table, int n, int tmp)
{
	v_const(c, tmp, table[0], table[1]);
	a_vtbl(c, V16B, d, tmp, 1, n);
}

#endif
