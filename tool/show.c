/* show.c - what the translator makes of some bytes: show [-f host features] [-o plain|tso] HEX...
 * Prints each x86 instruction with the flags that are live after it, then the ARM64 code beneath. */
#include "a64/text.h"
#include "gen/decode.h"
#include "tr/tr.h"
#include "x86/feature.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static u8 bytes[4096];
static size_t nbytes;
static const gaddr base = 0x400000;

static size_t fetch(void *ctx, gaddr pc, u8 *buf, size_t n)
{
	(void)ctx;
	if (pc < base || pc >= base + nbytes)
		return 0;
	if (n > base + nbytes - pc)
		n = base + nbytes - pc;
	memcpy(buf, bytes + (pc - base), n);
	return n;
}

static void flags(char *out, u8 f)
{
	for (int k = 0; k < 6; k++)
		if (f & 1 << k)
			*out++ = "OSZAPC"[k];
	*out = 0;
}

int main(int argc, char **argv)
{
	static struct tr c;
	static u32 buf[65536];
	struct tr_env env = { .host = ~0ull, .x86 = X86_ANNOUNCED, .fetch = fetch, .near = false, .stubs = (u64)buf };
	u32 m = 0;

	for (int k = 1; k < argc; k++) {
		if (!strcmp(argv[k], "-o")) {
			env.order = !strcmp(argv[++k], "tso") ? TR_TSO : TR_PLAIN;
		} else if (!strcmp(argv[k], "-f")) {
			if (!host_mask(&env.host, argv[++k]))
				return 2;
		} else {
			for (const char *p = argv[k]; *p; p++) {
				unsigned v;

				if (*p == ' ')
					continue;
				if (sscanf(p, "%2x", &v) != 1)
					return 2;
				bytes[nbytes++] = v;
				p++;
			}
		}
	}
	c.env = &env;
	c.code = (struct code){ buf + 64, buf + countof(buf), 0 };
	if (tr_translate(&c, base) < 0)
		return 1;
	for (u32 *p = c.start; p < c.code.p; p++) {
		char text[128], live[8];
		u32 off = (u8 *)p - (u8 *)c.start;

		while (m < c.nmap && c.map[m].host <= off) {
			for (u32 k = 0; k < c.nins; k++)
				if (c.ins[k].pc == c.lo + c.map[m].guest) {
					x86_text(text, sizeof text, &c.ins[k]);
					flags(live, c.ins[k].live);
					printf("%06lx  %-40s %s\n", (unsigned long)c.ins[k].pc, c.ins[k].len ? text : "(bad)", live);
				}
			m++;
		}
		a_text(text, sizeof text, *p, (u64)p - (u64)c.start);
		printf("\t%4x  %08x  %s\n", off, *p, text);
	}
	return 0;
}
