/* text.c - a translated region as text: each x86 instruction, what the passes know of it, and its ARM64 words below.
 *
 * An instruction may have several runs of words (its tail lies out of line at the region's end), and a word belongs to
 * the last instruction that the side table names before it.
 */
#include "dbg/dbg.h"
#include "rt/host.h"
#include "rt/string.h"
#include "a64/text.h"

/* "OSZ" and the like, in the order of insn.def. */
static const char *flags(char out[8], u8 f)
{
	char *p = out;

	for (int k = 0; k < 6; k++)
		if (f & 1 << k) *p++ = "OSZAPC"[k];
	if (p == out) *p++ = '-';
	*p = 0;
	return out;
}

static bool wants(const char *letters, char c)
{
	for (; *letters; letters++)
		if (*letters == c) return true;
	return false;
}

static void x86_line(int fd, const struct tr *c, const struct insn *i)
{
	char text[128], hex[48];
	u8 b[16];
	int n = 0;
	size_t got = c->env->fetch(c->env->ctx, i->pc, b, i->len);

	hex[0] = 0;
	for (size_t k = 0; k < got; k++) n += rt_format(hex + n, sizeof hex - n, k ? " %02x" : "%02x", b[k]);
	if (!i->len || got < i->len) rt_format(text, sizeof text, "(the bytes end here)");
	else x86_text(text, sizeof text, i);
	rt_print(fd, "%lx  %-30s %s\n", i->pc, hex, text);
}

static void facts_line(int fd, const struct tr *c, const struct insn *i)
{
	const struct x86_row *r = x86_rows + i->row;
	const struct fact *f = c->fact + (i - c->ins);
	char a[8], b[8], l[8], vec[64] = "";

	if (!i->len) return;
	if (r->attr & ROW_VEC) rt_format(vec, sizeof vec, "; upper lanes read %lx, zero %lx", f->hi, f->zero);
	rt_print(fd, "    flags: reads %s, writes %s, live %s%s\n", flags(a, insn_reads(i)), flags(b, r->writes), flags(l, i->live), vec);
}

static void edge_text(char *out, size_t size, const char *what, const struct edge *e)
{
	char l[8];

	out[0] = 0;
	if (e->pc) rt_format(out, size, ", %s %lx%s (reads %s)", what, e->pc, e->block < 0 ? " outside" : "", flags(l, e->live));
}

/* The block that starts with i, if one does. */
static void block_line(int fd, const struct tr *c, const struct insn *i)
{
	for (u32 k = 0; k < c->nblk; k++) {
		const struct block *b = c->blk + k;
		char l[8], next[64], taken[64];

		if (c->ins + b->first != i) continue;
		edge_text(next, sizeof next, "next", &b->next);
		edge_text(taken, sizeof taken, "taken", &b->taken);
		rt_print(fd, "  block %u:%s%s %u instructions, live at its start %s%s%s\n", k, b->entry ? " entry," : "", b->loop ? " loop," : "",
		         b->n, flags(l, b->live_in), next, taken);
	}
}

static const struct insn *insn_at(const struct tr *c, gaddr pc)
{
	for (u32 k = 0; k < c->nins; k++)
		if (c->ins[k].pc == pc) return c->ins + k;
	return 0;
}

void dbg_text(int fd, const struct tr *c, const char *letters)
{
	const struct insn *last = 0;
	u32 m = 0;

	for (const u32 *p = c->start; p < c->code.p; p++) {
		u32 at = (p - c->start) * 4;
		char text[96];

		for (; m < c->nmap && c->map[m].host <= at; m++) {
			const struct insn *i = c->map[m].guest < TR_SENSE ? insn_at(c, c->lo + c->map[m].guest) : 0;

			if (!i || i == last || (m + 1 < c->nmap && c->map[m + 1].guest == TR_PUT_OFF)) continue;
			if (wants(letters, 'l')) block_line(fd, c, i);
			if (wants(letters, 'x')) x86_line(fd, c, i);
			if (wants(letters, 'l')) facts_line(fd, c, i);
			last = i;
		}
		if (!wants(letters, 'a')) continue;
		a_text(text, sizeof text, *p, (u64)p + c->code.exec);
		rt_print(fd, "        %08x  %s\n", *p, text);
	}
}

void dbg_place(char *out, size_t size, gaddr pc)
{
	struct vma v;
	const char *name;

	out[0] = 0;
	if (!rt_vma(pc, &v) || v.lo > pc || !v.path || !v.path[0]) return;
	for (name = v.path; *v.path; v.path++)
		if (*v.path == '/' && v.path[1]) name = v.path + 1;
	rt_format(out, size, "%s+%lx", name, pc - v.lo + v.off);
}

int dbg_open(const char *where)
{
	if (!strcmp(where, "1")) return 2;
	return (int)host_call(__NR_openat, -100 /* AT_FDCWD */, where, 02001 | 02000000 | 0100 /* O_WRONLY | O_APPEND, O_CLOEXEC, O_CREAT */, 0666);
}

void dbg_close(int fd)
{
	if (fd > 2) host_call(__NR_close, (s64)fd);
}
