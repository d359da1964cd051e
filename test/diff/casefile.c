/* casefile.c - a case as a text: what was found once and must stay found. Lines of a name and hexadecimal numbers:
 *
 *   rip 30001200           where the code lies
 *   code 48 01 c8          its bytes, without the way out
 *   rax 7f                 general registers, xmm0 HIGH:LOW, ymmh0 the upper half, rflags, mxcsr; what is not said is 0 (rsp: the sandbox's)
 *   mem 20000400 00 01     bytes of memory
 *
 * and comments behind #.
 */
#include "diff.h"
#include "x86/feature.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char *const names[] = { "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15" };
enum { RSP_SANDBOX = DIFF_DATA + 0x1500 };

static u32 hash(const void *p, u32 n)
{
	u32 h = 2166136261u;

	for (u32 k = 0; k < n; k++)
		h = (h ^ ((const u8 *)p)[k]) * 16777619;
	return h;
}

static void bytes(FILE *o, const u8 *b, u32 n)
{
	for (u32 k = 0; k < n; k++)
		fprintf(o, k ? " %02x" : "%02x", b[k]);
	fprintf(o, "\n");
}

bool case_write(const struct found *f, const char *dir, const char *suffix, char *out, size_t size)
{
	u8 code[CODE_MAX];
	u32 n = seq_code(&f->s, code, DIFF_CODE), h = hash(code, n) ^ hash(&f->t, sizeof f->t), at = 0;
	gaddr rip = DIFF_CODE + h % 4096 * 512;
	FILE *o;

	mkdir(dir, 0777);
	snprintf(out, size, "%s/%08x%s.txt", dir, h, suffix);
	if (!(o = fopen(out, "w"))) return false;
	n = seq_code(&f->s, code, rip);
	fprintf(o, "# %s\n", f->env);
	while (at < n) {
		struct insn i;
		char text[128];

		if (x86_decode(&i, code + at, n - at, rip + at, X86_ANNOUNCED) != X86_OK) break;
		x86_text(text, sizeof text, &i);
		fprintf(o, "# %s\n", text);
		at += i.len;
	}
	fprintf(o, "rip %llx\ncode ", (unsigned long long)rip);
	bytes(o, code, n);
	for (int k = 0; k < 16; k++)
		if (f->t.gpr[k]) fprintf(o, "%s %llx\n", names[k], (unsigned long long)f->t.gpr[k]);
	for (int k = 0; k < 16; k++)
		if (f->t.xmm[k][0] | f->t.xmm[k][1])
			fprintf(o, "xmm%d %016llx:%016llx\n", k, (unsigned long long)f->t.xmm[k][1], (unsigned long long)f->t.xmm[k][0]);
	for (int k = 0; k < 16; k++)
		if (f->t.ymmh[k][0] | f->t.ymmh[k][1])
			fprintf(o, "ymmh%d %016llx:%016llx\n", k, (unsigned long long)f->t.ymmh[k][1], (unsigned long long)f->t.ymmh[k][0]);
	fprintf(o, "rflags %llx\nmxcsr %x\n", (unsigned long long)f->t.rflags, f->t.mxcsr);
	for (u32 k = 0; k < f->t.nset; k++) {
		fprintf(o, "mem %x ", f->t.set[k].addr);
		bytes(o, f->t.set[k].b, f->t.set[k].len);
	}
	return !fclose(o);
}

static u32 read_bytes(u8 *b, u32 max, char *s)
{
	u32 n = 0;

	for (char *w = strtok(s, " "); w && n < max; w = strtok(0, " "))
		b[n++] = strtoul(w, 0, 16);
	return n;
}

static bool line(struct tcase *t, struct tcode *c, char *s)
{
	char *arg = strchr(s, ' ');
	u64 v = arg ? strtoull(arg + 1, &arg, 16) : 0;

	if (!arg) return false;
	if (!strncmp(s, "rip ", 4)) c->rip = v;
	else if (!strncmp(s, "code ", 5)) c->len = read_bytes(c->b, CODE_MAX - 8, s + 5);
	else if (!strncmp(s, "rflags ", 7)) t->rflags = v;
	else if (!strncmp(s, "mxcsr ", 6)) t->mxcsr = v;
	else if (!strncmp(s, "ymmh", 4) && isdigit(s[4]) && *arg == ':') t->ymmh[atoi(s + 4) & 15][1] = v, t->ymmh[atoi(s + 4) & 15][0] = strtoull(arg + 1, 0, 16);
	else if (!strncmp(s, "xmm", 3) && isdigit(s[3]) && *arg == ':') t->xmm[atoi(s + 3) & 15][1] = v, t->xmm[atoi(s + 3) & 15][0] = strtoull(arg + 1, 0, 16);
	else if (!strncmp(s, "mem ", 4) && t->nset < countof(t->set)) {
		struct tset *m = &t->set[t->nset++];

		m->addr = v;
		m->len = read_bytes(m->b, sizeof m->b, arg);
	} else {
		for (int k = 0; k < 16; k++)
			if (!strncmp(s, names[k], strlen(names[k])) && s[strlen(names[k])] == ' ') {
				t->gpr[k] = v;
				return true;
			}
		return false;
	}
	return true;
}

bool case_read(struct batch *b, const char *path)
{
	struct tcase t = { .rflags = 0x202, .mxcsr = 0x1f80, .gpr[RSP] = RSP_SANDBOX, .flags = CASE_FPU };
	struct tcode *c = batch_code(b, 0);
	FILE *f = fopen(path, "r");
	char s[2048];
	bool ok = f;

	c->rip = 0;
	while (ok && fgets(s, sizeof s, f)) {
		s[strcspn(s, "#\n")] = 0;
		if (*s && !line(&t, c, s)) {
			fprintf(stderr, "%s: what is \"%s\"?\n", path, s);
			ok = false;
		}
	}
	if (f) fclose(f);
	ok = ok && c->len && c->rip >= DIFF_CODE && c->rip < DIFF_CODE + (4 << 20);
	if (!ok) fprintf(stderr, "%s: no case\n", path);
	for (u32 k = 0; k + 1 < b->ncode && ok; k++)
		if (c->rip < b->code[k].rip + b->code[k].len + 7 && b->code[k].rip < c->rip + c->len + 7) {
			fprintf(stderr, "%s: at the place of another case\n", path);
			ok = false;
		}
	if (!ok) return false;
	batch_done(b, c);
	if (b->size < c->rip - DIFF_CODE + c->len + 32) b->size = align_up(c->rip - DIFF_CODE + c->len + 32, 4096);
	for (int k = 0; k < 4; k++) {           /* several times: code gets hot */
		struct tcase *n = batch_case(b, c);

		t.rip = n->rip;
		t.code = n->code;
		*n = t;
	}
	return true;
}
