#!/bin/bash
# stelectl vm without a machine: every fault of a description is named by its field, the argument line of a machine with
# everything, and start, status, screenshot and stop against a QEMU that a few lines of Python play, well-behaved or not; last
# QEMU itself with both virtiofsd programs. The earnest boot is test/vm/efi.t.
top=$(cd "$(dirname "$0")/.." && pwd)
T=$(mktemp -d) || exit 1
mkdir "$T/run" "$T/dir"
export XDG_RUNTIME_DIR=$T/run
trap 'kill $(cat "$T/pids" "$T"/run/stele-vm/*/*.pid 2> /dev/null) 2> /dev/null; rm -rf "$T"' EXIT
cd "$T" || exit 1
. "$top/test/ctl.sh"
vm() { timeout 60 ${CTL:-"$top/build/host/stelectl"} vm "$@" > "$T/out" 2> "$T/err" < /dev/null; }
says() {                                # says STATUS TEXT ARGUMENTS...
	local status=$1 text=$2
	shift 2
	vm "$@"
	[ $? = "$status" ] && cat "$T/out" "$T/err" > "$T/both" && grep -Fq -- "$text" "$T/both"
}
good=(--accel tcg --qemu qemu --virtiofsd virtiofsd --kernel kernel)
fault() { says 1 "stelectl: $1" check "${good[@]}" "${@:2}"; }
config() { printf '%s' "$1" > bad.json; says 1 "$2" check bad.json "${good[@]}"; }

# ---- what a machine is made of here
echo kernel > kernel; echo initrd > initrd
truncate -s 64M code.fd vars.fd template.fd
truncate -s 1M a.img 'b,c.img'
echo small > small.fd
cp "$top/build/guest/smc" dir/stele
cat > virtiofsd <<'EOF'
#!/bin/bash
[ "$1" = --help ] && { [ "$RUST" ] && echo "--shared-dir" || echo "-o source=PATH"; exit 0; }
[ "$1" = --version ] && { echo "virtiofsd 1"; exit 0; }
printf '%s\n' "$@" > "$0.args"
[ "$FAKE_FS" = fails ] && { echo "cannot share it"; exit 1; }
exec python3 -c 'import socket, sys, time
s = socket.socket(fileno=int(sys.argv[1].split("=")[1])); s.settimeout(30); c, _ = s.accept(); c.settimeout(30); c.recv(1)' "$@"
EOF
cat > qemu <<'EOF'
#!/usr/bin/python3
import json, os, socket, sys, time
a = sys.argv
mode = os.environ.get("FAKE", "good")
if mode == "fails":
    sys.exit("qemu: it cannot be")
if mode == "fails in its log":
    open(a[a.index("-D") + 1], "w").write("qemu: nor can this\n"); sys.exit(1)
if mode == "dies":
    os.kill(os.getpid(), 11)
value = lambda o, key: next(w for v, x in zip(a, a[1:]) if v == o for w in x.split(",") if w.startswith(key)).split("=", 1)[1]
qmp = [x for v, x in zip(a, a[1:]) if v == "-chardev" and "id=qmp" in x][0].split("path=")[1]
fs = [x.split("path=")[1] for v, x in zip(a, a[1:]) if v == "-chardev" and "id=share" in x]
s = socket.socket(socket.AF_UNIX); s.bind(qmp); s.listen()
held = []
for f in fs:
    held.append(socket.socket(socket.AF_UNIX)); held[-1].connect(f)
