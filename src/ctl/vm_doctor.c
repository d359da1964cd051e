/* vm_doctor.c - stelectl vm doctor: what this host has for machines, and what only some machines need. */
#include "ctl/doctor.h"
#include "ctl/vm.h"
#include <errno.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

static void qemu_there(struct answer *a)
{
	a->well = vm_find_qemu();
	WHY(a, "qemu-system-aarch64 is not installed");
	MEND(a, VM_QEMU_MEND);
}

static void qemu_runs(struct answer *a)
{
	const char *argv[] = { vm_find_qemu(), "--version", NULL };
	char version[256];

	a->well = ctl_run(version, sizeof version, argv) == 0 && !strncmp(version, "QEMU emulator", 13);
	WHY(a, "%s --version fails", argv[0]);
	MEND(a, "%s --version", argv[0]);
}

static void fast(struct answer *a)
{
	struct utsname u;
	bool arm = uname(&u) == 0 && !strcmp(u.machine, "aarch64");

	a->well = vm_kvm();
	WHY(a, "%s: QEMU translates, which is many times slower", arm ? "/dev/kvm is not there, or not for you" : u.machine);
	MEND(a, "%s", arm ? "modprobe kvm; adduser $USER kvm" : "an ARM64 host");
}

static void firmware(struct answer *a)
{
	const char *code, *template;

	a->well = vm_find_firmware(&code, &template);
	WHY(a, "no EFI firmware is installed");
	MEND(a, VM_FIRMWARE_MEND ", or boot a kernel directly");
}

static void file_server(struct answer *a)
{
	static struct virtiofsd v;
	const char *why = virtiofsd_find(&v, NULL);

	a->well = !why;
	WHY(a, "%s", why ? why : "");
	MEND(a, "apt install virtiofsd (Debian 12: qemu-system-common), or share by \"type\": \"9p\"");
}

static void vsock(struct answer *a)
{
	a->well = access("/dev/vhost-vsock", R_OK | W_OK) == 0;
	WHY(a, "/dev/vhost-vsock: %s", strerror(errno));
	MEND(a, "modprobe vhost_vsock, or leave vsock out");
}

static const struct question questions[] = {
	{ "QEMU is there",                       qemu_there,  ENDS  },
	{ "QEMU runs",                           qemu_runs,   WRONG },
	{ "machines run at the CPU's speed",     fast,        LACKS },
	{ "machines can boot by EFI",            firmware,    LACKS },
	{ "directories are shared by virtiofs",  file_server, LACKS },
	{ "machines can have a vsock device",    vsock,       LACKS },
};

int vm_doctor(void)
{
	return doctor(questions, countof(questions));
}
