/* word.c - from a row's words to a plan. Runs on this machine too: syscall_test includes it. */
#include "sys/word.h"

const struct sys_word sys_words[W_COUNT] = {
#define W(name, show, size) [W_##name] = { #name, SHOW_##show, size },
#include "sys/word.def"
#undef W
};

static enum word find(const char *s, size_t n)
{
	for (int w = 1; w < W_COUNT; w++) {
		size_t i = 0;
		const char *name = sys_words[w].name;
		while (i < n && name[i] == s[i])
			i++;
		if (i == n && !name[n])
			return w;
	}
	return W_NONE;
}

static void note(struct sys_plan *p, int i)
{
	u8 bit = 1 << i;
	if (p->way[i] & WAY_OUT)
		p->out |= bit;
	if (p->way[i])
		return;
	switch (sys_words[p->word[i]].show) {
	case SHOW_INT: case SHOW_DIR: case SHOW_SIG:
		p->s32 |= bit;
		break;
	case SHOW_UINT: case SHOW_HEX32: case SHOW_OCT: case SHOW_OFLAGS:
		p->u32 |= bit;
		break;
	}
	if (p->word[i] == W_path || p->word[i] == W_lpath)
		p->path |= bit;
}

bool sys_plan(struct sys_plan *p, const char *words)
{
	struct sys_plan q = { 0 };
	for (const char *s = words; *s; q.n++) {
		if (q.n == 6)
			return false;
		if (*s == '<' || *s == '>' || *s == '+') {
			q.way[q.n] = *s == '<' ? WAY_IN : *s == '>' ? WAY_OUT : WAY_INOUT;
			s++;
		}
		size_t len = 0;
		while (s[len] && s[len] != ' ')
			len++;
		q.word[q.n] = find(s, len);
		if (!q.word[q.n])
			return false;
		note(&q, q.n);
		s += len;
		while (*s == ' ')
			s++;
	}
	*p = q;
	__atomic_store_n(&p->ready, 1, __ATOMIC_RELEASE);       /* other threads may be looking at the row */
	return true;
}