if os.fork(): os._exit(0)
os.setsid()
for fd in 0, 1, 2: os.dup2(os.open("/dev/null", os.O_RDWR), fd)
open(a[a.index("-pidfile") + 1], "w").write("%d\n" % os.getpid())
s.settimeout(60)
while True:
    c, _ = s.accept()
    c.settimeout(60)
    junk = {"text": b"hello\n", "kind": b"[]\n", "other": b'{"a": 1}\n', "twice": b'{"QMP": 1, "QMP": 2}\n', "deep": b"[" * 60000 + b"\n",
        "long": b"x" * 100000, "ends": b""}.get(mode if not os.path.exists("now") else open("now").read().strip())
    try:
        if junk is not None:
            c.sendall(junk); c.close(); continue
        c.sendall(b'{"QMP": {"version": {}}}\r\n')
        f = c.makefile("rwb")
        for line in f:
            q = json.loads(line)
            r = {"return": {}, "id": q["id"]}
            if q["execute"] == "query-status": r["return"] = {"status": "run\033ning" if os.path.exists("escape") else "running", "running": True}
            if q["execute"] == "screendump":
                if q["arguments"]["filename"].startswith("/none"): r = {"error": {"class": "GenericError", "desc": "no such place"}, "id": q["id"]}
                else: open(q["arguments"]["filename"], "w").write(json.dumps(q["arguments"]))
            f.write(b'{"event": "SOMETHING"}\n' * 3 + json.dumps(r).encode() + b"\r\n"); f.flush()
            if q["execute"] == "quit" or (q["execute"] == "system_powerdown" and mode == "good"): os._exit(0)
    except OSError: pass
EOF
chmod +x qemu virtiofsd

