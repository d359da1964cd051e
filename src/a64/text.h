/* text.h - ARM64 words back to text. */
#ifndef A64_TEXT_H
#define A64_TEXT_H

#include "base.h"

/* The instruction at pc in the GNU assembler's syntax, without a newline, cut and NUL-terminated at size bytes.
 * Knows every form of a64.h; any other word is ".inst 0x...". Returns the length, of the whole if it was cut. */
int a_text(char *out, size_t size, u32 word, u64 pc);

#endif
