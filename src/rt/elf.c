/* elf.c - reading ELF headers and "#!" lines: pure functions over bytes.
 *
 * The rules are the kernel's (fs/binfmt_elf.c, fs/binfmt_script.c, exec(2)) so that the errors are, too. ELF-64 Object
 * File Format 1.5; System V psABI for x86-64, chapter 4.
 */
#include "rt/elf.h"
#include "rt/string.h"
#include <asm/errno.h>

static const char *machine_name(u16 m)
{
	static const struct { u16 m; const char *name; } names[] = {
		{ EM_386, "an i386 (32-bit x86) program" }, { EM_AARCH64, "an ARM64 program" },
		{ 40, "a 32-bit ARM program" }, { 243, "a RISC-V program" }, { 21, "a PowerPC64 program" },
		{ 20, "a PowerPC program" }, { 22, "an s390 program" }, { 8, "a MIPS program" },
		{ 258, "a LoongArch program" }, { 2, "a SPARC program" }, { 43, "a SPARC64 program" },
		{ 50, "an IA-64 program" }, { 0x9026, "an Alpha program" }, { 4, "an m68k program" },
	};

	for (u32 i = 0; i < countof(names); i++)
		if (names[i].m == m) return names[i].name;
	return "a program for another machine";
}

static u16 swap(u16 v) { return v << 8 | v >> 8; }

int elf_check_header(const struct ehdr *h, size_t got, const char **why, bool *native)
{
	bool big = h->ident[5] == 2;

	*native = false;
	*why = "not an ELF file";
	if (got < 4 || memcmp(h->ident, "\177ELF", 4)) return -ENOEXEC;
	*why = "the ELF header is truncated";
	if (got < 20) return -ENOEXEC;
	*why = machine_name(big ? swap(h->machine) : h->machine);
	if (h->machine == EM_AARCH64 && !big && h->ident[4] == 2) *native = true;
	/* for x86-64 the kernel looks at neither class nor byte order */
	if (h->machine != EM_X86_64) return -ENOEXEC;
	*why = "the ELF header is truncated";
	if (got < sizeof *h) return -ENOEXEC;
	*why = h->type == ET_REL ? "a relocatable object file, not a program" :
	       h->type == ET_CORE ? "a core file, not a program" : "an ELF file of an unknown type";
	if (h->type != ET_EXEC && h->type != ET_DYN) return -ENOEXEC;
	*why = h->ident[4] == 1 ? "an x32 program" : "the ELF header's program headers are of a wrong size";
	if (h->phentsize != sizeof(struct phdr)) return -ENOEXEC;
	*why = h->phnum ? "too many program headers" : "no program headers";
	if (!h->phnum || h->phnum > ELF_MAX_PHDRS) return -ENOEXEC;
	return 0;
}

int elf_check_segments(struct elf *e, u64 limit, const char **why)
{
	bool any = false;

	e->interp = 0;
	e->exec_stack = false;
	e->lo = e->hi = 0;
	e->align = 4096;
	e->text = 0;
	for (u32 i = 0; i < e->h.phnum; i++) {
		struct phdr *p = e->ph + i;

		if (p->type == PT_INTERP && !e->interp) e->interp = p;
		if (p->type == PT_GNU_STACK) e->exec_stack = p->flags & PF_X;
	}
	for (u32 i = 0; i < e->h.phnum; i++) {
		struct phdr *p = e->ph + i;
		u64 lo, hi;

		if (p->type != PT_LOAD) continue;
		*why = "a segment's size in the file is larger than its size in memory";
		if (p->filesz > p->memsz) return -EINVAL;
		*why = "a segment lies outside the address space";
		if (p->vaddr > limit || p->memsz > limit - p->vaddr) return -EINVAL;
		*why = "a segment's offset lies outside any file";
		if (p->offset > INT64_MAX || p->filesz > INT64_MAX - p->offset) return -EINVAL;
		*why = "a segment's address and offset disagree about where in its page it begins";
		if (p->filesz && (p->vaddr ^ p->offset) & 4095) return -EINVAL;
		lo = align_down(p->vaddr, 4096ull);
		hi = align_up(p->vaddr + p->memsz, 4096ull);
		if (!any || lo < e->lo) e->lo = lo;
		if (!any || hi > e->hi) e->hi = hi;
		any = true;
		if (p->flags & PF_X) e->text += p->filesz;
		if (p->align > e->align && !(p->align & (p->align - 1))) e->align = p->align;
	}
	*why = "";
	return 0;
}

static bool blank(char c) { return c == ' ' || c == '\t'; }

static char *skip_blanks(char *p, char *last)
{
	while (p <= last && blank(*p)) p++;
	return p <= last ? p : 0;
}

static char *next_end(char *p, char *last)
{
	while (p <= last && *p && !blank(*p)) p++;
	return p <= last ? p : 0;
}

int script_parse(char buf[SCRIPT_SIZE], char **interp, char **arg)
{
	char *last = buf + SCRIPT_SIZE - 1, *end, *name, *sep;

	*arg = 0;
	if (buf[0] != '#' || buf[1] != '!') return -ENOEXEC;
	end = memchr(buf, '\n', SCRIPT_SIZE);
	if (end) {
		char *nul = memchr(buf, 0, end - buf);
		if (nul) end = 0;               /* a string function looks for the line's end */
	}
	if (!end) {
		end = skip_blanks(buf + 2, last);
		if (!end) return -ENOEXEC;
		/* a path that fills the buffer may have been cut */
		if (!next_end(end, last)) return -ENOEXEC;
		end = last;
	}
	while (blank(end[-1])) end--;
	*end = 0;
	name = skip_blanks(buf + 2, end);
	if (!name || name == end || !*name) return -ENOEXEC;
	sep = next_end(name, end);
	if (sep && *sep) {
		*arg = skip_blanks(sep, end);
		if (*arg && !**arg) *arg = 0;
		*sep = 0;
	}
	*interp = name;
	return 0;
}