# ---- faults
check "well"                            says 0 "vm: 2 processors, 2048 MiB, 1 disks" check "${good[@]}" --disk a.img
check "nothing to boot"                 says 1 "efi, kernel: neither is there" check --qemu qemu
check "memory: none"                    fault "memory: 0 is too small: at least 64M" --memory 0
check "memory: too large"               fault "memory: 2T is too large: at most 1T" --memory 2T
check "memory: no size"                 fault "memory: a size is needed" --memory 2X
check "memory: a long number"           fault "memory: a size is needed" --memory 99999999999999999999G
check "cpus: none"                      fault "cpus: 0 is too small: at least 1" --cpus 0
check "cpus: no number"                 fault "cpus: a number is needed" --cpus many
check "disk: missing"                   fault "disk[1].file: $T/none: No such file or directory" --disk a.img --disk none
check "disk: a directory"               fault "disk[0].file: $T/dir: is not a file" --disk dir
check "disk: no file"                   fault "disk[0].file: is missing" --disk format=raw
check "disk: a format"                  fault 'disk[0].format: "vdi" is none of: raw qcow2' --disk a.img,format=vdi
check "disk: words are not one word"    fault 'disk[0].format: "raw qcow2" is none of' --disk "a.img,format=raw qcow2"
check "disk: twice"                     fault "disk[1].file: $T/dir/../a.img: is disk[0].file too" --disk a.img --disk dir/../a.img,readonly
check "disk: twice, both read-only"     says 0 well check "${good[@]}" --disk a.img,readonly --usb a.img
check "disk: a field that is not"       fault "disk.colour: there is no such field" --disk a.img,colour=red
check "disk: a comma in its name"       says 0 well check "${good[@]}" --disk file=b,,c.img
check "USB disk: missing"               fault "usb[0].file: $T/none: No such file" --usb none
check "kernel: missing"                 fault "kernel: $T/none: No such file" --kernel none
check "initrd: missing"                 fault "initrd: $T/none: No such file" --initrd none
check "initrd: no kernel"               says 1 "initrd: needs a kernel" check --qemu qemu --initrd initrd --efi vars.fd,code=code.fd
check "EFI: no store"                   fault "efi.vars: is missing" --efi code=code.fd
check "EFI: a small store"              fault "efi.vars: $T/small.fd: has 6 bytes, a flash bank 67108864" --efi small.fd,code=code.fd
check "EFI: a store nowhere"            fault "efi.vars: $T/none/vars.fd: No such file" --efi none/vars.fd,code=code.fd,template=template.fd
check "display: too small"              fault "display.width: 1 is too small: at least 64" --display width=1
check "share: missing"                  fault "share[0].dir: $T/none: No such file" --share none,tag=a
check "share: not a directory"          fault "share[0].dir: $T/kernel: is not a directory" --share kernel,tag=a
check "share: no tag"                   fault "share[0].tag: is missing" --share dir
check "share: an empty tag"             fault "share[0].tag: a tag has 1 to 36 bytes, this one has none" --share dir,tag=
check "share: a tag of 36 bytes"        says 0 well check "${good[@]}" --share dir,tag=123456789012345678901234567890123456
check "share: a tag of 37 bytes"        fault "share[0].tag: byte 37 of the tag, 0x37, is one too many: a tag has 1 to 36, this one has 37" --share dir,tag=1234567890123456789012345678901234567
check "share: 32 bytes over 9p"         fault "share[0].tag: has 32 bytes: over 9p at most 31" --share dir,type=9p,tag=12345678901234567890123456789012
check "share: a tag not in UTF-8"       fault "share[0].tag: byte 3 of the tag, 0xff, is not UTF-8" --share dir,tag=$'ab\xff'
check "share: a tag twice"              fault "share[1].tag: duplicate: a is share[0].tag too" --share dir,tag=a --share dir,tag=a
check "share: the Stele share's tag"    fault "stele.tag: duplicate: stele is share[0].tag too" --share dir,tag=stele --stele dir
check "stele: no translator"            fault "stele.dir: $T/none/stele is not there" --stele none
check "stele: another machine's"        fault "stele.dir: $T/dir/stele is a program for x86-64" --stele dir
check "forward: half"                   fault "forward[0].guest: is missing" --forward 2222
check "forward: no port"                fault "forward[0].host: 70000 is too large" --forward 70000,guest=1
check "forward: no network"             fault 'forward: needs "network": "nat"' --forward 2222,guest=22 --network none
python3 -c 'import os, socket, time
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(); print(s.getsockname()[1], flush=True); time.sleep(120)' > port &
echo $! >> pids
for i in {1..100}; do [ -s port ] && break; sleep 0.05; done
check "forward: a busy port"            fault "forward[0].host: $(cat port): Address already in use" --forward "$(cat port),guest=22"
check "name: a path"                    fault "name: ../x: 1 to 64 letters" --name ../x
check "virtiofsd: that is none"         fault "virtiofsd: $T/kernel does not run, or is no virtiofsd" --share dir,tag=a --virtiofsd kernel
check "qemu: missing"                   says 1 "qemu: $T/none: No such file" check --qemu none --kernel kernel
check "vsock: the host's"               says 1 "vsock: 2 is too small: at least 3" check "${good[@]}" --vsock 2
if [ ! -w /dev/vhost-vsock ]; then
	check "vsock: not on this host"         fault "vsock: /dev/vhost-vsock: No such file or directory; modprobe vhost_vsock" --vsock 3
fi
[ "$CTL$(uname -m)" != x86_64 ] ||               # another build may be of an ARM64 host
	check "accel: no KVM for ARM64 here"    fault "accel: KVM runs ARM64 machines on an ARM64 host" --accel kvm
vm check "${good[@]}" --memory 0 --disk none --share none,tag=a
check "all faults at once"              test "$(grep -c . err)" = 3
mkdir -p run/stele-vm/busy
python3 -c 'import socket, time
s = socket.socket(socket.AF_UNIX); s.bind("run/stele-vm/busy/qmp.sock"); s.listen(); time.sleep(120)' &
busy=$!
echo $busy >> pids
for i in {1..100}; do [ -S run/stele-vm/busy/qmp.sock ] && break; sleep 0.05; done
check "a busy socket"                   fault "name: busy: the socket $T/run/stele-vm/busy/qmp.sock is busy" --name busy
kill $busy; wait $busy 2> /dev/null; rm -r run/stele-vm/busy
mkdir -p run/stele-vm/odd; : > run/stele-vm/odd/console.sock
check "something else than a socket"    fault "name: odd: the socket $T/run/stele-vm/odd/console.sock is something else" --name odd
rm -r run/stele-vm/odd
check "a path too long for a socket"    eval 'XDG_RUNTIME_DIR=$T/$(printf %0100d) fault "name: vm: the socket"'

