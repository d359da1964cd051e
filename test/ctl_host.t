#!/bin/bash
# stelectl on the VM's host: share with both virtiofsd programs, as root and as nobody in particular, each taken up by a
# QEMU whose machine never starts; config for every VMM, read back by that VMM's own kind of reader where there is one.
top=$(cd "$(dirname "$0")/.." && pwd)
T=$(mktemp -d) || exit 1
trap 'kill $(cat "$T/processes" 2> /dev/null) 2> /dev/null; rm -rf "$T"' EXIT
chmod 755 "$T"
export XDG_RUNTIME_DIR=$T/s
cp "$top/build/host/stelectl" "$T/stelectl"
ctl() { timeout 60 "$T/stelectl" "$@" > "$T/out" 2> "$T/err" < /dev/null; }
. "$top/test/ctl.sh"

mkdir -p -m 755 "$T/d" "$T/empty" "$T/cut"; mkdir -m 777 "$T/s"
cp "$top/build/stele" "$top/build/stelectl" "$T/d"; head -c 100000 "$top/build/stele" > "$T/cut/stele"; chmod +x "$T/cut/stele"
odd="$T/a b,c&'d=<\"e\">"                       # what every syntax stumbles over
tag="a, '<&\"b\">"
cp -r "$T/d" "$odd"

# ---- words
check "share: no directory"             says 64 "share: which DIR?" share --tag t
check "share: two directories"          says 64 "what is" share --tag t "$T/d" "$T/d"
check "share: no --root"                says 64 "takes no --root" share --tag t --root / "$T/d"
check "share: no tag"                   says 1 "--tag TAG is missing" share "$T/d"
check "share: no such directory"        says 1 "No such file" share --tag t "$T/none"
check "share: not a directory"          says 1 "is not a directory" share --tag t "$T/d/stele"
check "share: an empty tag"             says 1 "this one has none" share --tag "" "$T/d"
check "share: a tag of 37 bytes"        says 1 "byte 37 of the tag, 0x37, is one too many" share --tag 1234567890123456789012345678901234567 "$T/d"
check "share: a tag not in UTF-8"       says 1 "byte 3 of the tag, 0xff, is not UTF-8" share --tag $'ab\xff' "$T/d"
check "config: a tag not in UTF-8"      says 1 "byte 3 of the tag, 0xff, is not UTF-8" config --for qemu --tag $'ab\xff' "$T/d"
check "config: a tag of 36 bytes"       says 0 "warning: Apple" config --for qemu --tag 123456789012345678901234567890123456 "$T/d"
check "config: and prints it"           has "tag=123456789012345678901234567890123456" "$T/out"
check "config: Apple's own"             says 1 "at most 35 bytes" config --for vfkit --tag 123456789012345678901234567890123456 "$T/d"
check "share: a socket's path too long" says 1 "the kernel takes 107" share --tag t --socket "$T/$(printf %0100d 0)" "$T/d"
check "share: something else there"     says 1 "is no socket" share --tag t --socket "$T/d/stele" "$T/d"
check "share: that is not virtiofsd"    says 1 "is no virtiofsd" share --tag t --virtiofsd /bin/true --socket "$T/s/x" "$T/d"
check "share: a refusal leaves nothing" test ! -e "$T/s/x"
no_runtime_dir() { as_nobody env -u XDG_RUNTIME_DIR "$T/stelectl" share --tag t "$T/d" > "$T/out" 2>&1; [ $? = 1 ] && has "--socket PATH names a place" "$T/out"; }
check "share: no place for a socket"    no_runtime_dir
no_virtiofsd() {
	unshare -rm sh -c 'for d in /usr/lib/qemu /usr/libexec; do [ ! -d $d ] || mount -t tmpfs t $d; done
		PATH=/usr/bin:/bin exec "$@"' - "$T/stelectl" share --tag t --socket "$T/s/x" "$T/d" > "$T/out" 2>&1
	[ $? = 1 ] && has "no virtiofsd is installed" "$T/out"
}
check "share: no virtiofsd"             no_virtiofsd

