#!/bin/bash
# stelectl vm in earnest: one machine with every device that it knows, started from an installer's USB image by EFI. The guest
# (efi-init) says what it sees of each; the host looks at what the guest did. Then a second boot, for the EFI variables, by a user
# without rights and with the other virtiofsd, where there are two.
# vsock is left out where the host has no /dev/vhost-vsock, which is said. QEMU=FILE tries another QEMU.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
T=$(mktemp -d) || exit 1
chmod 755 "$T"
. "$top/test/ctl.sh"                    # $nobody
cp "$top/build/host/stelectl" "$T/stelectl"
run_as() {                              # run_as NAME PREFIX...: whose machine it is from now on
	export XDG_RUNTIME_DIR=$T/$1
	mkdir -m 777 "$XDG_RUNTIME_DIR"
	console=$XDG_RUNTIME_DIR/stele-vm/efi/console.log
	printf '#!/bin/sh\nexec %s "%s" "$@"\n' "${*:2}" "$T/stelectl" > "$T/ctl"
	chmod +x "$T/ctl"
}
run_as run
ctl=$T/ctl
trap '"$ctl" vm status efi > "$T/log" && "$ctl" vm stop efi --now > "$T/log"; rm -rf "$T"' EXIT
limit=${LIMIT:-1200}

result() {
	n=$((n + 1))
	if [ "$1" = 0 ]; then echo "ok $n - $2 (at $SECONDS s)"
	else bad=$((bad + 1)); echo "not ok $n - $2"; sed 's/^/# /' "$T/log"; fi
}
check() {
	local name=$1
	shift
	"$@" > "$T/log" 2>&1
	result $? "$name"
}
says() {                                # says TEXT: does the guest, in time?
	local end=$((SECONDS + limit))
	until grep -aFq -- "$1" "$console"; do
		[ $SECONDS -lt $end ] && "$ctl" vm status efi > /dev/null || { limit=5; tail -n 40 "$console"; return 1; }
		sleep 0.5
	done
}
ends() { local end=$((SECONDS + 60)); while "$ctl" vm status efi; do [ $SECONDS -lt $end ] || return 1; sleep 0.5; done; }
guest() {                               # what the guest said, as results of ours
	tr -d '\r' < "$console" | sed -n 's/^.*guest: \(\(not \)\?ok - \)/\1/p' > "$T/said"
	while read -r line; do
		tr -d '\r' < "$console" | sed -n 's/.*guest: #/ /p' > "$T/log"
		case $line in
		ok*) result 0 "guest ${line#ok - }" ;;
		*)   result 1 "guest ${line#not ok - }" ;;
		esac
	done < "$T/said"
}
picture() {                             # picture FILE WIDTH HEIGHT: a PPM of that size with light and dark in it
	python3 - "$@" <<-'EOF'
		import sys
		d = open(sys.argv[1], "rb").read()
		kind, size, depth, pixels = d.split(b"\n", 3)
		assert (kind, depth) == (b"P6", b"255") and size.split() == [w.encode() for w in sys.argv[2:]], d[:20]
		assert len(pixels) == 3 * int(sys.argv[2]) * int(sys.argv[3])
		light = sum(1 for i in range(0, len(pixels), 3) if max(pixels[i:i + 3]) > 100) * 3 / len(pixels)
		print("light:", light)
		assert 0.005 < light < 0.9
	EOF
}

"$top/test/vm/efi-image" "$T" || exit 1
vsock= results=$(grep -c '^ok "' "$top/test/vm/efi-init")        # of the first boot
[ -w /dev/vhost-vsock ] && vsock='"vsock": 4242,' results=$((results + 1))
python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])' > "$T/port"
cat > "$T/efi.json" <<EOF
{
	"cpus": 2,
	"memory": "1G",
	${QEMU:+"\"qemu\": \"$QEMU\","}
	"efi": { "vars": "vars.fd" },
	"display": { "width": 1024, "height": 600 },
	"disk": [ { "file": "disk0.img" }, { "file": "disk1.img", "readonly": true } ],
	"usb": [ { "file": "usb.img" } ],
	"input": "usb",
	"network": "nat",
	"forward": [ { "host": $(cat "$T/port"), "guest": 7 } ],
	$vsock
	"share": [
		{ "dir": "one", "tag": "one" },
		{ "dir": "two, with a comma", "tag": "a tag of thirty-six bytes, and comma" },
		{ "dir": "nine", "tag": "nine", "type": "9p" }
	],
	"stele": { "dir": "stele" }
}
EOF
[ "$vsock" ] || echo "# this host has no /dev/vhost-vsock: the machine has no vsock; test/ctl_vm.t has its argument"