# ---- the file
check "file: none"                      says 1 "none.json: No such file" check none.json
check "file: not JSON"                  config '{ "cpus": }' "bad.json:1:11:"
check "file: not an object"             config '[]' "bad.json: an object, { }, is needed"
check "file: a name twice"              config '{ "cpus": 1, "cpus": 2 }' "duplicate object key"
check "file: not UTF-8"                 config $'{ "name": "\xff" }' "unable to decode byte 0xff"
check "file: NUL"                       config '{ "name": "a\u0000" }' "NUL"
check "file: a large number"            config '{ "cpus": 99999999999999999999 }' "too big integer"
check "file: deep"                      config "$(printf '[%.0s' {1..5000})" "maximum parsing depth reached"
check "file: an unknown field"          config '{ "colour": 1 }' "colour: there is no such field"
check "file: not to the terminal"       config '{ "a\u001b[2J": 1 }' "a?[2J: there is no such field"
check "file: a number for a text"       config '{ "kernel": 1, "name": [] }' "name: a text is needed"
check "file: a text for a number"       config '{ "cpus": "2" }' "cpus: a number is needed"
check "file: a number with a point"     config '{ "cpus": 1.5 }' "cpus: a number is needed"
check "file: a text for a truth"        config '{ "entropy": "yes" }' "entropy: true or false is needed"
check "file: no list"                   config '{ "disk": { "file": "a.img" } }' "disk: a list, [ ], is needed"
check "file: no entry"                  config '{ "disk": [ "a.img" ] }' "disk[0]: an object, { }, is needed"
check "file: no group"                  config '{ "efi": "vars.fd" }' "efi: an object, { }, is needed"
head -c 2000000 /dev/zero | tr '\0' ' ' > bad.json
check "file: large"                     says 1 "is larger than 1 MiB" check bad.json

