/* word.h - a row's words, taken apart once: what the dispatcher and the trace need to know of each argument. */
#ifndef SYS_WORD_H
#define SYS_WORD_H

#include "base.h"

enum word {
	W_NONE,
#define W(name, show, size) W_##name,
#include "sys/word.def"
#undef W
	W_COUNT
};
enum show { SHOW_INT, SHOW_UINT, SHOW_LONG, SHOW_ULONG, SHOW_HEX, SHOW_HEX32, SHOW_DIR, SHOW_OFLAGS, SHOW_OCT,
	    SHOW_SIG, SHOW_STR, SHOW_DATA, SHOW_TIME, SHOW_SET };
enum way { WAY_VALUE, WAY_IN = 1, WAY_OUT = 2, WAY_INOUT = 3 };

/* Masks have one bit an argument. */
struct sys_plan {
	u8 ready, n;
	u8 word[6], way[6];
	u8 s32, u32;                    /* sign- and zero-extended from 32 bits */
	u8 path;                        /* path and lpath */
	u8 out;                         /* memory the kernel writes */
};

extern const struct sys_word { const char *name; u8 show; u16 size; } sys_words[W_COUNT];
/* False: a word that word.def does not have, or more than six. */
bool sys_plan(struct sys_plan *p, const char *words);

#endif
