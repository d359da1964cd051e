/* batch.c - grows batches: code at places that are never written twice, cases, and the file that the oracle reads. */
#include "diff.h"
#include <stdlib.h>
#include <string.h>

struct tcode *batch_code(struct batch *b, u32 room)
{
	struct tcode *c;

	if (b->ncode == b->room_code) {
		b->room_code = b->room_code ? 2 * b->room_code : 256;
		b->code = realloc(b->code, b->room_code * sizeof *b->code);
	}
	c = &b->code[b->ncode++];
	memset(c, 0, sizeof *c);
	c->row = -1;
	c->rip = DIFF_CODE + b->size + below(16);
	b->size += align_up(room + 7 + 16, 16);
	return c;
}

void batch_done(struct batch *b, struct tcode *c)
{
	u32 exit = DIFF_EXIT;

	memcpy(c->b + c->len, "\xff\x24\x25", 3);       /* jmp [DIFF_EXIT] */
	memcpy(c->b + c->len + 3, &exit, 4);
}

struct tcase *batch_case(struct batch *b, struct tcode *c)
{
	struct tcase *t;

	if (b->n == b->room) {
		b->room = b->room ? 2 * b->room : 1024;
		b->t = realloc(b->t, b->room * sizeof *b->t);
	}
	t = &b->t[b->n++];
	memset(t, 0, sizeof *t);
	t->rip = c->rip;
	t->code = c - b->code;
	return t;
}

void batch_clear(struct batch *b) { b->ncode = b->n = b->size = 0; }