# ---- the argument line; files are found from the description's directory on
rm dir/stele
cp "$top/build/stele" dir/stele
mkdir sub
cat > full.json <<'EOF'
{
	"name": "full", "cpus": 4, "memory": "3G", "accel": "tcg", "qemu": "qemu", "virtiofsd": "virtiofsd",
	"efi": { "vars": "vars.fd", "code": "code.fd", "template": "template.fd" },
	"kernel": "kernel", "initrd": "initrd", "append": "console=ttyAMA0 it's",
	"disk": [ { "file": "a.img" }, { "file": "b,c.img", "format": "qcow2", "readonly": true } ],
	"usb": [ { "file": "kernel" } ],
	"display": { "width": 1024, "height": 768, "show": "vnc" },
	"vsock": 42, "input": "virtio",
	"share": [ { "dir": "dir", "tag": "one, two" }, { "dir": "dir", "tag": "nine", "type": "9p" } ],
	"stele": { "dir": "dir" }
}
EOF
S=$T/run/stele-vm/full
cat > expected <<EOF
$T/qemu \\
	-name full \\
	-machine virt,gic-version=max,memory-backend=memory,pflash0=code,pflash1=vars \\
	-accel tcg,thread=multi \\
	-cpu max,pauth=off \\
	-smp 4 \\
	-m 3072M \\
	-object memory-backend-memfd,id=memory,size=3072M,share=on \\
	-nodefaults \\
	-no-user-config \\
	-chardev socket,id=qmp,server=on,wait=off,path=$S/qmp.sock \\
	-mon chardev=qmp,mode=control \\
	-chardev socket,id=console,server=on,wait=off,path=$S/console.sock,logfile=$S/console.log \\
	-serial chardev:console \\
	-pidfile $S/qemu.pid \\
	-D $S/qemu.log \\
	-daemonize \\
	-blockdev driver=raw,node-name=code,read-only=on,file.driver=file,file.filename=$T/code.fd \\
	-blockdev driver=raw,node-name=vars,read-only=off,file.driver=file,file.filename=$T/vars.fd \\
	-kernel $T/kernel \\
	-initrd $T/initrd \\
	-append 'console=ttyAMA0 it'\\''s' \\
	-blockdev driver=raw,node-name=disk0,read-only=off,file.driver=file,file.filename=$T/a.img \\
	-device virtio-blk-pci,drive=disk0,serial=disk0,bootindex=0,addr=1.0,multifunction=on \\
	-blockdev driver=qcow2,node-name=disk1,read-only=on,file.driver=file,file.filename=$T/b,,c.img \\
	-device virtio-blk-pci,drive=disk1,serial=disk1,bootindex=1,addr=1.1,multifunction=on \\
	-device qemu-xhci,id=xhci,p2=15,p3=15,addr=1.2,multifunction=on \\
	-blockdev driver=raw,node-name=usb0,read-only=on,file.driver=file,file.filename=$T/kernel \\
	-device usb-storage,bus=xhci.0,drive=usb0,removable=on,bootindex=2 \\
	-device virtio-gpu-pci,id=gpu,xres=1024,yres=768,addr=1.3,multifunction=on \\
	-display vnc=unix:$S/vnc.sock \\
	-device virtio-keyboard-pci,addr=1.4,multifunction=on \\
	-device virtio-tablet-pci,addr=1.5,multifunction=on \\
	-netdev user,id=net,hostfwd=tcp:127.0.0.1:61022-:22 \\
	-device virtio-net-pci,netdev=net,romfile=,addr=1.6,multifunction=on \\
	-device vhost-vsock-pci,guest-cid=42,addr=1.7,multifunction=on \\
	-object rng-random,id=entropy,filename=/dev/urandom \\
	-device virtio-rng-pci,rng=entropy,addr=2.0,multifunction=on \\
	-chardev socket,id=share0,path=$S/share0.sock \\
	-device 'vhost-user-fs-pci,queue-size=1024,chardev=share0,tag=one,, two,addr=2.1,multifunction=on' \\
	-fsdev local,id=share1,security_model=MODEL,multidevs=remap,path=$T/dir \\
	-device virtio-9p-pci,fsdev=share1,mount_tag=nine,addr=2.2,multifunction=on \\
	-chardev socket,id=share2,path=$S/share2.sock \\
	-device vhost-user-fs-pci,queue-size=1024,chardev=share2,tag=stele,addr=2.3,multifunction=on
EOF
check "args"                            eval '(cd sub && vm args ../full.json --forward host=61022,guest=22)'
sed -i 's/security_model=[a-z]*/security_model=MODEL/' out
check "args: every device"              diff out expected
check "args: nothing was started"       test ! -e "$S"
check "flags over the file"             eval 'vm args full.json --memory 512M --display show=none --disk kernel,readonly && grep -q -- "-m 512M" out && grep -q "xres=1024" out && grep -q "display none" out && grep -q "disk2" out'
for i in {1..60}; do shares+=(--share "dir,tag=$i"); done
check "sixty shares"                    eval 'vm args "${good[@]}" "${shares[@]}" && grep -q "tag=60,addr=8.6" out'
for i in {1..300}; do echo "{ \"dir\": \"dir\", \"tag\": \"$i\" }"; done | paste -sd, | sed 's/.*/{ "share": [ & ] }/' > many.json
check "shares without end"              says 1 "the machine has places for 248" check many.json "${good[@]}"
check "doc/vm.md has the fields"        eval 'vm fields && sed -n "/^| field |/,/^$/p" "$top/doc/vm.md" | grep . | diff - out'

