#!/bin/bash
# System calls by hand: what differs between x86-64 and ARM64, errors, /proc (test/guest/sys_*.c); and -L, a foreign
# root. sys_vm is not here: it needs a real ARM64 kernel.
. "$(dirname "$0")/../lib.sh"

for p in stat open old epoll ipc fault misc code proc; do
	twin "sys_$p" "$top/build/guest/sys_$p"
done

# in_root NAME 'SCRIPT' 'OUTPUT': a shell with $T/root as its root.
busybox=$(PATH=$root/usr/bin:$root/bin type -P busybox)
R=$T/root
mkdir -p "$R"/{usr/bin,etc/alternatives,proc}
cp "$busybox" "$R/usr/bin/busybox"
for a in sh cat ls readlink awk; do ln -s /etc/alternatives/$a "$R/usr/bin/$a"; ln -s /usr/bin/busybox "$R/etc/alternatives/$a"; done
echo here > "$R/etc/only-here"
echo inside > "$R/etc/passwd"
ln -s /etc/only-here "$R/etc/absolute"
ln -s ../etc/only-here "$R/usr/relative"
ln -s /etc "$R/usr/etc"
in_root() {
	local got
	got=$(cd / && "$top/build/host/execwatch" "$top/build/stele" -L "$R" "$R/usr/bin/busybox" sh -c "PATH=/usr/bin; $2" 2>&1 < /dev/null)
	if [ "$got" = "$3" ]; then pass "$1"; else fail "$1"; diag <<< "$got"; fi
}
in_root "-L: a file that is only there"  'cat /etc/only-here'                        here
in_root "-L: a file that is there, too"  'cat /etc/passwd'                           inside
in_root "-L: a file that is not there"   'cat /proc/sys/kernel/ostype'               Linux
in_root "-L: absolute links stay inside" 'cat /etc/absolute /usr/etc/absolute'       $'here\nhere'
in_root "-L: relative links and dots"    'cat /usr/relative /usr/../etc/only-here /../etc/only-here' $'here\nhere\nhere'
in_root "-L: a link is not followed"     'readlink /etc/absolute'                    /etc/only-here
in_root "-L: the directory"              'cd /usr/etc; pwd -P; ls -d alternatives'   $'/etc\nalternatives'
in_root "-L: children"                   "awk 'BEGIN { print 1 + 1 }' | cat"         2
in_root "-L: the program's name"         'readlink /proc/self/exe'                   /usr/bin/busybox
in_root "-L: a new file is the host's"   "echo x > $T/new; ls $T/new"                "$T/new"
in_root "-L: what is there is written"   'echo y > /etc/only-here; cat /etc/only-here' y
finish
