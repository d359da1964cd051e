/* vm_qemu.c - QEMU's argument line for a machine. QEMU's invocation(7), "virt" in its manual of Arm boards.
 *
 * A comma in a value is written twice, QEMU's rule: comma() is around every text that comes from outside. Devices sit
 * on the PCI bus itself, eight functions a slot, so that there is room for hundreds of shares; each has its place by
 * its number, and a guest finds it there at every start.
 */
#include "ctl/vm.h"
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

bool vm_kvm(void)
{
	struct utsname u;

	return uname(&u) == 0 && !strcmp(u.machine, "aarch64") && access("/dev/kvm", R_OK | W_OK) == 0;
}

const struct vm_share *vm_share_at(const struct vm *vm, size_t i)
{
	if (i < vm->share.n)
		return (const struct vm_share *)vm->share.items + i;
	return i == vm->share.n && vm->stele.there ? &vm->stele.share : NULL;
}

static bool is(const char *word, const char *other) { return word && !strcmp(word, other); }

size_t vm_devices(const struct vm *vm)
{
	return vm->disk.n + vm->share.n + vm->stele.there + (vm->usb.n || is(vm->input, "usb")) +
		2 * is(vm->input, "virtio") + vm->display.there + is(vm->network, "nat") + vm->entropy + !!vm->vsock;
}

static void push(struct vm_args *a, const char *word)
{
	if (a->n + 1 >= a->room) {
		a->room = a->room * 2 + 64;
		if (!(a->argv = realloc(a->argv, a->room * sizeof *a->argv)))
			abort();
	}
	a->argv[a->n++] = (char *)word;
	a->argv[a->n] = NULL;
}

