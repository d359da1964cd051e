/* vm_check.c - what a configuration's values mean on this host. Kinds and ranges were looked at before (vm_config.c).
 *
 * Whatever can be known before QEMU starts is asked here, and every fault said: a machine that fails half-way up, or comes up
 * without what was asked for, is worse than one that is refused.
 */
#include "ctl/vm.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const firmware[][2] = {      /* Debian, Ubuntu; Fedora */
	{ "/usr/share/AAVMF/AAVMF_CODE.no-secboot.fd", "/usr/share/AAVMF/AAVMF_VARS.fd" },
	{ "/usr/share/AAVMF/AAVMF_CODE.fd", "/usr/share/AAVMF/AAVMF_VARS.fd" },
	{ "/usr/share/edk2/aarch64/QEMU_EFI-pflash.raw", "/usr/share/edk2/aarch64/vars-template-pflash.raw" },
};

static const char *in_path(const char *name)
{
	const char *path = getenv("PATH");
	char dirs[CTL_TEXT], *rest;

	snprintf(dirs, sizeof dirs, "%s", path ? path : "/usr/bin:/bin");
	for (char *d = strtok_r(dirs, ":", &rest); d; d = strtok_r(NULL, ":", &rest)) {
		const char *file = vm_text("%s/%s", d, name);

		if (access(file, X_OK) == 0)
			return file;
	}
	return NULL;
}

const char *vm_find_qemu(void)
{
	static const char fedora[] = "/usr/libexec/qemu-kvm";
	const char *file = in_path("qemu-system-aarch64");

	return file ? file : access(fedora, X_OK) == 0 ? fedora : NULL;
}

bool vm_find_firmware(const char **code, const char **template)
{
	for (size_t i = 0; i < countof(firmware); i++) {
		if (access(firmware[i][0], R_OK) < 0)
			continue;
		*code = firmware[i][0];
		*template = firmware[i][1];
		return true;
	}
	return false;
}

/* What only this host lacks: a fault, or where an argument line alone is wanted, a word. */
static void lacks(struct vm *vm, const char *text)
{
	if (vm->elsewhere)
		ctl_refuse("warning: %s", text);
	else
		vm_fault(vm, "%s", text);
}

static bool file(struct vm *vm, const char *path, const char *name, int mode, struct stat *st)
{
	struct stat mine;

	st = st ? st : &mine;
	if (!name)
		return false;
	if (stat(name, st) < 0 || access(name, mode) < 0)
		vm_fault(vm, "%s: %s: %s", path, name, strerror(errno));
	else if (!S_ISREG(st->st_mode) && !S_ISBLK(st->st_mode))
		vm_fault(vm, "%s: %s: is not a file", path, name);
	else
		return true;
	return false;
}

static void qemu(struct vm *vm)
{
	if (vm->qemu)
		file(vm, "qemu", vm->qemu, X_OK, NULL);
	else if (!(vm->qemu = vm_find_qemu()))
		vm_fault(vm, "qemu: not found; " VM_QEMU_MEND);
}

/* ---- what boots ---- */
static void flash(struct vm *vm, const char *path, const char *name, int mode)
{
	struct stat st;

	if (file(vm, path, name, mode, &st) && st.st_size != VM_FLASH)
		vm_fault(vm, "%s: %s: has %lld bytes, a flash bank %d", path, name, (long long)st.st_size, VM_FLASH);
}

static void efi(struct vm *vm)
{
	struct vm_efi *e = &vm->efi;
	const char *dir, *code = NULL, *template = NULL;

	vm_find_firmware(&code, &template);
	e->code = e->code ? e->code : code;
	e->template = e->template ? e->template : template;
	if (e->code)
		flash(vm, "efi.code", e->code, R_OK);
	else
		vm_fault(vm, "efi.code: no firmware is installed: " VM_FIRMWARE_MEND);
	if (!e->vars)
		return;
	if (access(e->vars, F_OK) == 0) {
		flash(vm, "efi.vars", e->vars, R_OK | W_OK);
		return;
	}
	dir = strrchr(e->vars, '/') ? vm_text("%.*s/", (int)(strrchr(e->vars, '/') - e->vars), e->vars) : ".";
	if (access(dir, W_OK) < 0)
		vm_fault(vm, "efi.vars: %s: %s", e->vars, strerror(errno));
	if (e->template)
		flash(vm, "efi.template", e->template, R_OK);
	else
		vm_fault(vm, "efi.template: none is installed to make %s from", e->vars);
}

static void boots(struct vm *vm)
{
	if (!vm->efi.there && !vm->kernel)
		vm_fault(vm, "efi, kernel: neither is there, and nothing would boot");
	if (vm->efi.there)
		efi(vm);
	if (vm->kernel)
		file(vm, "kernel", vm->kernel, R_OK, NULL);
	else if (vm->initrd || vm->append)
		vm_fault(vm, "%s: needs a kernel", vm->initrd ? "initrd" : "append");
	if (vm->initrd)
		file(vm, "initrd", vm->initrd, R_OK, NULL);
}

/* ---- disks: an image is given to the guest once ---- */
struct image { dev_t dev; ino_t ino; bool write; const char *path; };

static void image(struct vm *vm, struct image *seen, size_t n, const char *path, const char *name, bool write)
{
	struct stat st;

	seen[n].path = NULL;
	if (!file(vm, path, name, write ? R_OK | W_OK : R_OK, &st))
		return;
	seen[n] = (struct image){ st.st_dev, st.st_ino, write, path };
	for (size_t i = 0; i < n; i++)
		if (seen[i].path && seen[i].dev == st.st_dev && seen[i].ino == st.st_ino && (seen[i].write || write))
			vm_fault(vm, "%s: %s: is %s too, and can be written", path, name, seen[i].path);
}

