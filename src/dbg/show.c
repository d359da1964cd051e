/* show.c - `stele -x HEX`: what becomes of these instruction bytes. A newcomer's first command.
 *
 * --order=tso, --host=LIST and --fp=exact show what they change.
 */
#include "dbg/dbg.h"
#include "rt/string.h"

enum { SHOW_AT = 0x401000, SHOW_MAX = 512, SHOW_WORDS = 64 << 10 };
static u8 bytes[SHOW_MAX];
static u32 nbytes;

static size_t fetch(void *ctx, gaddr pc, u8 *buf, size_t n)
{
	size_t left = pc >= SHOW_AT && pc < SHOW_AT + nbytes ? SHOW_AT + nbytes - pc : 0;

	(void)ctx;
	if (n > left) n = left;
	memcpy(buf, bytes + (pc - SHOW_AT), n);
	return n;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9') return c - '0';
	c |= 32;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void read_hex(const char *s)
{
	for (; *s; s++) {
		int hi = digit(s[0]), lo = hi < 0 ? -1 : digit(s[1]);

		if (*s == ' ' || *s == ',') continue;
		if (lo < 0) rt_die(125, "-x: \"%s\" is not a pair of hexadecimal digits", s);
		if (nbytes == SHOW_MAX) rt_die(125, "-x: more than %d bytes", SHOW_MAX);
		bytes[nbytes++] = hi << 4 | lo;
		s++;
	}
	if (!nbytes) rt_die(125, "-x: no bytes");
}

void dbg_show_hex(const char *hex)
{
	struct tr *c = rt_map(sizeof *c);
	u32 *words = rt_map(SHOW_WORDS * 4);
	struct tr_env env = { .host = rt.host, .x86 = rt.x86, .near = true, .fetch = fetch,
	                      .order = rt.order, .scalar_order = rt.scalar_order,
	                      .x87_double = rt_opt.x87, .fp_exact = rt_opt.fp && !strcmp(rt_opt.fp, "exact") };

	env.fp_check = env.fp_exact && !(rt.host & HOST_AFP);
	read_hex(hex);
	if (!c || !words) rt_die(125, "out of memory");
	env.stubs = (u64)words;
	c->env = &env;
	c->code = (struct code){ words + TR_STUBS_SIZE / 4, words + SHOW_WORDS, 0 };
	if (tr_translate(c, SHOW_AT)) rt_die(125, "-x: the translation does not fit");
	dbg_text(1, c, "xla");
	if (c->why) rt_print(1, "translation ends: %s\n", c->why);
	rt_print(1, "%u x86 instructions, %u ARM64 words\n", c->nins, (u32)(c->code.p - c->start));
}
