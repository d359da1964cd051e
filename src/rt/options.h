/* options.h - the command line: stele [options] PROGRAM ARGS..., or what binfmt_misc makes of it. */
#ifndef RT_OPTIONS_H
#define RT_OPTIONS_H

#include "rt/rt.h"

/* What to run. */
struct start {
	const char *path;
	char **argv;                    /* the guest's, argv[0] first */
	int fd;                         /* the opened program, or -1 */
	bool close_fd;                  /* it is ours */
	bool binfmt;                    /* the kernel started us for it */
};

/* Reads argv and STELE_ variables into rt_opt; answers --help and --version itself; exits on bad usage.
 * The last four are of the auxiliary vector. Secure: the environment is not trusted. */
void options_read(struct start *s, int argc, char **argv, const char *execfn, u64 at_flags, u64 at_execfd, bool secure);

/* The words that start stele again for another program with the same options: fills v with up to max pointers, ends
 * them with "--" and returns how many. Buf holds their text. -E2BIG when either is too small. */
int options_again(const char **v, int max, char *buf, size_t size, int exec_fd, bool close_fd, const char *argv0);
/* Does the kernel's binfmt_misc start stele for x86-64 programs? Known when it started this one, or an ancestor. */
bool options_binfmt(void);
/* A file name of stele itself that execve takes; null when none is known. Independent of /proc if it can be. */
const char *options_self(char *buf, size_t size);

#endif
