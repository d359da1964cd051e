/* show.c - `stele -x HEX`: what becomes of these instruction bytes. A newcomer's first command. */
#include "rt/rt.h"
#include "rt/string.h"
#include "a64/text.h"
#include "tr/tr.h"

void dbg_show_hex(const char *hex);

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

/* "SZC" and the like, in the order of RFLAGS. */
static const char *flags_text(u8 f, char buf[8])
{
	static const struct { u8 bit; char c; } names[] = {
		{ F_O, 'O' }, { F_S, 'S' }, { F_Z, 'Z' }, { F_A, 'A' }, { F_P, 'P' }, { F_C, 'C' },
	};
	char *p = buf;

	for (u32 i = 0; i < countof(names); i++)
		if (f & names[i].bit) *p++ = names[i].c;
	if (p == buf) *p++ = '-';
	*p = 0;
	return buf;
}

static void show_insn(const struct insn *i)
{
	const struct x86_row *r = x86_rows + i->row;
	char text[128], hex[48], a[8], b[8], l[8];
	int n = 0;

	if (i->pc - SHOW_AT + i->len > nbytes) {
		rt_print(1, "%lx  (beyond the bytes given)\n", i->pc);
		return;
	}
	for (u32 k = 0; k < i->len; k++)
		n += rt_format(hex + n, sizeof hex - n, "%02x ", bytes[i->pc - SHOW_AT + k]);
	x86_text(text, sizeof text, i);
	rt_print(1, "%lx  %-24s %-40s reads %s writes %s live %s\n", i->pc, hex, text,
	         flags_text(insn_reads(i), a), flags_text(r->writes, b), flags_text(i->live, l));
}

static const struct insn *insn_at(const struct tr *c, gaddr pc)
{
	for (u32 k = 0; k < c->nins; k++)
		if (c->ins[k].pc == pc) return c->ins + k;
	return 0;
}

static void show_code(const struct tr *c)
{
	const struct insn *last = 0;
	u32 m = 0;

	for (const u32 *p = c->start; p < c->code.p; p++) {
		u32 at = (p - c->start) * 4;
		char text[96];

		for (; m < c->nmap && c->map[m].host <= at; m++) {
			const struct insn *i = insn_at(c, c->lo + c->map[m].guest);

			if (i && i != last) show_insn(i);
			last = i;
		}
		a_text(text, sizeof text, *p, (u64)p);
		rt_print(1, "        %08x  %s\n", *p, text);
	}
}

void dbg_show_hex(const char *hex)
{
	struct tr *c = rt_map(sizeof *c);
	u32 *words = rt_map(SHOW_WORDS * 4);
	struct tr_env env = { .host = rt.host, .x86 = rt.x86, .near = true, .fetch = fetch };
	int r;

	read_hex(hex);
	if (!c || !words) rt_die(125, "out of memory");
	env.stubs = (u64)words;
	c->env = &env;
	c->code = (struct code){ words + TR_STUBS_SIZE / 4, words + SHOW_WORDS, 0 };
	r = tr_translate(c, SHOW_AT);
	if (r) rt_die(125, "-x: the translation does not fit");
	show_code(c);
	if (c->why) rt_print(1, "translation ends: %s\n", c->why);
	rt_print(1, "%u x86 instructions, %u ARM64 words\n", c->nins, (u32)(c->code.p - c->start));
}
