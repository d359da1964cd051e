/* vm_config.c - the fields of a machine's configuration: one table, which the file, the flags, --help and doc/vm.md go by.
 *
 * The file is JSON (RFC 8259), read by jansson: it refuses a name given twice, NUL, what is not UTF-8, and QMP needs the same
 * parser. A flag becomes a part of the same object, so both are judged by the same code: kind and range here, meaning
 * in vm_check.c. Every fault is said, not the first alone.
 */
#include "ctl/vm.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CONFIG_MAX = 1 << 20 };
enum kind { TEXT, FILE_, WORD, NUMBER, SIZE, BOOL };
static const char *const kinds[] = { "text", "path", "word", "number", "size", "true, false" };

enum group { TOP, EFI, DISPLAY, STELE, DISK, USB, SHARE, FORWARD };
#define ONE(s)     offsetof(struct vm, s), 0
#define LIST(s)    offsetof(struct vm, s), sizeof (struct vm_##s)
static const struct { const char *name; size_t at, item; } groups[] = {
	[TOP]     = { "",        0, 0 },
	[EFI]     = { "efi",     ONE(efi) },
	[DISPLAY] = { "display", ONE(display) },
	[STELE]   = { "stele",   ONE(stele) },
	[DISK]    = { "disk",    LIST(disk) },
	[USB]     = { "usb",     LIST(usb) },
	[SHARE]   = { "share",   LIST(share) },
	[FORWARD] = { "forward", LIST(forward) },
};

static const char needed[] = "needed";
#define AT(t, f)   offsetof(struct t, f)
/* The first field of a group is what --GROUP VALUE without a name means. */
static const struct field {
	enum group group;
	const char *name;
	enum kind kind;
	size_t at;
	const char *fallback;           /* null: none; needed */
	s64 min, max;
	const char *words, *what;
} fields[] = {
	{ TOP,     "name",      TEXT,   AT(vm, name),             0, .what = "what the commands call it; else the file's name without .json" },
	{ TOP,     "cpus",      NUMBER, AT(vm, cpus),             "2", 1, 256, 0, "processors" },
	{ TOP,     "memory",    SIZE,   AT(vm, memory),           "2G", 64, 1 << 20, 0, "memory: MiB, or a text with M, G or T" },
	{ TOP,     "accel",     WORD,   AT(vm, accel),            "auto", 0, 0, "auto kvm tcg", "auto is KVM on an ARM64 host that has it, else QEMU's translator" },
	{ TOP,     "kernel",    FILE_,  AT(vm, kernel),           0, .what = "a Linux kernel to boot directly; with efi, through the firmware" },
	{ TOP,     "initrd",    FILE_,  AT(vm, initrd),           0, .what = "its initial file system" },
	{ TOP,     "append",    TEXT,   AT(vm, append),           0, .what = "its command line" },
	{ TOP,     "network",   WORD,   AT(vm, network),          "nat", 0, 0, "nat none", "a network card behind the host's address, or none" },
	{ TOP,     "vsock",     NUMBER, AT(vm, vsock),            0, 3, 0xfffffffe, 0, "a vsock device; its context ID in the guest" },
	{ TOP,     "entropy",   BOOL,   AT(vm, entropy),          "true", .what = "a source of random numbers" },
	{ TOP,     "input",     WORD,   AT(vm, input),            "usb", 0, 0, "usb virtio none", "keyboard and pointing device" },
	{ TOP,     "qemu",      FILE_,  AT(vm, qemu),             0, .what = "the QEMU program; else qemu-system-aarch64" },
	{ TOP,     "virtiofsd", FILE_,  AT(vm, virtiofsd),        0, .what = "the virtiofsd program; else where Debian has it" },
	{ EFI,     "vars",      FILE_,  AT(vm_efi, vars),         needed, .what = "the store of EFI variables; made if it is not there" },
	{ EFI,     "code",      FILE_,  AT(vm_efi, code),         0, .what = "the firmware, 64 MiB; else the package's" },
	{ EFI,     "template",  FILE_,  AT(vm_efi, template),     0, .what = "what the store is made from; else the package's" },
	{ DISPLAY, "width",     NUMBER, AT(vm_display, width),    "1280", 64, 16384, 0, "pixels" },
	{ DISPLAY, "height",    NUMBER, AT(vm_display, height),   "800", 64, 16384, 0, "pixels" },
	{ DISPLAY, "show",      WORD,   AT(vm_display, show),     "none", 0, 0, "none gtk vnc", "none: screenshots alone; a window; VNC on the Unix socket vnc.sock" },
	{ STELE,   "dir",       FILE_,  AT(vm_stele, share.dir),  needed, .what = "the directory that has stele in it, shared" },
	{ STELE,   "tag",       TEXT,   AT(vm_stele, share.tag),  "stele", .what = "its tag" },
	{ STELE,   "type",      WORD,   AT(vm_stele, share.type), "virtiofs", 0, 0, "virtiofs 9p", "how it is shared" },
	{ DISK,    "file",      FILE_,  AT(vm_disk, file),        needed, .what = "an image: a virtio disk" },
	{ DISK,    "format",    WORD,   AT(vm_disk, format),      "raw", 0, 0, "raw qcow2", "the image's" },
	{ DISK,    "readonly",  BOOL,   AT(vm_disk, readonly),    "false", .what = "the guest cannot write" },
	{ USB,     "file",      FILE_,  AT(vm_usb, file),         needed, .what = "an image, as an installer's: a USB disk" },
	{ USB,     "format",    WORD,   AT(vm_usb, format),       "raw", 0, 0, "raw qcow2", "the image's" },
	{ USB,     "writable",  BOOL,   AT(vm_usb, writable),     "false", .what = "the guest can write" },
	{ SHARE,   "dir",       FILE_,  AT(vm_share, dir),        needed, .what = "a shared directory" },
	{ SHARE,   "tag",       TEXT,   AT(vm_share, tag),        needed, .what = "its tag: 1 to 36 bytes of UTF-8, 31 over 9p" },
	{ SHARE,   "type",      WORD,   AT(vm_share, type),       "virtiofs", 0, 0, "virtiofs 9p", "how it is shared" },
	{ FORWARD, "host",      NUMBER, AT(vm_forward, host),     needed, 1, 65535, 0, "a TCP port of the host's loopback" },
	{ FORWARD, "guest",     NUMBER, AT(vm_forward, guest),    needed, 1, 65535, 0, "the guest's TCP port that it leads to" },
};