# ---- the first boot
check "start" timeout 300 "$ctl" vm start "$T/efi.json"
check "a second start is refused" eval '! "$ctl" vm start "$T/efi.json" 2> "$T/err" && grep -F "qmp.sock is busy" "$T/err"'
check "the variables' store was made" test "$(stat -c %s "$T/vars.fd")" = $((64 << 20))
check "status" eval '"$ctl" vm status efi | grep -F "running, process"'
check "status of all, as JSON" eval '"$ctl" vm status --json | grep -F "\"state\": \"running\""'
check "it boots, and serves" says "guest: serves"
check "the forwarded port" eval 'timeout 60 python3 -c "import socket, sys; s = socket.create_connection((\"127.0.0.1\", $(cat "$T/port"))); print(s.recv(100))" | grep "guest answers"'
check "it listens to the console" says "guest: listens"
check "the console's input" eval '(echo "typed by the host"; sleep 1) | timeout 60 "$ctl" vm console efi; says "the console'\''s input"'
check "it has drawn" says "guest: drawn"
check "screenshot" eval '"$ctl" vm screenshot efi "$T/shot.ppm" && picture "$T/shot.ppm" 1024 600'
check "screenshot, PNG" eval '"$ctl" vm screenshot efi "$T/shot.png" && file "$T/shot.png" | grep "PNG image data, 1024 x 600"'
check "a screenshot that cannot be written" eval '! "$ctl" vm screenshot efi /proc/none.ppm 2> "$T/err" && cat "$T/err"'
[ "${SHOT:-}" ] && cp "$T/shot.png" "$SHOT"
check "stop: the guest powers off" timeout 700 "$ctl" vm stop efi --wait 600
check "the guest saw the power button" says "guest: the power button was pressed"
guest
check "the guest wrote to its disk" cmp -n 14 -i 512:0 "$T/disk0.img" <(printf "guest was here")
check "the guest wrote to its share" grep "guest was here" "$T/one/written"
check "the guest wrote to the other share" grep "guest was here" "$T/two, with a comma/written"
check "the guest says all of it" test "$(wc -l < "$T/said")" = $results
check "status: stopped" eval '! "$ctl" vm status efi > "$T/out" && grep stopped "$T/out"'
check "no file server is left" eval '! pgrep -f "$T/"'

# ---- the second boot
other=()
rust=$top/build/virtiofsd/virtiofsd
[ ! -x "$rust" ] || { cp -r "${rust%/*}" "$T/rust"; other=(--virtiofsd "$T/rust/virtiofsd"); }
if [ "$(id -u)" = 0 ]; then
	chown -R 65534:65534 "$T"/*.img "$T"/*.fd "$T/one" "$T/two, with a comma" "$T/nine"
	run_as user "${nobody[@]}"
else
	echo "# the second boot is by the same user: this is not root"
fi
sed -i s/stele.boot=1/stele.boot=2/ "$T/entry"
mcopy -D o -i "$T/usb.img" "$T/entry" ::/loader/entries/test.conf
check "start again" timeout 300 "$ctl" vm start "$T/efi.json" "${other[@]}"
check "the second boot" says "guest: last"
check "stop: now" timeout 60 "$ctl" vm stop efi --now
guest
check "the guest says all of it, again" test "$(wc -l < "$T/said")" = $(($(grep -c '^	ok "' "$top/test/vm/efi-init") + 2))
check "it has ended" ends
echo "1..$n"
exit $((bad != 0))
