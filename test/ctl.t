#!/bin/bash
# stelectl, as a guest's root would use it: on a directory that looks like an ARM64 machine, with a real binfmt_misc.
#
# The binfmt_misc belongs to a user namespace of its own (Linux 6.7), which nobody starts programs in: what is registered
# there for x86-64 files is registered in earnest and touches nothing. CTL=PATH tries another build of stelectl.
top=$(cd "$(dirname "$0")/.." && pwd)
[ "$INNER" ] || INNER=1 exec "$top/build/host/execwatch" -b "$0" "$@"

T=$(mktemp -d) || exit 1
mkdir -p "$T/root/proc/sys/fs/binfmt_misc" "$T/root/proc/sys/kernel" "$T/root/proc/self"
coproc HOLDER { exec unshare -Urm bash -c 'mount -t binfmt_misc none "$1/proc/sys/fs/binfmt_misc" && echo $$ && exec cat' - "$T/root"; }
trap 'kill $HOLDER_PID 2> /dev/null; rm -rf "$T"' EXIT
read -r holder <&"${HOLDER[0]}" || { echo "1..0 # skip: no private binfmt_misc (Linux 6.7 has it)"; exit 0; }
R=/proc/$holder/root$T/root
B=$R/proc/sys/fs/binfmt_misc
ctl() { timeout 60 ${CTL:-"$top/build/host/stelectl"} "$@" --root "$R" > "$T/out" 2> "$T/err" < /dev/null; }
. "$top/test/ctl.sh"
unchanged() { diff <(cd "$T/root" && find . -path ./proc -prune -o -print | sort) "$T/before"; }
json() { python3 -c 'import json,sys; d=json.load(open(sys.argv[1])); sys.exit(not eval(sys.argv[2]))' "$T/out" "$1"; }
mark() { (cd "$T/root" && find . -path ./proc -prune -o -print | sort) > "$T/before"; }

# ---- what is there, before anything is
uname -m | sed s/aarch64/x86_64/ > "$T/root/proc/sys/kernel/arch"
: > "$T/root/proc/self/mountinfo"
check "availability: not this machine"  says 3 not-supported availability
check "register: wrong architecture"    says 1 "this machine is x86_64" register
check "doctor: wrong architecture"      says 1 "WRONG  the machine is ARM64" doctor
echo aarch64 > "$T/root/proc/sys/kernel/arch"
check "availability: nothing installed" says 2 not-installed availability
check "register: no translator"         says 1 "no translator is installed" register
check "doctor: no translator"           says 1 "mend: stelectl register --mount TAG" doctor
check "unregister: nothing there"       says 1 "stele is not registered" unregister
mark

# ---- install
head -c 3000000 "$top/build/stele" > "$T/cut"; chmod +x "$T/cut"
: > "$T/empty"
echo text > "$T/text"
check "install: truncated"              says 1 "is truncated" install --yes --from "$T/cut"
check "install: empty"                  says 1 "is empty" install --yes --from "$T/empty"
check "install: not a program"          says 1 "is not an ELF file" install --yes --from "$T/text"
check "install: for another machine"    says 1 "is a program for x86-64" install --yes --from "$top/build/host/execwatch"
check "install: no such file"           says 1 "is not there" install --yes --from "$T/none"
check "install: asks"                   says 1 "[y/N]" install --from "$top/build"
check "install: nothing was changed"    unchanged
check "install: --yes"                  says 0 "installed:" install --yes --from "$top/build"
check "install: the same bytes"         cmp "$top/build/stele" "$T/root/usr/local/lib/stele/stele"
check "availability: installed"         says 1 installed availability
ctl availability --json
check "availability: JSON's word"       json 'd == {"availability": "installed"}'
check "doctor: not registered"          says 1 "mend: stelectl register" doctor
mark

