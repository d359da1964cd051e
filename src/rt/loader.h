/* loader.h - from a path to a program that can be loaded or executed. */
#ifndef RT_LOADER_H
#define RT_LOADER_H

#include "rt/elf.h"
#include "rt/rt.h"

/* A program found: "#!" followed, headers read, interpreter opened. */
struct program {
	int fd, interp_fd;              /* of the ELF file and its PT_INTERP, or -1; close-on-exec */
	bool native;                    /* an ARM64 program: neither loaded nor looked at any further */
	bool own_fd;                    /* fd was opened here */
	const char *why;                /* after an error: what was wrong, for a message */
	const char *what;               /* and with which file */
	int nhead;                      /* argv's new beginning, which replaces argv[0] */
	const char *head[3 * 5 + 1];
	struct elf elf, interp;
	char path[4096];                /* of the ELF file, as it was opened */
	char name[4096];                /* interpreter's path; what */
	char script[6][256];            /* the "#!" lines that head points into */
};

/* Finds and checks what execve(path) would run, with fd instead of opening path when fd >= 0. 0 or the errno of the
 * kernel up to its point of no return. The caller closes what loader_close closes. */
int  loader_find(struct program *p, const char *path, int fd, const char *argv0);
void loader_close(struct program *p);

/* sys/path.c: where -L and /proc/self/exe lead. */
const char *sys_host_path(int dirfd, const char *path, bool follow, char buf[4096]);

/* stack.c: argv, envp and auxv onto the guest's stack. Sets rsp and the fields of rt that tell where. 0 or -E2BIG. */
int stack_build(struct thread *t, const struct program *p, char **argv, char **envp, const char *execfn, u64 at_flags);

#endif
