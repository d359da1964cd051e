/* file.h - the files that guest maps show: what /proc/self/maps says of them, and who else may write them. */
#ifndef RT_FILE_H
#define RT_FILE_H

#include "rt/map.h"

/* The file behind fd, for a map with these guest values: a counted reference in *f, and MF_ flags for the map:
 * MF_MAYNOTEXEC, MF_MAYNOTWRITE, and MF_SELFCHECK when the map shows memory that somebody else can write. 0 or the errno that mmap
 * gives before it looks at addresses. */
s64  mem_file_get(int fd, u32 prot, u32 flags, struct mfile **f, u16 *mf);
void mem_file_put(struct mfile *f);

#endif
