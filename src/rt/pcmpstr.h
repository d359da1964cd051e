/* pcmpstr.h - PCMPESTRI PCMPESTRM PCMPISTRI PCMPISTRM, for which ARM64 has nothing. */
#ifndef RT_PCMPSTR_H
#define RT_PCMPSTR_H

#include "tr/tr.h"

/* From scratch[0..1], scratch[2..3] (the first and second operand), spare (immediate and PCMPSTR_...) and for
 * explicit lengths rax and rdx, to the flags and to rcx, or, a mask, to scratch[0..1]. */
void rt_pcmpstr(struct cpu *c);

#endif