/* ---- words ---- */
const char *vm_text(const char *format, ...)
{
	char *text;
	va_list ap;

	va_start(ap, format);
	if (vasprintf(&text, format, ap) < 0)
		abort();
	va_end(ap);
	return text;
}

void vm_fault(struct vm *vm, const char *format, ...)
{
	char text[2 * CTL_PATH];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	for (char *p = text; *p; p++)
		if ((u8)*p < 0x20 || *p == 0x7f)
			*p = '?';
	ctl_refuse("%s", text);
	vm->faults++;
}

static const struct field *field(enum group g, const char *name, size_t n)
{
	for (size_t i = 0; i < countof(fields); i++)
		if (fields[i].group == g && strlen(fields[i].name) == n && !memcmp(fields[i].name, name, n))
			return &fields[i];
	return NULL;
}

static enum group group_of(const char *name)    /* TOP: there is none of that name */
{
	enum group g = countof(groups);

	while (--g != TOP && strcmp(groups[g].name, name))
		;
	return g;
}

static bool among(const char *words, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = words; n && !strchr(word, ' ') && (p = strstr(p, word)); p += n)
		if ((p == words || p[-1] == ' ') && (p[n] == ' ' || !p[n]))
			return true;
	return false;
}

/* ---- a value ---- */
static const char *size_name(s64 mib)
{
	return mib && mib % (1 << 20) == 0 ? vm_text("%lldT", (long long)mib >> 20) :
		mib && mib % 1024 == 0 ? vm_text("%lldG", (long long)mib >> 10) : vm_text("%lldM", (long long)mib);
}

static bool size_parse(const char *s, s64 *mib)
{
	size_t n = strspn(s, "0123456789");
	const char *unit = strchr("MGT", s[n]);

	if (!n || n > 9 || !unit || (s[n] && s[n + 1]))
		return false;
	*mib = strtoll(s, NULL, 10) << (*unit ? 10 * (int)(strchr("MGT", *unit) - "MGT") : 0);
	return true;
}

static const char *bound(const struct field *f, s64 n)
{
	return f->kind == SIZE && n ? size_name(n) : vm_text("%lld", (long long)n);
}

static void in_range(struct vm *vm, const char *path, const struct field *f, s64 n)
{
	const char *is = bound(f, n);

	if (n < f->min)
		vm_fault(vm, "%s: %s is too small: at least %s", path, is, bound(f, f->min));
	else if (n > f->max)
		vm_fault(vm, "%s: %s is too large: at most %s", path, is, bound(f, f->max));
}

static const char *absolute(const char *dir, const char *file)
{
	return file[0] == '/' || !dir ? vm_text("%s", file) : vm_text("%s/%s", dir, file);
}

