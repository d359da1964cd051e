/* virtiofsd.c - the daemon that serves a directory to a VMM: which one is there, and how it is started and confined.
 *
 * Two programs have that name, with different words: QEMU's until 7.2, in C (-o source=DIR), and virtio-fs's own, in
 * Rust (--shared-dir DIR). What --help says tells which. Both take the listening socket as --fd, so that it is stelectl that
 * makes the socket and knows whether one is in use; with a path the one in C wants to write to root's /run.
 *
 * Confinement: their own "namespace" (mounts, processes, network, pivot_root into DIR) wherever it can be had. Without
 * root that works inside a user namespace in which this user is root: neither newuidmap nor a line in /etc/subuid is
 * needed, and the guest may do what this user may. Read-only is --readonly where that is known (1.13), else a
 * read-only mount in a mount namespace of ours.
 */
#include "ctl/ctl.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static bool ask(struct virtiofsd *v, const char *path)
{
	static char help[32768];
	const char *argv[] = { path, "--help", NULL };

	if (ctl_run(help, sizeof help, argv))
		return false;
	v->rust = strstr(help, "--shared-dir");
	if (!v->rust && !strstr(help, "source="))
		return false;
	v->readonly = v->rust && strstr(help, "--readonly");
	argv[1] = "--version";
	if (ctl_run(v->version, sizeof v->version, argv))
		return false;
	v->version[strcspn(v->version, "\n")] = 0;
	snprintf(v->path, sizeof v->path, "%s", path);
	return true;
}

/* Makes a user namespace in which this user is root, if it is not root, and FLAGS' others. */
static bool unshare_as(bool own_user, int flags)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	char map[32];

	if (unshare(flags | (own_user ? CLONE_NEWUSER : 0)) < 0)
		return false;
	if (!own_user)
		return true;
	snprintf(map, sizeof map, "0 %u 1\n", uid);
	if (ctl_put("/proc/self/uid_map", map) < 0 || ctl_put("/proc/self/setgroups", "deny") < 0)
		return false;
	snprintf(map, sizeof map, "0 %u 1\n", gid);
	return ctl_put("/proc/self/gid_map", map) == 0;
}

/* Does this kernel let this user do what "namespace" needs? A security module may allow the first step and no other. */
static bool namespaces(bool own_user)
{
	pid_t pid = fork();
	int st;

	if (pid == 0)
		_exit(!unshare_as(own_user, CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET) ||
			mount("none", "/", NULL, MS_REC | MS_SLAVE, NULL) < 0);
	while (pid > 0 && waitpid(pid, &st, 0) < 0)
		if (errno != EINTR)
			return false;
	return pid > 0 && st == 0;
}

static const char *confine(struct virtiofsd *v)
{
	static char why[256];
	bool root = geteuid() == 0;

	v->own_user = !root;
	v->sandbox = "namespace";
	if (namespaces(!root))
		return NULL;
	v->own_user = false;
	v->sandbox = root ? "chroot" : "none";
	if (!root && !v->rust) {
		snprintf(why, sizeof why, "%s needs root, or a kernel that lets this user make namespaces", v->version);
		return why;
	}
	fprintf(stderr, "stelectl: warning: no namespaces can be made here: virtiofsd %s\n", root ? "gets chroot only" :
		"runs without a sandbox, with all that this user may do");
	return NULL;
}

const char *virtiofsd_find(struct virtiofsd *v, const char *file)
{
	static const char *const places[] = {
		"virtiofsd", "/usr/libexec/virtiofsd", "/usr/lib/virtiofsd", "/usr/lib/qemu/virtiofsd",
	};
	static char why[CTL_PATH + 64];

	if (file) {
		snprintf(why, sizeof why, "%s does not run, or is no virtiofsd", file);
		return ask(v, file) ? confine(v) : why;
	}
	for (size_t i = 0; i < countof(places); i++)
		if (ask(v, places[i]))
			return confine(v);
	return "no virtiofsd is installed: on Debian and Ubuntu it is the package virtiofsd, on Debian 12 qemu-system-common; "
		"--virtiofsd FILE names one";
}

static bool read_only(const char *dir)
{
	struct mount_attr set = { .attr_set = MOUNT_ATTR_RDONLY };

	return mount("none", "/", NULL, MS_REC | MS_SLAVE, NULL) == 0 && mount(dir, dir, NULL, MS_BIND | MS_REC, NULL) == 0 &&
		mount_setattr(AT_FDCWD, dir, AT_RECURSIVE, &set, sizeof set) == 0;
}

/* In -o of the one in C a comma ends a value, unless a backslash stands before it. */
static void c_value(char *out, const char *s)
{
	for (; *s; s++) {
		if (*s == ',' || *s == '\\')
			*out++ = '\\';
		*out++ = *s;
	}
	*out = 0;
}

static void start(const struct virtiofsd *v, const struct share *s, int listener)
{
	char at[32], source[2 * CTL_PATH + 16] = "source=", sandbox[32];
	const char *rust[] = { v->path, at, "--shared-dir", s->dir, "--sandbox", v->sandbox,
		v->readonly && !s->writable ? "--readonly" : NULL, NULL };
	const char *c[] = { v->path, at, "-o", source, "-o", sandbox, NULL };

	snprintf(at, sizeof at, "--fd=%d", listener);
	snprintf(sandbox, sizeof sandbox, "sandbox=%s", v->sandbox);
	c_value(source + strlen(source), s->dir);
	execvp(v->path, (char *const *)(v->rust ? rust : c));
}

int virtiofsd_become(const struct virtiofsd *v, const struct share *s, int listener, bool child)
{
	bool bind = !s->writable && !v->readonly;

	if ((v->own_user || bind) && !unshare_as(v->own_user, CLONE_NEWNS))
		return ctl_refuse("no namespace can be made%s: %s", bind ? " to share read-only; --writable does without" : "",
			strerror(errno));
	if (bind && !read_only(s->dir))
		return ctl_refuse("%s cannot be made read-only for the guest (%s); --writable shares it as it is", s->dir, strerror(errno));
	if (child)
		prctl(PR_SET_PDEATHSIG, SIGTERM);       /* new credentials would have cleared it */
	start(v, s, listener);
	return ctl_refuse("%s: %s", v->path, strerror(errno));
}
