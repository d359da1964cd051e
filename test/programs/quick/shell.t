#!/bin/bash
# Shells and what they need most: fork, exec, pipes, signals, here-documents; busybox, which is static.
. "$(dirname "$0")/../lib.sh"
bb=$(PATH=$root/usr/bin:$root/bin type -P busybox) && bb=${bb#"$root"}
seq 1 200 > "$IN/t"
for sh in bash dash "$bb sh"; do
	twin "$sh: words and pipes" ${sh%% *} $([ "$sh" = "$bb sh" ] && echo sh) -c 'set -- $(cat t | grep 7); echo $# $3; echo ${1%?}-${0##*/} $((1 << 33)); x=$(cat <<H
here $((6 * 7)) $(echo nested)
H
); echo "$x"; f() { return $1; }; f 9; echo $?; (exit 3) || echo "sub $?"; case $x in here*) echo case;; esac'
	FILTER="sed 's/line [0-9]*: *[0-9]* /line N: PID /'" twin "$sh: traps, jobs" ${sh%% *} $([ "$sh" = "$bb sh" ] && echo sh) -c 'trap "echo exit" EXIT; trap "echo usr1" USR1; kill -USR1 $$; (sleep 0.05; exit 4) & wait $!; echo $?; sh -c "kill -9 \$\$" 2>/dev/null; echo $?; exec 3<t; read a <&3; echo $a'
	LIMIT=300 twin "$sh: 100 forks" ${sh%% *} $([ "$sh" = "$bb sh" ] && echo sh) -c 'i=0; while [ $i -lt 100 ]; do (exit $((i % 7))); s=$((s + $?)); i=$((i + 1)); done; echo $s'
done
printf '#!/bin/sh\necho "script $0 $1"; exec ./b "$@"\n' > "$IN/a"
printf '#!/usr/bin/env bash\necho "second $0 $1 ${BASH_VERSION%%%%.*}"; exit 12\n' > "$IN/b"
chmod +x "$IN/a" "$IN/b"
twin "#! scripts" ./a x
for a in "awk BEGIN{print(2^10,int(7/2))}" "sha256sum t" "sort -rn t" "find . -type f" "gzip -c t" "od -c t" "sed -n 5p t" "tar tf nothing" "uname -m" "expr 5 * 7" "dd if=t bs=10 count=2" "vi --help"; do
	set -f; twin "busybox $a" "$bb" $a; set +f
done
finish