# ---- register
check "register: bad flags"             says 1 "letters of POCF" register --flags PX
check "register: a flag twice"          says 1 "letters of POCF" register --flags PP
check "register: bad name"              says 1 "not a name" register --name a/b
check "register: an empty tag"          says 1 "this one has none" register --mount ""
check "register: a tag of 37 bytes"     says 1 "byte 37 of the tag, 0x37, is one too many" register --mount 1234567890123456789012345678901234567
check "register: a tag of 36 bytes"     says 1 "warning: Apple" register --mount 123456789012345678901234567890123456
check "register: and then looks for it" has "no share has the tag 123456789012345678901234567890123456" "$T/err"
check "register: a tag not in UTF-8"    says 1 "byte 3 of the tag, 0xff" register --mount $'ab\xff'
check "register: a tag with colons"     says 1 "no share has the tag a:/b" register --mount "a:/b:/mnt/x"
check "register: a directory with .."   says 1 "plain absolute path" register --mount "tag:/a/../b"
mkdir -p "$T/root/sys/fs/virtiofs/0" "$T/root/sys/bus/virtio/devices/virtio3"
echo one > "$T/root/sys/fs/virtiofs/0/tag"; printf two > "$T/root/sys/bus/virtio/devices/virtio3/mount_tag"
mark
check "register: lists the tags"        says 1 "there is: one (virtiofs), two (9p)" register --mount absent
check "register: what fails leaves nothing" unchanged
check "register"                        says 0 "stele is registered" register
check "register: enabled"               has enabled "$B/stele"
check "register: flags"                 has "flags: POCF" "$B/stele"
check "register: magic"                 has "magic 7f454c4602010100000000000000000002003e00" "$B/stele"
check "register: mask"                  has "mask fffffffffffefe00fffffffffffffffffeffffff" "$B/stele"
check "availability: registered"        says 0 registered availability
check "doctor: well"                    says 0 "ok     its handler matches" doctor
check "register: a second time"         says 1 "is registered already" register
check "register: under a second name"   says 1 "taken by stele already" register --name other
check "uninstall: in use"               says 1 "first: stelectl unregister" uninstall
echo 0 > "$B/stele"
check "doctor: disabled"                says 1 "mend: echo 1 > /proc/sys/fs/binfmt_misc/stele" doctor
echo 1 > "$B/stele"; echo 0 > "$B/status"
check "doctor: all disabled"            says 1 "mend: echo 1 > /proc/sys/fs/binfmt_misc/status" doctor
check "availability: all disabled"      says 1 installed availability
echo 1 > "$B/status"
check "register: anew, other flags"     says 0 "flags F" register --replace --flags F
check "register: its flags"             has "flags: F" "$B/stele"
mv "$T/root/usr/local/lib/stele/stele" "$T/away"
check "doctor: F holds the file"        says 0 "ok     Stele is registered" doctor
check "register: without a translator"  says 1 "no translator is installed" register --replace --flags PC
check "register: the old one stays"     has "flags: F" "$B/stele"
mv "$T/away" "$T/root/usr/local/lib/stele/stele"
ctl register --replace --flags PC
check "register: flags without F"       has "flags: POC" "$B/stele"
mv "$T/root/usr/local/lib/stele/stele" "$T/away"
check "doctor: the file is gone"        says 1 "mend: mount the share again" doctor
cp "$T/cut" "$T/root/usr/local/lib/stele/stele"
check "doctor: the file is truncated"   says 1 "mend: put the ARM64 stele there again" doctor
mv "$T/away" "$T/root/usr/local/lib/stele/stele"

mv "$T/root/usr/local/lib/stele/stele" "$T/away"
cp "$top/build/arm/vm_start" "$T/root/usr/local/lib/stele/stele"
check "doctor: it does not run here"    says 1 "does not run on this CPU and kernel" doctor
mv "$T/away" "$T/root/usr/local/lib/stele/stele"
ctl unregister
printf ':stele:E::pyx::%s:' "$R/usr/local/lib/stele/stele" > "$B/register"
check "doctor: takes other files"       says 1 "the handler stele does not match x86-64 programs" doctor
ctl register --replace --flags PC
mkdir -p "$T/bare/proc/sys/kernel"
cp "$T/root/proc/sys/kernel/arch" "$T/bare/proc/sys/kernel/"
bare() { local R=$T/bare; says "$@"; }
check "doctor: no binfmt_misc"          bare 1 "mend: boot a kernel with CONFIG_BINFMT_MISC" doctor
printf 'nodev\tbinfmt_misc\n' > "$T/bare/proc/filesystems"
check "doctor: not mounted"             bare 1 "mend: modprobe binfmt_misc; mount -t binfmt_misc" doctor
mkdir -p "$T/bare/proc/sys/fs/binfmt_misc" && : > "$T/bare/proc/sys/fs/binfmt_misc/register"
check "doctor: no share"                bare 1 "and there is no share" doctor
cp -r "$T/root/sys" "$T/bare/"
check "doctor: lists the tags"          bare 1 "the shares are: one (virtiofs), two (9p)" doctor

# ---- status
mkdir -p "$T/root/proc/4711"
ln -s "$R/usr/local/lib/stele/stele" "$T/root/proc/4711/exe"
printf '/bin/echo\0a "b\\\xff\0' > "$T/root/proc/4711/cmdline"
check "status"                          says 0 "as stele, flags POC" status
check "status: version"                 has "version      stele " "$T/out"
check "status: processes"               has '4711    /bin/echo a "b\' "$T/out"
ctl status --json
check "status: JSON"                    json 'd["registered"] and d["handlers"][0]["flags"] == "POC" and d["machine"] == "aarch64"'
check "status: JSON's strings"          json 'd["processes"] == [{"pid": 4711, "command": "/bin/echo a \"b\\\ufffd"}]'
check "unregister"                      says 0 "no longer registered" unregister
check "unregister: no entry"            test ! -e "$B/stele"
check "unregister: all as before"       unchanged

