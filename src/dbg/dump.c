/* dump.c - STELE_DUMP=LETTERS[:WHICH], printed on stderr as regions are translated. WHICH is ADDR, ADDR-ADDR (hexadecimal,
 * as the guest's; setarch -R makes them the same in every run) or #N, the N-th region made.
 */
#include "dbg/dbg.h"

struct which { gaddr lo, hi; u64 nr; bool by_number; };

static const char *hexadecimal(const char *s, u64 *v)
{
	if (s[0] == '0' && (s[1] | 32) == 'x') s += 2;
	for (*v = 0;; s++) {
		int d = *s >= '0' && *s <= '9' ? *s - '0' : (*s | 32) >= 'a' && (*s | 32) <= 'f' ? (*s | 32) - 'a' + 10 : -1;

		if (d < 0) return s;
		*v = *v << 4 | (u32)d;
	}
}

/* Letters up to the colon into letters; all regions where none are asked for. */
static void parse(const char *s, char letters[8], struct which *w)
{
	u32 n = 0;

	for (; *s && *s != ':'; s++) {
		if (*s != 'x' && *s != 'l' && *s != 'a') rt_die(125, "STELE_DUMP: \"%c\" is none of x, l, a", *s);
		if (n < 7) letters[n++] = *s;
	}
	letters[n] = 0;
	*w = (struct which){ .hi = ~0ull };
	if (*s++ != ':') return;
	if (*s == '#') {
		w->by_number = true;
		for (s++; *s >= '0' && *s <= '9'; s++) w->nr = w->nr * 10 + (u64)(*s - '0');
	} else {
		s = hexadecimal(s, &w->lo);
		w->hi = w->lo;
		if (*s == '-') s = hexadecimal(s + 1, &w->hi);
	}
	if (*s) rt_die(125, "STELE_DUMP: \"%s\" is no address", s);
}

static void dump(const struct tr *c, u64 nr, const char *how)
{
	struct which w;
	char letters[8], place[128];

	parse(rt_opt.dump, letters, &w);
	if (w.by_number ? w.nr != nr : c->lo > w.hi || c->hi <= w.lo) return;
	dbg_place(place, sizeof place, c->entry[0].pc);
	rt_print(2, "region %lu at %lx%s%s, %s: %u x86 instructions, %u words at %lx%s%s\n", nr, c->entry[0].pc, *place ? " " : "", place,
	         how, c->nins, (u32)(c->code.p - c->start), (u64)c->start + c->code.exec, c->why ? "; ends: " : "", c->why ? c->why : "");
	dbg_text(2, c, letters);
}

void dbg_region(const struct tr *c, u64 nr, const char *how)
{
	if (rt_opt.dump) dump(c, nr, how);
	if (rt_opt.perf) dbg_perf(c);
}