# ---- start to stop
good+=(--name t)
check "status: none"                    eval '! vm status && test ! -s out && test ! -s err'
check "status: it is not"               says 1 "stopped" status t
check "stop: it is not"                 says 1 "t does not run" stop t
check "console: it is not"              says 1 "t does not run" console t
check "screenshot: it is not"           says 1 "t does not run" screenshot t x.png
check "start: QEMU's word"              eval 'FAKE=fails says 1 "qemu: it cannot be" start "${good[@]}" --share dir,tag=a'
check "start: QEMU's word in its log"    eval 'FAKE="fails in its log" says 1 "qemu: nor can this" start "${good[@]}"'
check "start: QEMU dies"                eval 'FAKE=dies says 1 "ended without a word, by signal 11" start "${good[@]}"'
check "start: virtiofsd's word"         eval 'FAKE_FS=fails says 1 "share a: $T/virtiofsd ended: cannot share it" start "${good[@]}" --share dir,tag=a'
mkdir 'd,e'
check "start"                           says 0 "t is running, process" start "${good[@]}" --share d,,e,tag=a --efi new.fd,code=code.fd,template=template.fd
check "start: the C virtiofsd"          eval 'grep -Fx "source=$T/d\\,e" virtiofsd.args'
check "start: the variables' store"     cmp template.fd new.fd
check "start: a second time"            says 1 "is busy: a machine of that name runs" start "${good[@]}"
check "status"                          says 0 "running, process" status t
check "status: JSON"                    eval 'vm status --json && python3 -c "import json; d = {m[\"name\"]: m[\"state\"] for m in json.load(open(\"out\"))}; assert d[\"t\"] == \"running\", d"'
check "screenshot"                      eval 'vm screenshot t x.png && grep "\"format\": \"png\"" x.png && grep "$T/x.png" x.png'
check "screenshot: QEMU's word"         says 1 "t: no such place" screenshot t /none/x.ppm
check "screenshot: what picture?"       says 1 "ends in .png or .ppm" screenshot t x.gif
for j in text kind other twice deep long ends; do
	echo $j > now
	check "QMP: nonsense ($j)"              says 1 "t does not run, or does not answer: " stop t
done
rm now
check "stop: by its power button"       says 0 "t is stopped" stop t
check "stop: nothing is left"           eval '! pgrep -f "$T/run/stele-vm/t/" && test -z "$(find run/stele-vm/t -name "*.sock" -o -name "*.pid")"'
check "start: the Rust virtiofsd"       eval 'RUST=1 FAKE=deaf says 0 "t is running" start "${good[@]}" --share "d,,e,tag=a"'
check "start: its words"                eval 'grep -Fx -e --shared-dir virtiofsd.args && grep -Fx "$T/d,e" virtiofsd.args'
check "stop: a guest that does not"     says 1 "t did not power off within 2 s: it was ended" stop t --wait 2
check "stop: it is ended nevertheless"  says 1 stopped status t
check "start: again"                    eval 'FAKE=deaf says 0 "t is running" start "${good[@]}"'
check "stop: --now"                     says 0 "t is stopped" stop t --now