# ---- in earnest
socket="$T/s/so,ck et"
soon() { for _ in $(seq 300); do "$@" && return; sleep 0.1; done; return 1; }
start() {                               # start COMMAND...: a share in the background, its process in $pid
	: > "$T/err"
	"$@" > "$T/out" 2> "$T/err" < /dev/null & pid=$!
	echo $pid >> "$T/processes"
	soon running && has "# in the guest" "$T/out"
}
running() { grep -q "Waiting for vhost-user" "$T/err" || ! [ -d /proc/$pid ]; }
server() {                              # the last of its children, in $child
	local c
	child=$pid
	while c=$(cat /proc/$child/task/$child/children 2> /dev/null) && [ -n "$c" ]; do child=${c%% *}; done
	[ $child != $pid ]
}
gone() { ! [ -d /proc/$1 ] || grep -q '^State:.Z' /proc/$1/status; }
ends() {                                # ends STATUS: within half a minute, and the socket and what served it go too
	soon gone $pid && wait $pid
	[ $? = "$1" ] && [ ! -e "$socket" ] && soon gone $child
}
stop() { server; kill -TERM $pid && ends 0; }

# A QEMU whose machine never starts, but whose device speaks with virtiofsd; its monitor reads from descriptor 8.
qemu() {
	eval "set -- $(sed -n '/^# QEMU/,/^# in/{/^#/!p}' "$T/out")"
	rm -f "$T/monitor" && mkfifo "$T/monitor"
	timeout 60 qemu-system-aarch64 -M virt -cpu cortex-a57 -S -display none -nodefaults -no-user-config -monitor stdio "$@" \
		< "$T/monitor" > "$T/qtree" 2>&1 & qemu=$!
	echo $qemu >> "$T/processes"
	exec 8> "$T/monitor"
	echo info qtree >&8
	soon grep -q "tag = " "$T/qtree" && has "tag = \"$tag\"" "$T/qtree" && ! has "rror" "$T/qtree"
}
quit() { echo quit >&8; exec 8>&-; wait $qemu; }
confined() { server && [ -e /proc/$child/root/stele ] && [ ! -e /proc/$child/root/etc ]; }
writes() { touch /proc/$child/root/new && rm /proc/$child/root/new; }
only_reads() { grep -qz -- --readonly /proc/$child/cmdline || ! writes && [ ! -e "$odd/new" ]; }

