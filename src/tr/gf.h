/* gf.h - bytes as elements of GF(2^8), polynomial 11BH, for the emitters of GFNI and AES. See emit_gfni.c. */
#ifndef TR_GF_H
#define TR_GF_H

#include "tr/vec.h"

/* What becomes of the inverse: bytes by two tables of nibbles (gf_inverse). */
struct gf_out { u64 first[2], second[2]; };
extern const struct gf_out gf_inverted;

/* d = each byte of a, its inverse (0 of 0) as `out` has it. Uses V1t-V4t; d may be a, or V0t. */
void gf_inverse(struct tr *c, int d, int a, const struct gf_out *out);

#endif