# ---- what a host lacks
bare() {                                # bare STATUS TEXT ARGUMENTS...: on a host without all that, but for what is in $T/bin
	unshare -rm sh -c 'for d in /dev /usr/libexec /usr/lib/qemu /usr/share/AAVMF; do [ ! -d $d ] || mount -t tmpfs t $d; done
		mknod /dev/null c 1 3 2> /dev/null || : > /dev/null
		PATH=$0 exec "$@"' "$T/bin" "$top/build/host/stelectl" vm "${@:3}" > out 2> err
	[ $? = "$1" ] && cat out err > both && grep -Fq -- "$2" both
}
mkdir bin
check "doctor: no QEMU"                 bare 1 "mend: apt install qemu-system-arm" doctor
printf '#!/bin/sh\nexit 1\n' > bin/qemu-system-aarch64; chmod +x bin/qemu-system-aarch64
check "doctor: a QEMU that does not run" bare 1 "WRONG  QEMU runs" doctor
printf '#!/bin/sh\necho QEMU emulator version 1\n' > bin/qemu-system-aarch64
check "doctor: no firmware"             bare 0 "mend: apt install qemu-efi-aarch64" doctor
check "doctor: no virtiofsd"            bare 0 "mend: apt install virtiofsd" doctor
check "doctor: no vsock"                bare 0 "mend: modprobe vhost_vsock" doctor
check "doctor: no KVM"                  bare 0 "lacks  machines run at the CPU's speed" doctor
check "doctor: JSON"                    eval 'bare 0 "\"well\": true" doctor --json && python3 -c "import json; d = json.load(open(\"out\")); assert [c[\"ok\"] for c in d[\"checks\"]] == [True] * 2 + [False] * 4, d"'
check "check: no QEMU, firmware, virtiofsd" eval 'rm bin/qemu-system-aarch64; bare 1 "" check --efi vars.fd --share dir,tag=a && cut -d: -f2 err | diff - <(printf " %s\n" qemu efi.code virtiofsd)'

# ---- in earnest: QEMU, whose kernel is none, and each virtiofsd, as root and as nobody
chmod 755 "$T" dir
cp "$top/build/host/stelectl" .
real() {                                # real KIND FILE
	local who by pid machine
	for who in root nobody; do
		by=(env XDG_RUNTIME_DIR="$T/$who")
		if [ $who = nobody ]; then by=("${nobody[@]}" "${by[@]}"); elif [ "$(id -u)" != 0 ]; then skip "$1, root: this is not root"; continue; fi
		"${by[@]}" unshare -Um true || { skip "$1, $who: may make no namespaces here"; continue; }
		mkdir -p -m 777 $who
		machine=("${by[@]}" ./stelectl vm)
		check "$1, $who: starts"                "${machine[@]}" start --name real --accel tcg --memory 64M --kernel kernel --virtiofsd "$2" --share dir,tag=a
		read -r pid _ < $who/stele-vm/real/share0.pid
		check "$1, $who: sees the directory alone" within 10 eval "confined $pid"
		check "$1, $who: runs"                  "${machine[@]}" status real
		check "$1, $who: stop"                  "${machine[@]}" stop real --now
		check "$1, $who: the file server ends"  within 10 gone $pid
	done
}
within() {                              # within SECONDS COMMAND...: true in that time?
	local end=$((SECONDS + $1))
	shift
	until "$@"; do [ $SECONDS -lt $end ] || return 1; sleep 0.1; done
}
gone() { ! [ -d /proc/$1 ] || grep -q '^State:.Z' /proc/$1/status; }
confined() {                            # it, or the child that serves
	local p
	for p in $1 $(cat /proc/$1/task/*/children); do [ -e /proc/$p/root/stele ] && [ ! -e /proc/$p/root/etc ] && return; done
	return 1
}
C=/usr/lib/qemu/virtiofsd rust=/usr/libexec/virtiofsd
[ ! -x "$top/build/virtiofsd/virtiofsd" ] || { cp -r "$top/build/virtiofsd" rust && rust=$T/rust/virtiofsd; }
if [ -x $C ]; then real C $C; else skip "QEMU's virtiofsd, in C: this system has none any more"; fi
real Rust "$rust"

# ---- words
check "no such command"                 says 64 "vm has no command conquer" conquer
check "no such flag"                    says 64 "vm check takes no --colour" check --colour red
check "a flag of another command"       says 64 "vm status takes no --memory" status --memory 1G
check "a flag without a value"          says 64 "--memory: needs a value" check --memory
check "--wait"                          says 64 "is not a number" stop t --wait x
check "no name"                         says 64 "vm stop takes: NAME" stop
check "a name that is a path"           says 64 "is not a machine's name" stop ../t
check "a word too many"                 says 64 'what is "c"?' screenshot a b c
echo "1..$n"
exit $((bad != 0))
