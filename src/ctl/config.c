/* config.c - stelectl config: how each VMM is told to share the directory.
 *
 * A table of VMMs. Each row says what its syntax cannot hold; that is refused, never printed. The words come from the
 * VMMs' own documents: QEMU's manual (vhost-user-fs), libvirt.org/kbase/virtiofs, cloud-hypervisor's docs/fs.md,
 * vfkit's doc/usage.md, krunkit's docs/usage.md, Lima's templates/default.yaml, podman-machine-init(1).
 */
#include "ctl/ctl.h"
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST = 2 * CTL_PATH };

/* One word of a command line. */
static void word(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void word(const char *format, ...)
{
	char text[2 * LONGEST];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	putchar(' ');
	quote_shell(stdout, text);
}

static void in_guest(const struct share *s)
{
	printf("# in the guest: stelectl register --mount");
	word("%s%s", s->tag, strstr(s->tag, ":/") ? ":" CTL_MOUNT : "");
	putchar('\n');
}

static void served_by(const struct share *s)
{
	printf("# served by: stelectl share --tag");
	word("%s", s->tag);
	printf(" --socket");
	word("%s", s->socket);
	printf("%s --", s->writable ? " --writable" : "");
	word("%s", s->dir);
	putchar('\n');
}

static void qemu(const struct share *s)
{
	char path[LONGEST], tag[LONGEST], id[TAG_MAX + 1];

	quote_qemu(path, s->socket);
	quote_qemu(tag, s->tag);
	tag_plain(id, s->tag);
	printf("# QEMU: memory that virtiofsd can map, of the size of -m, and the device\n");
	printf("  -object memory-backend-memfd,id=stele-memory,size=2G,share=on -machine memory-backend=stele-memory -m 2G \\\n ");
	word("-chardev");
	word("socket,id=stele-%s,path=%s", id, path);
	printf(" \\\n ");
	word("-device");
	word("vhost-user-fs-pci,chardev=stele-%s,queue-size=1024,tag=%s", id, tag);
	putchar('\n');
	in_guest(s);
}

static void cloud_hypervisor(const struct share *s)
{
	printf("# cloud-hypervisor: memory that virtiofsd can map, and the device\n ");
	printf(" --memory size=2G,shared=on \\\n  --fs");
	word("tag=\"%s\",socket=\"%s\",num_queues=1,queue_size=512", s->tag, s->socket);
	putchar('\n');
	in_guest(s);
}

static void libvirt(const struct share *s)
{
	printf("<!-- in <domain>: memory that virtiofsd can map -->\n"
	       "<memoryBacking>\n  <source type='memfd'/>\n  <access mode='shared'/>\n</memoryBacking>\n"
	       "<!-- in <devices>: libvirt starts virtiofsd itself; the guest may write -->\n"
	       "<filesystem type='mount' accessmode='passthrough'>\n  <driver type='virtiofs' queue='1024'/>\n");
	printf("  <source dir='");
	quote_xml(stdout, s->dir);
	printf("'/>\n  <target dir='");
	quote_xml(stdout, s->tag);
	printf("'/>\n</filesystem>\n");
}

static void mac(const struct share *s)          /* vfkit and krunkit; krunkit wants this order */
{
	printf("# the guest may write\n  --device");
	word("virtio-fs,sharedDir=%s,mountTag=%s", s->dir, s->tag);
	putchar('\n');
	in_guest(s);
}

/* Lima names its shares itself and mounts them, for which it needs virtiofs or 9p: its default since 1.0. */
static void lima(const struct share *s)
{
	printf("mounts:\n- location: ");
	json_quote(stdout, s->dir);
	printf("\n  mountPoint: \"" CTL_MOUNT "\"\n  writable: %s\n", s->writable ? "true" : "false");
	printf("provision:\n- mode: system\n  script: |\n    #!/bin/sh\n"
	       "    " CTL_MOUNT "/stelectl availability || " CTL_MOUNT "/stelectl register\n");
}

/* Podman's machine mounts by path as well. Its directory of binfmt.d outlives a restart, the mount's order is its own:
 * so the translator is copied. */
static void podman(const struct share *s)
{
	printf("# --volume takes the place of Podman's own volumes: add those that are wanted besides\n"
	       "podman machine init --volume \"$HOME:$HOME\" --volume");
	word("%s:/mnt/stele%s", s->dir, s->writable ? "" : ":ro");
	printf("\npodman machine start\n"
	       "podman machine ssh sudo /mnt/stele/stelectl install --yes --from /mnt/stele\n"
	       "podman machine ssh sudo /mnt/stele/stelectl register --replace --persist\n");
}

static const struct vmm {
	const char *name;
	void (*print)(const struct share *);
	int needs;
	const char *dir, *tag, *socket; /* what its syntax cannot hold there */
	bool text, apple, brings_stelectl;
} vmms[] = {
	{ "qemu",             qemu,             SHARE_TAG | SHARE_SOCKET },
	{ "libvirt",          libvirt,          SHARE_TAG, .text = true },
	{ "cloud-hypervisor", cloud_hypervisor, SHARE_TAG | SHARE_SOCKET, .tag = "\"[]", .socket = "\"[]" },
	{ "vfkit",            mac,              SHARE_TAG, .dir = ",", .tag = ",", .apple = true },
	{ "krunkit",          mac,              SHARE_TAG, .dir = ",=", .tag = ",=" },
	{ "lima",             lima,             0, .dir = "{", .text = true, .brings_stelectl = true },
	{ "podman",           podman,           0, .dir = ":", .brings_stelectl = true },
};

static const struct vmm *find(const char *name)
{
	for (size_t i = 0; i < countof(vmms); i++)
		if (!strcmp(vmms[i].name, name))
			return &vmms[i];
	return NULL;
}

static int cannot(const struct vmm *v, const char *what, const char *value, const char *chars)
{
	if (v->text && !quote_is_text(value))
		return ctl_refuse("%s cannot be told a %s that is not plain UTF-8 text: %s", v->name, what, value);
	if (chars && value[strcspn(value, chars)])
		return ctl_refuse("%s cannot be told a %s with a %c: %s", v->name, what, value[strcspn(value, chars)], value);
	return CTL_OK;
}

static int refused(const struct vmm *v, const struct share *s)
{
	if (cannot(v, "directory", s->dir, v->dir) || ((v->needs & SHARE_TAG) && cannot(v, "tag", s->tag, v->tag)) ||
	    ((v->needs & SHARE_SOCKET) && cannot(v, "socket", s->socket, v->socket)))
		return CTL_FAILED;
	return CTL_OK;
}

int config_print(const struct share *s, const char *vmm)
{
	const struct vmm *v = find(vmm);

	if (refused(v, s))
		return CTL_FAILED;
	v->print(s);
	return CTL_OK;
}

int cmd_config(void)
{
	const struct vmm *v = ctl.vmm ? find(ctl.vmm) : NULL;
	char file[CTL_PATH + 16], why[256];
	struct share s;

	if (!v)
		return ctl_refuse("--for %s: the VMMs are " CONFIG_VMMS, ctl.vmm ? ctl.vmm : "VMM");
	if (ctl.socket && !(v->needs & SHARE_SOCKET))
		return ctl_refuse("%s starts what serves the share itself: there is no --socket", v->name);
	if (share_words(&s, v->needs) || refused(v, &s))
		return CTL_FAILED;
	if (ctl.tag && !(v->needs & SHARE_TAG))
		fprintf(stderr, "stelectl: %s names its shares itself: the tag is not used\n", v->name);
	if (v->apple && strlen(s.tag) == TAG_MAX)
		return ctl_refuse("%s uses Apple's framework, which takes a tag of at most %d bytes", v->name, TAG_MAX - 1);
	snprintf(file, sizeof file, "%s/stelectl", s.dir);
	if (v->brings_stelectl && translator_check(file, why, sizeof why))
		fprintf(stderr, "stelectl: warning: %s %s: the guest will not find it\n", file, why);
	if (v->needs & SHARE_SOCKET)
		served_by(&s);
	v->print(&s);
	return CTL_OK;
}
