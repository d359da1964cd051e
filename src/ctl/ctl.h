/* ctl.h - stelectl, all that a person types: what its commands share.
 *
 * An ordinary hosted program, for ARM64 (static) and for the machine at hand. Everything it asks or changes of the
 * system goes through ctl_path(), which puts --root's directory in front: so the whole program can be tried on a
 * directory that looks like a machine. What a command changes is written down first (record.c) and taken back from
 * there, so that unregister and uninstall take back just that.
 */
#ifndef CTL_H
#define CTL_H

#include "base.h"
#include <stdio.h>
#include <sys/types.h>

enum { CTL_PATH = 4096, CTL_TEXT = 8192 };
enum { CTL_OK = 0, CTL_FAILED = 1, CTL_USAGE = 64 };

struct ctl {
	const char *root;               /* "" or a directory without a slash at its end */
	bool json, yes, replace, persist;
	const char *flags, *name, *mount, *from;
	bool writable;                  /* the host's commands */
	const char *operand, *tag, *socket, *vmm, *virtiofsd;
};
extern struct ctl ctl;

/* The path that this process has to open for PATH of the machine; a ring of buffers, so several can be had at once. */
const char *ctl_path(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Says "stelectl: ..." on stderr; returns CTL_FAILED. */
int ctl_refuse(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The first size - 1 bytes of a file (a path from ctl_path), NUL-terminated. -1 with errno if it cannot be read. */
ssize_t ctl_read(const char *path, char *out, size_t size);
/* Writes to a file that is there (one of /proc's or /sys'). -1 with errno. */
int ctl_put(const char *path, const char *text);
/* Makes or replaces a file, whole or not at all. -1 with errno. */
int ctl_write(const char *path, const char *text, size_t size, mode_t mode);
int ctl_copy(const char *from, const char *to, mode_t mode);    /* the same, of another file's bytes */
/* Makes the directories above a path. -1 with errno. */
int ctl_make_parents(const char *path);
/* Runs a program and keeps what it writes to stdout; its exit status, 128 + N for signal N, 127 if there is none. */
int ctl_run(char *out, size_t size, const char *const *argv);
/* Root, or working on --root's directory, where the kernel says what is allowed. Refuses with WHAT otherwise. */
bool ctl_may_change(const char *what);

/* ---- json.c: one object, written as it goes; a name is null within a list ---- */
struct json { FILE *f; int depth; bool follows; };
void json_open(struct json *j, const char *name, char bracket);
void json_close(struct json *j, char bracket);
void json_text(struct json *j, const char *name, const char *value);
void json_number(struct json *j, const char *name, long long value);
void json_bool(struct json *j, const char *name, bool value);
void json_quote(FILE *f, const char *s);                /* a string of JSON, and of YAML */
/* The length of the UTF-8 sequence at s, 0 if there is none within n bytes (overlong, surrogate, cut). */
size_t ctl_utf8(const char *s, size_t n);

/* ---- binfmt.c: the kernel's binfmt_misc. Documentation/admin-guide/binfmt-misc.rst ---- */
struct handler {
	char name[256], interpreter[CTL_PATH], flags[16];
	bool enabled, x86_64;           /* x86_64: would take an x86-64 ELF file */
	bool stele;                     /* its interpreter is a file named stele */
};
bool binfmt_supported(void);            /* there, or a module of this kernel */
bool binfmt_mounted(void);
bool binfmt_enabled(void);              /* as a whole */
bool binfmt_parse(struct handler *h, const char *text);
int binfmt_list(struct handler **list); /* all handlers that take x86-64 files; free(*list). -1 with errno */
bool binfmt_get(struct handler *h, const char *name);
bool binfmt_name_ok(const char *name);
bool binfmt_flags_ok(const char *flags);
/* binfmt.d's file for INTERPRETER. Its line that begins with a colon is what the register file takes: that line's place in it. */
char *binfmt_conf(char *out, size_t size, const char *name, const char *interpreter, const char *flags);

/* ---- template.c: guest/NAME.in, whose words in @ are filled in ---- */
struct value { const char *word, *text; };
extern const char guest_binfmt_conf[], guest_binfmts[], guest_share_mount[], guest_share_copy_service[];
void template_fill(char *out, size_t size, const char *text, const struct value *values);       /* a null word is behind the last */
#define CTL_WRITTEN "Written by stelectl register --persist; stelectl unregister removes it."

/* ---- translator.c: is that file a translator that can run here? ---- */
enum { T_OK, T_MISSING, T_NOT_ELF, T_MACHINE, T_CUT, T_MODE };
int translator_check(const char *path, char *why, size_t size); /* a path from ctl_path; why: a sentence's end */
const char *translator_find(void);      /* the machine's path of the one in place, null if there is none */
bool translator_version(const char *path, char *out, size_t size);
bool ctl_is_arm64(char *machine, size_t size);
#define CTL_INSTALLED  "/usr/local/lib/stele/stele"
#define CTL_PACKAGED   "/usr/lib/stele/stele"
#define CTL_MOUNT      "/media/stele"

/* ---- record.c: what was changed, to be taken back in reverse ---- */
int record_add(const char *name, const char *kind, const char *argument);
bool record_exists(const char *name);
/* Undoes and forgets; says what it leaves because someone has changed it since. CTL_OK or CTL_FAILED. */
int record_undo(const char *name);
int record_dirs(const char *name, const char *path);    /* makes the directories above a path of the machine, recorded */
int record_file(const char *name, const char *path, const char *text);  /* writes a file of the machine, recorded */

/* ---- tag.c: the tag of a share ---- */
enum { TAG_MAX = 36 };
/* Null, or what is wrong with it: not 1 to 36 bytes of UTF-8 without NUL. Names the byte. */
const char *tag_wrong(const char *tag, size_t n);
const char *tag_warning(size_t n);      /* null, or where a tag of that length does not work */
int tag_accept(const char *option, const char *tag);    /* both of them, said */
void tag_plain(char *out, const char *tag);             /* for names of files and devices: letters, digits, - . _ */

/* ---- mount.c: shares by tag ---- */
size_t tag_list(char *out, size_t size);                /* "virtiofs one, 9p two"; how many */
/* Mounts TAG on the machine's directory DIR; the type in *type. */
int mount_tag(const char *name, const char *tag, const char *dir, const char **type);
/* Covers a share's FILE with a copy in memory; takes one away. */
int mount_copy(const char *name, const char *file);
void mount_uncover(const char *file);
bool mount_at(const char *dir, char *type, size_t size);        /* is something mounted right there? */
#define CTL_9P "trans=virtio,version=9p2000.L,msize=524288"

/* ---- the rest of register ---- */
bool persist_takes(const char *word);           /* can a mount unit be told that tag or directory? */
int persist(const char *name, const char *interpreter, const char *flags, const char *tag, const char *dir, const char *type);

/* ---- processes.c, host features ---- */
struct process { int pid; char command[512]; };
int processes(struct process **list, const char *translator);
void features(char *out, size_t size);

/* ---- quote.c: strings as other languages have them ---- */
void quote_shell(FILE *f, const char *s);               /* one word */
void quote_xml(FILE *f, const char *s);                 /* within an attribute's quotes */
void quote_qemu(char *out, const char *s);              /* a value in QEMU's options; out has room for twice as much */
bool quote_is_text(const char *s);                      /* UTF-8 without control characters: what XML and YAML hold */

/* ---- the host's side: config.c, virtiofsd.c, share.c ---- */
struct share { const char *dir, *tag, *socket; bool writable; };
enum { SHARE_HERE = 1, SHARE_TAG = 2, SHARE_SOCKET = 4 };
/* Fills it from the words, refusing what is wrong with them: must DIR be there; are a tag and a socket needed? */
int share_words(struct share *s, int needs);
#define CONFIG_VMMS "qemu, libvirt, cloud-hypervisor, vfkit, krunkit, lima, podman"
int config_print(const struct share *s, const char *vmm);       /* refuses what that VMM cannot be told */
struct virtiofsd {
	char path[CTL_PATH], version[128];
	bool rust, readonly;            /* which of the two it is; whether it can refuse writes itself */
	const char *sandbox;            /* "namespace", "chroot", "none" */
	bool own_user;                  /* in a user namespace of our making */
};
/* Takes FILE, for null the first that runs where one usually is; asks it what it is and decides how it can be confined. Null, or
 * why there is none that can serve. */
const char *virtiofsd_find(struct virtiofsd *v, const char *file);
/* Becomes it, serving LISTENER, a socket that it inherits; a CHILD ends with its parent. Returns only with a refusal said. */
int virtiofsd_become(const struct virtiofsd *v, const struct share *s, int listener, bool child);

int cmd_availability(void);
int cmd_install(void);
int cmd_uninstall(void);
int cmd_register(void);
int cmd_unregister(void);
int cmd_status(void);
int cmd_doctor(void);
int cmd_share(void);
int cmd_config(void);
int cmd_vm(int argc, char **argv);      /* its own words: argv[0] is "vm" */

#endif