both() {                                # both KIND FILE: what a share is, by this virtiofsd, as root and as nobody
	local kind=$1 file=$2 who by new usable=()
	for who in root nobody; do
		by=() new=-m
		if [ $who = nobody ]; then by=("${nobody[@]}") new=-Um; elif [ "$(id -u)" != 0 ]; then skip "$kind, root: this is not root"; continue; fi
		"${by[@]}" unshare $new true || { skip "$kind, $who: may make no namespaces here"; continue; }
		by+=("$T/stelectl" share --virtiofsd "$file" --tag "$tag" --socket "$socket")
		usable=("${by[@]}")
		check "$kind, $who: starts"             start "${by[@]}" "$odd"
		check "$kind, $who: the socket is one user's" test "$(stat -c %a "$socket")" = 700
		check "$kind, $who: says how"           has "read-only for the guest" "$T/out"
		check "$kind, $who: its sandbox"        has "sandbox namespace" "$T/out"
		cp "$T/out" "$T/first"
		check "$kind, $who: busy"               says 1 "is busy" share --tag other --socket "$socket" "$T/d"
		cp "$T/first" "$T/out"
		check "$kind, $who: QEMU takes what is printed" qemu
		check "$kind, $who: sees the directory alone" soon confined
		check "$kind, $who: does not write"     only_reads
		check "$kind, $who: QEMU ends"          quit
		check "$kind, $who: and it does"        ends 0
	done
	[ ${#usable[@]} != 0 ] || return
	check "$kind: starts, writable"         start "${usable[@]}" --writable "$T/empty"
	check "$kind: says that no translator is there" has "stele is not there" "$T/err"
	check "$kind: ends when it is told to"  stop
	check "$kind: starts, a broken translator" start "${usable[@]}" "$T/cut"
	check "$kind: says that it is broken"   has "is truncated" "$T/err"
	server; kill -KILL $pid; wait $pid 2> /dev/null
	check "$kind: does not outlive stelectl" soon gone $child
	check "$kind: takes the place of a dead socket" start "${usable[@]}" "$odd"
	check "$kind: and ends"                 stop
}

C=/usr/lib/qemu/virtiofsd rust=/usr/libexec/virtiofsd
[ ! -x "$top/build/virtiofsd/virtiofsd" ] || { cp -r "$top/build/virtiofsd" "$T/rust" && rust=$T/rust/virtiofsd; }
if [ -x $C ]; then both C $C; else skip "QEMU's virtiofsd, in C: this system has none any more"; fi
check "Rust's virtiofsd is here"        "$rust" --version
both Rust "$rust"

# ---- less than a user has as a rule
if [ "$(id -u)" = 0 ] && unshare -m true; then
	weak=(setpriv --bounding-set=-sys_admin "$T/stelectl" share --tag "$tag" --socket "$socket")
	if [ -x $C ]; then
		check "C, no namespaces: read-only is refused" eval '! start "${weak[@]}" --virtiofsd $C "$odd" && has "--writable does without" "$T/err"'
		check "C, no namespaces: leaves nothing" test ! -e "$socket"
		check "C, no namespaces: chroot"        start "${weak[@]}" --virtiofsd $C --writable "$odd"
		check "C, no namespaces: says so"       has "gets chroot only" "$T/err"
		check "C, no namespaces: QEMU"          qemu
		check "C, no namespaces: sees the directory alone" soon confined
		check "C, writable: writes"             writes
		check "C, no namespaces: QEMU ends"     quit
		check "C, no namespaces: and it does"   ends 0
	fi
	check "Rust, no namespaces: chroot"     start "${weak[@]}" --virtiofsd "$rust" "$odd"
	check "Rust, no namespaces: says so"    has "gets chroot only" "$T/err"
	check "Rust, no namespaces: ends"       stop
	# nobody makes a user namespace in a chroot
	mkdir "$T/r"
	chrooted=(unshare -m sh -c 'mount --rbind / "$0/r" && exec chroot "$0/r" setpriv --reuid=65534 --regid=65534 --clear-groups "$@"'
		"$T" "$T/stelectl" share --tag "$tag" --socket "$socket")
	check "Rust, nobody, no namespaces: starts" start "${chrooted[@]}" --virtiofsd "$rust" "$odd"
	check "Rust, nobody, no namespaces: says so" has "runs without a sandbox" "$T/err"
	check "Rust, nobody, no namespaces: ends" stop
	[ ! -x $C ] || check "C, nobody, no namespaces: refused" eval '! start "${chrooted[@]}" --virtiofsd $C "$odd" && has "needs root" "$T/err"'
	check "share: with sudo"                start env SUDO_UID=65534 SUDO_GID=65534 "$T/stelectl" share --tag "$tag" --socket "$socket" "$odd"
	check "share: the socket is the user's" test "$(stat -c %u "$socket")" = 65534
	check "share: with sudo, ends"          stop
else
	skip "what root may do with less: this is not root, or root with less"
fi

# ---- config
config() { ctl config --for "$@" || return; cat "$T/out"; }
words() { eval "set -- $(grep -v '^#' "$T/out")"; printf '%s\n' "$@" > "$T/words"; }
word() { grep -Fxq -- "$1" "$T/words"; }
for v in $("$T/stelectl" config --help | sed -n 's/.*--for VMM *//p' | tr -d ,); do
	check "config: $v"                      says 0 "" config --for $v --tag t "$T/d"
done
check "config: no VMM"                  says 1 "the VMMs are qemu" config --tag t "$T/d"
check "config: an unknown VMM"          says 1 "--for xen" config --for xen --tag t "$T/d"
check "config: another machine's directory" says 0 "warning: /Users/me/stele: No such" config --for vfkit --tag t /Users/me/stele
check "config: a relative one"          says 1 "absolute path" config --for vfkit --tag t stele
check "config: a socket nobody asks for" says 1 "there is no --socket" config --for libvirt --tag t --socket /x "$T/d"
check "config: lima and the tag"        says 0 "the tag is not used" config --for lima --tag t "$T/d"
check "config: lima needs stelectl there" says 0 "the guest will not find it" config --for lima "$T/empty"

config qemu --tag "$tag" --socket "$socket" "$odd" > /dev/null; words
check "qemu: the socket"                word "socket,id=stele-a______b__,path=${socket//,/,,}"
check "qemu: the device"                word "vhost-user-fs-pci,chardev=stele-a______b__,queue-size=1024,tag=${tag//,/,,}"
eval "set -- $(sed -n 's/^# served by: stelectl//p' "$T/out")"
served=("$@")
ctl config --for qemu --tag $'a\n; touch "$T/bad"\t'"'" --socket /s "$T/d"; words
check "qemu: a newline in the tag"      word "vhost-user-fs-pci,chardev=stele-a___touch___T_bad___,queue-size=1024,tag=a"
check "qemu: makes no line of its own"  eval '! grep "^; touch" "$T/out"'
mkdir "$T/x"$'\n'"y"
if as_nobody unshare -Um true; then
	check "qemu: the command to serve it"   start "${nobody[@]}" "$T/stelectl" "${served[@]}"
	check "qemu: serves it"                 stop
	check "share: a newline in the directory" start "${nobody[@]}" "$T/stelectl" share --tag "$tag" --socket "$socket" "$T/x"$'\n'"y"
	check "share: makes no line of its own" eval '! grep -v "^#\|^ " "$T/out"'
	check "share: and ends"                 stop
else
	skip "config's command to serve: no namespaces may be made here"
fi
ctl config --for cloud-hypervisor --tag "a, 'b" --socket "$socket" "$odd"; words
check "cloud-hypervisor: the device"    word "tag=\"a, 'b\",socket=\"$socket\",num_queues=1,queue_size=512"
check "cloud-hypervisor: a quote"       says 1 'cannot be told a tag with a "' config --for cloud-hypervisor --tag 'a"b' "$T/d"
check "cloud-hypervisor: a bracket"     says 1 "cannot be told a socket with a [" config --for cloud-hypervisor --tag t --socket "/s[" "$T/d"
mac="/Users/me/a 'b'/stele"
for v in vfkit krunkit; do
	ctl config --for $v --tag "a 'b" "$mac"; words
	check "$v: the device"                  word "virtio-fs,sharedDir=$mac,mountTag=a 'b"
	check "$v: a comma"                     says 1 "cannot be told a directory with a ," config --for $v --tag t "/a,b"
	check "$v: a comma in the tag"          says 1 "cannot be told a tag with a ," config --for $v --tag "a,b" "/a"
done
check "krunkit: an equals sign"         says 1 "cannot be told a tag with a =" config --for krunkit --tag "a=b" "/a"
ctl config --for podman "$odd"; sed -i '/ machine init /!d' "$T/out"; words
check "podman: the volume"              word "$odd:/mnt/stele:ro"
check "podman: a colon"                 says 1 "cannot be told a directory with a :" config --for podman "/a:b"

domain() {                              # the example with what is printed for libvirt in it
	ctl config --for libvirt --tag "$tag" "$odd" || return
	awk -v f="$T/out" '/<!-- memoryBacking -->/ { copy("<memoryBacking>", "</memoryBacking>"); next }
		/<!-- filesystem -->/ { copy("<filesystem", "</filesystem>"); next } { print }
		function copy(a, b, on) { while ((getline l < f) > 0) { on = on || index(l, a); if (on) print l; if (on && index(l, b)) break } }' \
		"$top/test/libvirt-domain.xml" > "$T/domain.xml"
}
valid() { xmllint --noout --relaxng "$top/build/libvirt/usr/share/libvirt/schemas/domain.rng" "$1"; }
path() { [ "$(xmllint --xpath "string($1)" "$T/domain.xml")" = "$2" ]; }
check "libvirt: into a domain"          domain
check "libvirt: libvirt's schema takes it" valid "$T/domain.xml"
check "libvirt: the directory"          path "/domain/devices/filesystem[driver/@type='virtiofs']/source/@dir" "$odd"
check "libvirt: the tag"                path "/domain/devices/filesystem/target/@dir" "$tag"
check "libvirt: shared memory"          path "/domain/memoryBacking/access/@mode" shared
sed "s/type='virtiofs'/type='virtiofd'/" "$T/domain.xml" > "$T/wrong.xml"
check "libvirt: the schema refuses another" eval '! valid "$T/wrong.xml"'
check "libvirt: a control character"    says 1 "not plain UTF-8 text" config --for libvirt --tag $'a\nb' "$T/d"
check "libvirt: not UTF-8"              says 1 "not plain UTF-8 text" config --for libvirt --tag t $'/a\xff'

yaml() { /usr/bin/python3 -c 'import sys, yaml; d = yaml.safe_load(open(sys.argv[1])); sys.exit(not eval(sys.argv[2]))' "$T/out" "$1"; }
export ODD=$odd
ctl config --for lima "$odd"
check "lima: the mount"                 yaml '__import__("os").environ["ODD"] == d["mounts"][0]["location"] and d["mounts"][0]["mountPoint"] == "/media/stele"'
check "lima: read-only"                 yaml 'd["mounts"][0]["writable"] is False'
check "lima: a script of the system"    yaml 'd["provision"][0]["mode"] == "system" and d["provision"][0]["script"].startswith("#!/bin/sh\n")'
check "lima: its template's sign"       says 1 "cannot be told a directory with a {" config --for lima "/a{{b"
check "lima: not UTF-8"                 says 1 "not plain UTF-8 text" config --for lima $'/a\xff'
ctl config --for lima --writable "$odd"
check "lima: writable"                  yaml 'd["mounts"][0]["writable"] is True'
echo "1..$n"
exit $((bad != 0))
