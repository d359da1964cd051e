/* vm.h - stelectl vm: an ARM64 Linux machine, as its configuration says, and as it runs under QEMU.
 *
 * vm_config.c   the table of fields: a file or flags become a struct vm, values of the right kind and range
 * vm_check.c    what the values mean on this host: files, tags, sockets, devices. Nothing starts before all is well
 * vm_qemu.c     QEMU's argument line of a machine
 * vm_share.c    virtiofsd
 * vm_state.c    what belongs to a machine that runs: a directory by its name, sockets and pids in it
 * vm_qmp.c      QEMU's own words: QMP over a Unix socket
 * vm_run.c      start and stop
 * vm_console.c  the serial console
 * vm_doctor.c   what this host has for any machine
 * vm.c          the commands
 */
#ifndef VM_H
#define VM_H

#include "ctl/ctl.h"
#include <jansson.h>

struct vm_list { void *items; size_t n; };
struct vm_disk { const char *file, *format; bool readonly; };
struct vm_usb { const char *file, *format; bool writable; };
struct vm_share { const char *dir, *tag, *type; };
struct vm_forward { s64 host, guest; };

struct vm {
	const char *name, *accel, *kernel, *initrd, *append, *input, *network, *qemu, *virtiofsd;
	s64 cpus, memory /* MiB */, vsock /* the guest's CID, 0: none */;
	bool entropy;
	struct vm_efi { bool there; const char *vars, *code, *template; } efi;
	struct vm_display { bool there; s64 width, height; const char *show; } display;
	struct vm_stele { bool there; struct vm_share share; } stele;
	struct vm_list disk, usb, share, forward;
	struct virtiofsd server;        /* what virtiofsd, or the one that is found, is */

	bool elsewhere;         /* what only this host lacks is warned of: for an argument line alone */
	int faults;
};

/* ---- vm_config.c ---- */
/* Says "stelectl: FIELD: ..." and counts it; bytes that would drive a terminal are shown as '?'. */
void vm_fault(struct vm *vm, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The configuration's object: FILE's, or an empty one for a null FILE. Null when refused, which has been said. */
json_t *vm_config_load(const char *file);
/* --NAME VALUE into ROOT. False with a reason if there is no such field or it cannot be written so. */
bool vm_config_flag(json_t *root, const char *name, const char *value, char *why, size_t size);
bool vm_config_is_flag(const char *name);
/* Every field of VM from ROOT, relative files from DIR on; faults are said and counted. NAME if ROOT names none. */
void vm_config_read(struct vm *vm, json_t *root, const char *dir, const char *name);
void vm_config_fields(FILE *f);                 /* the table, in Markdown */
void vm_config_usage(FILE *f);                  /* the table, for --help */
/* Text that lives until the end. */
const char *vm_text(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- vm_check.c ---- */
/* All that can be known before the start; adds the defaults that depend on this host. */
void vm_check(struct vm *vm);
enum { VM_FLASH = 64 << 20 };                   /* each of the two flash banks of QEMU's virt machine */
const char *vm_find_qemu(void);                 /* null: not installed */
bool vm_find_firmware(const char **code, const char **template);
#define VM_QEMU_MEND     "apt install qemu-system-arm"
#define VM_FIRMWARE_MEND "apt install qemu-efi-aarch64"

/* ---- vm_qemu.c ---- */
struct vm_args { char **argv; size_t n, room, devices; };
void vm_qemu(struct vm_args *a, const struct vm *vm);
void vm_qemu_print(FILE *f, const struct vm_args *a);   /* as a shell takes it, an option a line */
bool vm_kvm(void);
size_t vm_devices(const struct vm *vm);
enum { VM_DEVICES = 31 * 8 };                   /* functions of the PCI bus beside the bridge */
/* Shares and the Stele share as one sequence; null behind the last. */
const struct vm_share *vm_share_at(const struct vm *vm, size_t i);

/* ---- vm_share.c ---- */
/* Starts virtiofsd for DIR; its socket is there then. -1 with errno. */
pid_t vm_share_start(const struct virtiofsd *v, const char *dir, const char *sock, const char *log);
/* Has that child ended? Its last word in WHY then. */
bool vm_share_ended(pid_t pid, const char *log, char *why, size_t size);

/* ---- vm_state.c ---- */
bool vm_name_ok(const char *name);
const char *vm_state_base(void);
const char *vm_state(const char *name, const char *file);       /* the path of a file of that machine */
const char *vm_share_file(size_t i, const char *suffix);        /* "share0.sock" */
/* Makes the machine's directory, ours alone. Refuses. */
int vm_state_make(const char *name);
/* Connects to a Unix socket. -1 with errno. */
int vm_connect(const char *path);
/* Makes one that listens and is inherited. -1 with errno. */
int vm_listen(const char *path);
/* 0 if nothing listens on a path that a socket is to be made at, else why it cannot be. */
const char *vm_busy(const char *path);
pid_t vm_pid(const char *name, const char *file);       /* what a pid file says, 0 if that process is not the machine's */
const char *vm_pid_text(pid_t pid);             /* what such a file says of a process that we have started */
s64 vm_now(void);                               /* milliseconds */
void vm_sleep(int milliseconds);

/* ---- vm_qmp.c. docs/interop/qmp-spec.rst of QEMU; what comes is not trusted ---- */
struct qmp { int fd; size_t have; unsigned id; char why[512]; char text[1 << 16]; };
bool qmp_open(struct qmp *q, const char *path);
/* The command's "return" within SECONDS; null with q->why. ARGUMENTS are taken over. */
json_t *qmp_ask(struct qmp *q, const char *command, json_t *arguments, int seconds);
bool qmp_ended(struct qmp *q, int milliseconds);        /* has QEMU hung up, within that time? */
void qmp_close(struct qmp *q);

/* ---- vm_run.c, vm_console.c, vm_doctor.c ---- */
int vm_start(struct vm *vm);
int vm_stop(const char *name, int seconds);     /* seconds for the guest to power off; 0: at once */
int vm_console(const char *name);
int vm_doctor(void);

#endif