static void arg(struct vm_args *a, const char *option, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void arg(struct vm_args *a, const char *option, const char *format, ...)
{
	char *text;
	va_list ap;

	va_start(ap, format);
	if (vasprintf(&text, format, ap) < 0)
		abort();
	va_end(ap);
	push(a, option);
	push(a, text);
}

static const char *comma(const char *s)
{
	char *out = malloc(2 * strlen(s) + 1), *to = out;

	if (!out)
		abort();
	for (; *s; s++) {
		if (*s == ',')
			*to++ = ',';
		*to++ = *s;
	}
	*to = 0;
	return out;
}

/* A device of the PCI bus, at the next place. */
static void device(struct vm_args *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void device(struct vm_args *a, const char *format, ...)
{
	char *text;
	va_list ap;

	va_start(ap, format);
	if (vasprintf(&text, format, ap) < 0)
		abort();
	va_end(ap);
	arg(a, "-device", "%s,addr=%zx.%zx,multifunction=on", text, 1 + a->devices / 8, a->devices % 8);
	a->devices++;
	free(text);
}

static void machine(struct vm_args *a, const struct vm *vm)
{
	bool kvm = !is(vm->accel, "tcg") && (vm_kvm() || is(vm->accel, "kvm"));

	arg(a, "-name", "%s", vm->name);
	arg(a, "-machine", "virt,gic-version=max,memory-backend=memory%s", vm->efi.there ? ",pflash0=code,pflash1=vars" : "");
	arg(a, "-accel", "%s", kvm ? "kvm" : "tcg,thread=multi");
	/* QEMU's translator spends a fifth of its time on pointer authentication, which no program needs */
	arg(a, "-cpu", "%s", kvm ? "host" : "max,pauth=off");
	arg(a, "-smp", "%lld", (long long)vm->cpus);
	arg(a, "-m", "%lldM", (long long)vm->memory);
	/* shared with virtiofsd, which reads and writes the guest's memory itself */
	arg(a, "-object", "memory-backend-memfd,id=memory,size=%lldM,share=on", (long long)vm->memory);
	push(a, "-nodefaults");
	push(a, "-no-user-config");
}

static void state(struct vm_args *a, const struct vm *vm)
{
	arg(a, "-chardev", "socket,id=qmp,server=on,wait=off,path=%s", comma(vm_state(vm->name, "qmp.sock")));
	arg(a, "-mon", "chardev=qmp,mode=control");
	arg(a, "-chardev", "socket,id=console,server=on,wait=off,path=%s,logfile=%s", comma(vm_state(vm->name, "console.sock")),
		comma(vm_state(vm->name, "console.log")));
	arg(a, "-serial", "chardev:console");
	arg(a, "-pidfile", "%s", vm_state(vm->name, "qemu.pid"));
	arg(a, "-D", "%s", vm_state(vm->name, "qemu.log"));
	push(a, "-daemonize");
}

static void block(struct vm_args *a, const char *node, const char *format, const char *file, bool readonly)
{
	arg(a, "-blockdev", "driver=%s,node-name=%s,read-only=%s,file.driver=%s,file.filename=%s", format, node,
		readonly ? "on" : "off", strncmp(file, "/dev/", 5) ? "file" : "host_device", comma(file));
}

static void boot(struct vm_args *a, const struct vm *vm)
{
	if (vm->efi.there) {
		block(a, "code", "raw", vm->efi.code, true);
		block(a, "vars", "raw", vm->efi.vars, false);
	}
	if (vm->kernel)
		arg(a, "-kernel", "%s", vm->kernel);
	if (vm->initrd)
		arg(a, "-initrd", "%s", vm->initrd);
	if (vm->append)
		arg(a, "-append", "%s", vm->append);
}

/* The firmware tries disks in their order, then USB: an installer runs while the disk is empty, and not again. */
static void disks(struct vm_args *a, const struct vm *vm)
{
	const struct vm_disk *d = vm->disk.items;
	const struct vm_usb *u = vm->usb.items;

	for (size_t i = 0; i < vm->disk.n; i++) {
		block(a, vm_text("disk%zu", i), d[i].format, d[i].file, d[i].readonly);
		device(a, "virtio-blk-pci,drive=disk%zu,serial=disk%zu,bootindex=%zu", i, i, i);
	}
	if (vm->usb.n || is(vm->input, "usb"))
		device(a, "qemu-xhci,id=xhci,p2=15,p3=15");
	for (size_t i = 0; i < vm->usb.n; i++) {
		block(a, vm_text("usb%zu", i), u[i].format, u[i].file, !u[i].writable);
		arg(a, "-device", "usb-storage,bus=xhci.0,drive=usb%zu,removable=on,bootindex=%zu", i, vm->disk.n + i);
	}
}

static void face(struct vm_args *a, const struct vm *vm)
{
	const struct vm_display *d = &vm->display;

	if (d->there)
		device(a, "virtio-gpu-pci,id=gpu,xres=%lld,yres=%lld", (long long)d->width, (long long)d->height);
	if (d->there && is(d->show, "vnc"))
		arg(a, "-display", "vnc=unix:%s", comma(vm_state(vm->name, "vnc.sock")));
	else
		arg(a, "-display", "%s", d->there && is(d->show, "gtk") ? "gtk" : "none");
	if (is(vm->input, "usb")) {
		arg(a, "-device", "usb-kbd,bus=xhci.0");
		arg(a, "-device", "usb-tablet,bus=xhci.0");
	} else if (is(vm->input, "virtio")) {
		device(a, "virtio-keyboard-pci");
		device(a, "virtio-tablet-pci");
	}
}

static void network(struct vm_args *a, const struct vm *vm)
{
	const struct vm_forward *f = vm->forward.items;
	const char *forwards = "";

	if (is(vm->network, "nat")) {
		for (size_t i = 0; i < vm->forward.n; i++)
			forwards = vm_text("%s,hostfwd=tcp:127.0.0.1:%lld-:%lld", forwards, (long long)f[i].host, (long long)f[i].guest);
		arg(a, "-netdev", "user,id=net%s", forwards);
		device(a, "virtio-net-pci,netdev=net,romfile=");
	}
	if (vm->vsock)
		device(a, "vhost-vsock-pci,guest-cid=%lld", (long long)vm->vsock);
	if (vm->entropy) {
		arg(a, "-object", "rng-random,id=entropy,filename=/dev/urandom");
		device(a, "virtio-rng-pci,rng=entropy");
	}
}

static void shares(struct vm_args *a, const struct vm *vm)
{
	const struct vm_share *s;

	for (size_t i = 0; (s = vm_share_at(vm, i)); i++) {
		if (is(s->type, "9p")) {
			arg(a, "-fsdev", "local,id=share%zu,security_model=%s,multidevs=remap,path=%s", i,
				geteuid() == 0 ? "passthrough" : "none", comma(s->dir));
			device(a, "virtio-9p-pci,fsdev=share%zu,mount_tag=%s", i, comma(s->tag));
		} else {
			arg(a, "-chardev", "socket,id=share%zu,path=%s", i, comma(vm_state(vm->name, vm_share_file(i, "sock"))));
			device(a, "vhost-user-fs-pci,queue-size=1024,chardev=share%zu,tag=%s", i, comma(s->tag));
		}
	}
}

void vm_qemu(struct vm_args *a, const struct vm *vm)
{
	push(a, vm->qemu);
	machine(a, vm);
	state(a, vm);
	boot(a, vm);
	disks(a, vm);
	face(a, vm);
	network(a, vm);
	shares(a, vm);
}

static void quoted(FILE *f, const char *s)
{
	if (*s && strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./=,:+@%") == strlen(s)) {
		fputs(s, f);
		return;
	}
	fputc('\'', f);
	for (; *s; s++) {
		if (*s == '\'')
			fputs("'\\''", f);
		else
			fputc(*s, f);
	}
	fputc('\'', f);
}

void vm_qemu_print(FILE *f, const struct vm_args *a)
{
	for (size_t i = 0; i < a->n; i++) {
		if (i)
			fputs(a->argv[i][0] == '-' ? " \\\n\t" : " ", f);
		quoted(f, a->argv[i]);
	}
	fputc('\n', f);
}