static void text(struct vm *vm, const char *path, const struct field *f, const char **to, json_t *v, const char *dir)
{
	const char *s = json_string_value(v);

	if (!s)
		vm_fault(vm, "%s: a text is needed", path);
	else if (f->kind == FILE_ && !*s)
		vm_fault(vm, "%s: is empty", path);
	else if (f->kind == WORD && !among(f->words, s))
		vm_fault(vm, "%s: \"%s\" is none of: %s", path, s, f->words);
	else
		*to = f->kind == FILE_ ? absolute(dir, s) : vm_text("%s", s);
}

static void value(struct vm *vm, const char *path, const struct field *f, void *to, json_t *v, const char *dir)
{
	s64 n = 0;

	switch (f->kind) {
	case TEXT: case FILE_: case WORD:
		text(vm, path, f, to, v, dir);
		return;
	case BOOL:
		if (!json_is_boolean(v))
			vm_fault(vm, "%s: true or false is needed", path);
		else
			*(bool *)to = json_is_true(v);
		return;
	case SIZE:
		if (!json_is_integer(v) && (!json_is_string(v) || !size_parse(json_string_value(v), &n))) {
			vm_fault(vm, "%s: a size is needed, as 512M or 2G", path);
			return;
		}
		break;
	case NUMBER:
		if (!json_is_integer(v)) {
			vm_fault(vm, "%s: a number is needed", path);
			return;
		}
	}
	if (json_is_integer(v))
		n = json_integer_value(v);
	in_range(vm, path, f, n);
	*(s64 *)to = n;
}

/* A flag's or a default's text as what JSON would have; what does not fit stays a text, which value() refuses. */
static json_t *from_text(const struct field *f, const char *s)
{
	char *end;
	s64 n;

	if (f->kind == BOOL && among("true on yes", s))
		return json_true();
	if (f->kind == BOOL && among("false off no", s))
		return json_false();
	if (f->kind == NUMBER && *s && strspn(s, "-0123456789") == strlen(s)) {
		errno = 0;
		n = strtoll(s, &end, 10);
		if (!*end && !errno)
			return json_integer(n);
	}
	return json_string_nocheck(s);          /* a path may hold any bytes */
}

/* ---- the whole ---- */
static void object(struct vm *vm, enum group g, const char *path, void *base, json_t *o, const char *dir)
{
	const char *dot = *path ? "." : "";
	const char *name;
	json_t *v;

	if (!json_is_object(o)) {
		vm_fault(vm, "%s: an object, { }, is needed", path);
		return;
	}
	json_object_foreach(o, name, v)
		if (!field(g, name, strlen(name)) && (g != TOP || group_of(name) == TOP))
			vm_fault(vm, "%s%s%s: there is no such field", path, dot, name);
	for (size_t i = 0; i < countof(fields); i++) {
		const struct field *f = &fields[i];
		const char *where = vm_text("%s%s%s", path, dot, f->name);

		if (f->group != g)
			continue;
		if ((v = json_object_get(o, f->name)))
			value(vm, where, f, (char *)base + f->at, v, dir);
		else if (f->fallback == needed)
			vm_fault(vm, "%s: is missing", where);
		else if (f->fallback)
			value(vm, where, f, (char *)base + f->at, from_text(f, f->fallback), NULL);
	}
}

static void list(struct vm *vm, enum group g, json_t *a, const char *dir)
{
	struct vm_list *l = (struct vm_list *)((char *)vm + groups[g].at);

	if (!json_is_array(a)) {
		vm_fault(vm, "%s: a list, [ ], is needed", groups[g].name);
		return;
	}
	l->n = json_array_size(a);
	l->items = calloc(l->n ? l->n : 1, groups[g].item);
	if (!l->items)
		abort();
	for (size_t i = 0; i < l->n; i++)
		object(vm, g, vm_text("%s[%zu]", groups[g].name, i), (char *)l->items + i * groups[g].item, json_array_get(a, i), dir);
}

void vm_config_read(struct vm *vm, json_t *root, const char *dir, const char *name)
{
	json_t *v;

	vm->name = name;
	object(vm, TOP, "", vm, root, dir);
	for (enum group g = TOP + 1; g < countof(groups); g++) {
		if (!(v = json_object_get(root, groups[g].name)))
			continue;
		if (groups[g].item) {
			list(vm, g, v, dir);
		} else {
			*(bool *)((char *)vm + groups[g].at) = true;    /* there, the first in each of these */
			object(vm, g, groups[g].name, (char *)vm + groups[g].at, v, dir);
		}
	}
}

