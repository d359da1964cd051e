/* translator.c - is a file a translator that runs here?
 *
 * Its ELF header is read before it is started: a truncated file or one for another machine would be refused by the
 * kernel with an ENOEXEC that says neither, or be handed to some other handler. ELF: System V ABI, chapter 4.
 */
#include "ctl/ctl.h"
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

static const char *machine_name(unsigned m)
{
	return m == EM_X86_64 ? "x86-64" : m == EM_386 ? "32-bit x86" : m == EM_ARM ? "32-bit ARM" :
		m == EM_RISCV ? "RISC-V" : m == EM_PPC64 ? "POWER" : m == EM_S390 ? "S/390" : "another machine";
}

/* All that the program headers promise is within the file, and the section table, which linkers put last. */
static bool whole(int fd, const Elf64_Ehdr *e, off_t size)
{
	Elf64_Phdr p;

	if (e->e_phentsize != sizeof p || (e->e_shoff && e->e_shoff + (u64)e->e_shnum * e->e_shentsize > (u64)size))
		return false;
	for (unsigned i = 0; i < e->e_phnum; i++)
		if (pread(fd, &p, sizeof p, e->e_phoff + i * sizeof p) != sizeof p ||
		    (p.p_type == PT_LOAD && (p.p_filesz > (u64)size || p.p_offset > (u64)size - p.p_filesz)))
			return false;
	return e->e_phnum;
}

static int look(int fd, char *why, size_t size)
{
	struct stat st;
	Elf64_Ehdr e;
	ssize_t n;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return snprintf(why, size, "is not a file"), T_NOT_ELF;
	n = pread(fd, &e, sizeof e, 0);
	if (n < SELFMAG || memcmp(e.e_ident, ELFMAG, SELFMAG))
		return snprintf(why, size, n ? "is not an ELF file" : "is empty"), n > 0 ? T_NOT_ELF : T_CUT;
	if (n < (ssize_t)sizeof e)
		return snprintf(why, size, "is truncated within its ELF header"), T_CUT;
	if (e.e_machine != EM_AARCH64 || e.e_ident[EI_CLASS] != ELFCLASS64 || e.e_ident[EI_DATA] != ELFDATA2LSB)
		return snprintf(why, size, "is a program for %s, not for 64-bit ARM", machine_name(e.e_machine)), T_MACHINE;
	if (!whole(fd, &e, st.st_size))
		return snprintf(why, size, "is truncated: its headers promise more than its %lld bytes", (long long)st.st_size), T_CUT;
	if (!(st.st_mode & 0111))
		return snprintf(why, size, "is not executable"), T_MODE;
	return T_OK;
}

int translator_check(const char *path, char *why, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), r;

	if (fd < 0)
		return snprintf(why, size, errno == ENOENT ? "is not there" : "cannot be read: %s", strerror(errno)), T_MISSING;
	r = look(fd, why, size);
	close(fd);
	return r;
}

const char *translator_find(void)
{
	static const char *const places[] = { CTL_INSTALLED, CTL_PACKAGED, CTL_MOUNT "/stele" };

	for (size_t i = 0; i < countof(places); i++)
		if (access(ctl_path("%s", places[i]), F_OK) == 0)
			return places[i];
	return NULL;
}

bool translator_version(const char *path, char *out, size_t size)
{
	const char *const argv[] = { path, "--version", NULL };

	if (ctl_run(out, size, argv) || strncmp(out, "stele ", 6))
		return false;
	out[strcspn(out, "\n")] = 0;
	return true;
}

/* With --root, whose directory may be of another machine, /proc/sys/kernel/arch (Linux 6.1) says it. */
bool ctl_is_arm64(char *machine, size_t size)
{
	struct utsname u;

	if (!*ctl.root || ctl_read(ctl_path("/proc/sys/kernel/arch"), machine, size) < 0)
		snprintf(machine, size, "%s", uname(&u) ? "unknown" : u.machine);
	machine[strcspn(machine, "\n")] = 0;
	return !strcmp(machine, "aarch64");
}
