/* doctor.h - questions, each about one cause of failure, asked in turn: the guest's (doctor.c), the host's of a VM (vm_doctor.c). */
#ifndef DOCTOR_H
#define DOCTOR_H

#include "ctl/ctl.h"

enum { SAY = 2 * CTL_PATH };
struct answer { bool well; char why[SAY], mend[SAY]; };         /* the mending command */
#define WHY(a, ...)   snprintf((a)->why, SAY, __VA_ARGS__)
#define MEND(a, ...)  snprintf((a)->mend, SAY, __VA_ARGS__)

struct question {
	const char *what;
	void (*ask)(struct answer *);
	enum { WRONG, ENDS, LACKS } failed;     /* wrong; it makes the others pointless as well; or something one can do without */
};

/* Asks all and says the answers. CTL_FAILED if something is wrong. */
int doctor(const struct question *q, size_t n);

#endif