json_t *vm_config_load(const char *file)
{
	static char text[CONFIG_MAX + 1];
	json_error_t e;
	json_t *root;
	ssize_t n;

	if (!file)
		return json_object();
	if ((n = ctl_read(file, text, sizeof text)) < 0) {
		ctl_refuse("%s: %s", file, strerror(errno));
		return NULL;
	}
	if (n == CONFIG_MAX) {
		ctl_refuse("%s: is larger than 1 MiB", file);
		return NULL;
	}
	if (!(root = json_loadb(text, n, JSON_REJECT_DUPLICATES, &e))) {
		struct vm nobody = { 0 };

		vm_fault(&nobody, "%s:%d:%d: %s", file, e.line, e.column, e.text);
		return NULL;
	}
	if (!json_is_object(root)) {
		ctl_refuse("%s: an object, { }, is needed", file);
		return NULL;
	}
	return root;
}

/* ---- flags ---- */
bool vm_config_is_flag(const char *name)
{
	return group_of(name) != TOP || field(TOP, name, strlen(name));
}

static json_t *flag_value(const struct field *f, const char *s)
{
	char here[CTL_PATH];

	if (f->kind == FILE_ && *s && s[0] != '/' && getcwd(here, sizeof here))
		return json_string_nocheck(absolute(here, s));
	return from_text(f, s);
}

/* The next of the words between commas; two commas are one that belongs to the word. */
static const char *word(char *out, size_t size, const char *s)
{
	size_t n = 0;

	for (; *s && (*s != ',' || s[1] == ','); s++) {
		if (*s == ',')
			s++;
		if (n + 1 < size)
			out[n++] = *s;
	}
	out[n] = 0;
	return *s ? s + 1 : s;
}

static bool flag_object(json_t *o, enum group g, const char *s, char *why, size_t size)
{
	char part[2 * CTL_PATH];

	for (bool first = true; first || *s; first = false) {
		const struct field *f;
		char *is;

		s = word(part, sizeof part, s);
		is = strchr(part, '=');
		if (!is && first) {
			for (f = fields; f->group != g; f++)
				;
			json_object_set_new_nocheck(o, f->name, flag_value(f, part));
			continue;
		}
		if (!(f = field(g, part, is ? (size_t)(is - part) : strlen(part)))) {
			snprintf(why, size, "%s.%.*s: there is no such field", groups[g].name, is ? (int)(is - part) : 200, part);
			return false;
		}
		json_object_set_new_nocheck(o, f->name, is ? flag_value(f, is + 1) : f->kind == BOOL ? json_true() : json_null());
	}
	return true;
}

bool vm_config_flag(json_t *root, const char *name, const char *s, char *why, size_t size)
{
	enum group g = group_of(name);
	json_t *have, *o;

	if (g == TOP) {
		const struct field *f = field(TOP, name, strlen(name));

		return json_object_set_new_nocheck(root, name, flag_value(f, s)) == 0;
	}
	have = json_object_get(root, name);
	if (!groups[g].item) {
		o = json_is_object(have) ? json_incref(have) : json_object();
	} else {
		if (!json_is_array(have))
			json_object_set_new(root, name, have = json_array());
		o = json_object();
	}
	if (!flag_object(o, g, s, why, size))
		return false;
	return (groups[g].item ? json_array_append_new(have, o) : json_object_set_new(root, name, o)) == 0;
}

/* ---- the table for people ---- */
static const char *path_of(const struct field *f)
{
	const char *g = groups[f->group].name;

	return vm_text("%s%s%s%s", g, groups[f->group].item ? "[]" : "", *g ? "." : "", f->name);
}

static const char *limits(const struct field *f)
{
	if (f->kind == WORD)
		return f->words;
	if (f->kind == NUMBER || f->kind == SIZE)
		return vm_text("%s to %s", bound(f, f->min), bound(f, f->max));
	return kinds[f->kind];
}

void vm_config_fields(FILE *out)
{
	fputs("| field | values | without it | what |\n|---|---|---|---|\n", out);
	for (size_t i = 0; i < countof(fields); i++)
		fprintf(out, "| `%s` | %s | %s | %s |\n", path_of(&fields[i]), limits(&fields[i]),
			fields[i].fallback ? fields[i].fallback : "", fields[i].what);
}

void vm_config_usage(FILE *out)
{
	for (enum group g = 0; g < countof(groups); g++) {
		for (size_t i = 0; i < countof(fields); i++) {
			const struct field *f = &fields[i];
			const char *flag = g == TOP ? vm_text("--%s", f->name) : vm_text("--%s %s=", groups[g].name, f->name);

			if (f->group == g)
				fprintf(out, "  %-20s %s\n", flag, f->what);
		}
	}
}
