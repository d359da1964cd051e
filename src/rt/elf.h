/* elf.h - an ELF file's header, checked as the kernel's loader does. Every field is hostile until elf_check passed it. */
#ifndef RT_ELF_H
#define RT_ELF_H

#include "base.h"

struct ehdr {
	u8 ident[16]; u16 type, machine; u32 version; u64 entry, phoff, shoff; u32 flags;
	u16 ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};
struct phdr { u32 type, flags; u64 offset, vaddr, paddr, filesz, memsz, align; };

enum { ET_REL = 1, ET_EXEC = 2, ET_DYN = 3, ET_CORE = 4 };
enum { EM_386 = 3, EM_X86_64 = 62, EM_AARCH64 = 183 };
enum { PT_LOAD = 1, PT_INTERP = 3, PT_GNU_STACK = 0x6474e551 };
enum { PF_X = 1, PF_W = 2, PF_R = 4 };
enum { ELF_MAX_PHDRS = 65536 / sizeof(struct phdr) };   /* Linux' limit */

/* What loading needs to know. */
struct elf {
	struct ehdr h;
	struct phdr ph[ELF_MAX_PHDRS];
	const struct phdr *interp;      /* the first PT_INTERP, or null */
	bool exec_stack;
	u64 lo, hi;                     /* page-aligned span of the PT_LOADs; equal: there is none */
	u64 align;                      /* the largest sane p_align, at least a page */
	u64 text;                       /* bytes in executable segments */
};

/* The file header alone: 0, or -ENOEXEC and in *why what it is instead. For ARM64's programs *native is set too. */
int elf_check_header(const struct ehdr *h, size_t got, const char **why, bool *native);
/* The program headers in e->ph, of a header that passed; limit: the first address a map may not reach. Fills the rest
 * of e. 0, or -EINVAL (the kernel finds these when it is too late to return) with *why. */
int elf_check_segments(struct elf *e, u64 limit, const char **why);

/* "#!" lines, as the kernel's script handler reads the first 256 bytes (zero-filled). The strings are cut out of buf in
 * place; *arg is null when there is none. 0 or -ENOEXEC. */
enum { SCRIPT_SIZE = 256 };
int script_parse(char buf[SCRIPT_SIZE], char **interp, char **arg);

#endif