static void images(struct vm *vm)
{
	struct image *seen = calloc(vm->disk.n + vm->usb.n + 1, sizeof *seen);
	struct vm_disk *d = vm->disk.items;
	struct vm_usb *u = vm->usb.items;

	for (size_t i = 0; seen && i < vm->disk.n; i++)
		image(vm, seen, i, vm_text("disk[%zu].file", i), d[i].file, !d[i].readonly);
	for (size_t i = 0; seen && i < vm->usb.n; i++)
		image(vm, seen, vm->disk.n + i, vm_text("usb[%zu].file", i), u[i].file, u[i].writable);
	free(seen);
}

/* ---- shares ---- */
static const char *share_path(const struct vm *vm, size_t i)
{
	return i < vm->share.n ? vm_text("share[%zu]", i) : "stele";
}

static void tag(struct vm *vm, const char *path, const struct vm_share *s)
{
	size_t n = strlen(s->tag);
	const char *wrong = tag_wrong(s->tag, n);

	if (wrong)
		vm_fault(vm, "%s.tag: %s", path, wrong);
	else if (s->type && !strcmp(s->type, "9p") && n > 31)
		vm_fault(vm, "%s.tag: has %zu bytes: over 9p at most 31", path, n);
}

static void shares(struct vm *vm)
{
	const struct vm_share *s, *other;
	bool virtiofs = false;
	const char *why;
	struct stat st;

	for (size_t i = 0; (s = vm_share_at(vm, i)); i++) {
		const char *path = share_path(vm, i);

		virtiofs |= s->type && !strcmp(s->type, "virtiofs");
		if (s->dir && stat(s->dir, &st) < 0)
			vm_fault(vm, "%s.dir: %s: %s", path, s->dir, strerror(errno));
		else if (s->dir && !S_ISDIR(st.st_mode))
			vm_fault(vm, "%s.dir: %s: is not a directory", path, s->dir);
		if (!s->tag)
			continue;
		tag(vm, path, s);
		for (size_t k = 0; k < i; k++)
			if ((other = vm_share_at(vm, k))->tag && !strcmp(other->tag, s->tag))
				vm_fault(vm, "%s.tag: duplicate: %s is %s.tag too", path, s->tag, share_path(vm, k));
	}
	if (virtiofs && (why = virtiofsd_find(&vm->server, vm->virtiofsd)))
		vm_fault(vm, "virtiofsd: %s", why);
}

static void stele(struct vm *vm)
{
	const char *path;
	char why[256];

	if (!vm->stele.share.dir)
		return;
	path = vm_text("%s/stele", vm->stele.share.dir);
	if (translator_check(path, why, sizeof why) != T_OK)
		vm_fault(vm, "stele.dir: %s %s", path, why);
}

/* ---- what the host must have ---- */
static void devices(struct vm *vm)
{
	if (vm->accel && !strcmp(vm->accel, "kvm") && !vm_kvm())
		lacks(vm, "accel: KVM runs ARM64 machines on an ARM64 host whose /dev/kvm you may open; this is none");
	if (vm->vsock && access("/dev/vhost-vsock", R_OK | W_OK) < 0)
		lacks(vm, vm_text("vsock: /dev/vhost-vsock: %s; modprobe vhost_vsock, or leave vsock out", strerror(errno)));
	if (vm_devices(vm) > VM_DEVICES)
		vm_fault(vm, "disk, share: %zu devices in all, the machine has places for %d", vm_devices(vm), VM_DEVICES);
}

static void ports(struct vm *vm)
{
	struct vm_forward *f = vm->forward.items;

	if (vm->forward.n && vm->network && strcmp(vm->network, "nat"))
		vm_fault(vm, "forward: needs \"network\": \"nat\"");
	for (size_t i = 0; i < vm->forward.n; i++) {
		struct sockaddr_in at = { AF_INET, htons(f[i].host), { htonl(INADDR_LOOPBACK) } };
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
		if (fd < 0 || bind(fd, (void *)&at, sizeof at) < 0)
			vm_fault(vm, "forward[%zu].host: %lld: %s", i, (long long)f[i].host, strerror(errno));
		close(fd);
		for (size_t k = 0; k < i; k++)
			if (f[k].host == f[i].host)
				vm_fault(vm, "forward[%zu].host: duplicate: %lld is forward[%zu].host too", i, (long long)f[i].host, k);
	}
}

static void name(struct vm *vm)
{
	static const char *const sockets[] = { "qmp.sock", "console.sock" };
	const char *why;

	if (!vm->name || !vm_name_ok(vm->name)) {
		vm_fault(vm, "name: %s: 1 to 64 letters, digits, - _ . and no dot in front are a name", vm->name ? vm->name : "");
		return;
	}
	for (size_t i = 0; i < countof(sockets); i++)
		if ((why = vm_busy(vm_state(vm->name, sockets[i]))))
			vm_fault(vm, "name: %s: the socket %s %s", vm->name, vm_state(vm->name, sockets[i]), why);
}

void vm_check(struct vm *vm)
{
	name(vm);
	qemu(vm);
	boots(vm);
	images(vm);
	shares(vm);
	if (vm->stele.there)
		stele(vm);
	devices(vm);
	ports(vm);
}
