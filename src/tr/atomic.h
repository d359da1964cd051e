/* atomic.h - read-modify-write of memory in one step, as code. */
#ifndef TR_ATOMIC_H
#define TR_ATOMIC_H

#include "tr/tr.h"

enum op { OP_ADD, OP_CLR, OP_SET, OP_EOR, OP_SWP, OP_NEG, OP_CAS };

/* T_SRC = the w bytes at T_ADDR, zero-extended; they become T_SRC op in (not OP_CAS). A full barrier. NZCV, T1 and T_SRC2
 * stay, all other temporaries are lost. */
void tr_atomic(struct tr *c, int w, enum op op, int in);
/* T_SRC = the w bytes at T_ADDR; where they equal `expect`, they become `new`. The rest likewise. */
void tr_compare_swap(struct tr *c, int w, int expect, int new);

#endif