# ---- beside another handler
printf ':qemu-x86_64:M::\\x7fELF\\x02\\x01\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x02\\x00\\x3e\\x00:\\xff\\xff\\xff\\xff\\xff\\xfe\\xfe\\x00\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xfe\\xff\\xff\\xff:/usr/bin/qemu-x86_64:' > "$B/register"
printf ':script:E::pyx::/usr/bin/python3:' > "$B/register"
check "register: another's, named"      says 1 "taken by qemu-x86_64 already (/usr/bin/qemu-x86_64)" register
check "doctor: another's"               says 1 "mend: echo 0 > /proc/sys/fs/binfmt_misc/qemu-x86_64" doctor
check "unregister: not another's"       says 1 "is not Stele's" unregister --name qemu-x86_64
check "register: in its place"          says 0 "is registered" register --replace
check "register: the other sleeps"      has disabled "$B/qemu-x86_64"
check "register: no other is touched"   has enabled "$B/script"
check "unregister: the other wakes"     eval 'says 0 "no longer" unregister && has enabled "$B/qemu-x86_64"'
echo -1 > "$B/qemu-x86_64"

# ---- persistent, from a share
mkdir -p "$T/root/mnt/x-y" "$T/root/usr/sbin"
cp "$top/build/stele" "$T/root/mnt/x-y/stele"
echo "1 1 0:1 / $R/mnt/x-y rw - virtiofs one rw" > "$T/root/proc/self/mountinfo"
printf '#!/bin/sh\n' > "$T/root/usr/sbin/update-binfmts"; chmod +x "$T/root/usr/sbin/update-binfmts"
mark
for t in 'a%b' 'a$b' 'a\' ' a' 'a ' $'a\nb'; do
	check "persist: a tag that no unit holds: $(printf %q "$t")" says 1 "a mount unit cannot be told the share" register --persist --mount "$t:/mnt/x-y"
done
unit="$T/root/etc/systemd/system/mnt-x\\x2dy.mount"
check "persist"                         says 0 "is registered" register --persist --mount one:/mnt/x-y
check "persist: binfmt.d"               has ":stele:M::\\x7fELF\\x02\\x01\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x02\\x00\\x3e\\x00:\\xff\\xff\\xff\\xff\\xff\\xfe\\xfe\\x00\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xfe\\xff\\xff\\xff:/mnt/x-y/stele:POCF" "$T/root/etc/binfmt.d/stele.conf"
check "persist: the unit's name"        test -f "$unit"
check "persist: the unit mounts it"     eval 'has "What=one" "$unit" && has "Where=/mnt/x-y" "$unit" && has "Type=virtiofs" "$unit"'
copy="$T/root/etc/systemd/system/stele-copy.service"
check "persist: a unit copies it"       eval 'has "cp /mnt/x-y/stele" "$copy" && ! grep @ "$copy" "$unit"'
check "persist: that is wanted"         test -L "$T/root/etc/systemd/system/systemd-binfmt.service.wants/stele-copy.service"
check "persist: the unit is wanted"     test -L "$T/root/etc/systemd/system/local-fs.target.wants/mnt-x\\x2dy.mount"
check "persist: binfmt-support"         has "interpreter /mnt/x-y/stele" "$T/root/usr/share/binfmts/stele"
if command -v systemd-analyze > /dev/null; then
	check "persist: systemd's word"         systemd-analyze verify "$unit" "$copy"
else
	skip "systemd-analyze is not installed"
fi
check "status: persistent"              says 0 "also after a restart" status
check "persist: unregister"             says 0 "no longer" unregister
check "persist: all as before"          unchanged
ctl register --persist --mount one:/mnt/x-y
echo "# mine" >> "$T/root/etc/binfmt.d/stele.conf"
check "unregister: says what it leaves" says 0 "has been edited: left" unregister
check "unregister: an edited file stays" has "# mine" "$T/root/etc/binfmt.d/stele.conf"
check "unregister: the unit goes"       test ! -e "$unit"
check "persist: another's file"         says 1 "not from here" register --persist --mount one:/mnt/x-y
check "persist: the refusal leaves nothing" eval 'test ! -e "$B/stele" && has "# mine" "$T/root/etc/binfmt.d/stele.conf"'
rm "$T/root/etc/binfmt.d/stele.conf"
check "uninstall"                       says 0 removed: uninstall
check "uninstall: the file is gone"     test ! -e "$T/root/usr/local"/lib/stele
check "uninstall: a second time"        says 1 "nothing was installed" uninstall

# ---- words
cp "$top/build/host/stelectl" "$T/stelectl"; chmod 755 "$T"
for c in register unregister install uninstall; do
	check "$c: not root"                    eval '! as_nobody "$T/stelectl" $c > "$T/out" 2>&1 && has "$c needs root" "$T/out"'
done
check "a command that is not there"     says 64 "there is no command" conquer
check "an option of another command"    says 64 "takes no --flags" status --flags P
check "a word too many"                 says 64 'what is "now"?' status now
echo "1..$n"
exit $((bad != 0))
