#!/bin/bash
# bash and dash: pipes, traps, here-documents, job control, 1,000 forks.
. "$(dirname "$0")/../lib.sh"

cat > "$IN/posix.sh" <<'S'
echo "args: $# $*"
trap 'echo EXIT trap' EXIT
trap 'echo got TERM' TERM
kill -TERM $$
trap '' INT; kill -INT $$; echo survived INT; trap - INT
cat <<A; cat <<'B'; cat <<-C
expanded $((1 << 20)) ${HOME##*/}
A
literal $((1 << 20))
B
	indented
	C
echo a b c | while read x y; do echo "$y/$x"; done
seq 1 300 | grep 7 | sort -rn | head -3 | tr '\n' ' '; echo
(echo out; echo err >&2) 2>&1 | cat -A
f() { local v=inner; echo $v; return 9; }; v=outer; f; echo $? $v
exec 3>file; echo to three >&3; exec 3>&-; cat file
exec 4<file; read line <&4; echo "$line"
for i in 1 2 3; do { sleep 0.0$i; exit $i; } & done; wait; echo waited
sh -c 'echo >ready; exec sleep 10' & p=$!; until [ -s ready ]; do :; done; { kill $p; wait $p; } 2>/dev/null; echo "killed: $?"
sh -c 'kill -9 $$'; echo "status $?"
(ulimit -n 20; ulimit -n)
set -- $(echo c a b | tr ' ' '\n' | sort); echo "$@"
case abc in a?c) echo match ;; esac
umask 027; : > masked; ls -l masked | cut -c1-10
test -e nowhere || echo no file
printf '%s\n' "$(printf 'x%.0s' 1 2 3 4 5)"
command -v cat >/dev/null && echo found
eval 'echo evaluated $((2*21))'
i=0; while :; do i=$((i+1)); [ $i = 5 ] && continue; [ $i -gt 8 ] && break; printf $i; done; echo
echo done | tee -a file | wc -c
nonexistent-command; echo $?
./file; echo $?
cd /; pwd; cd - >/dev/null
S
FILTER="sed 's/line [0-9]*: *[0-9]* /line N: PID /; s/[0-9]* Killed/PID Killed/; s/[0-9]* Terminated/PID Terminated/'"
for sh in bash dash; do
	twin "$sh: posix.sh" $sh posix.sh one two
	LIMIT=900 twin "$sh: 1,000 forks" $sh -c 'i=0; while [ $i -lt 1000 ]; do (exit $((i % 7))); s=$((s + $?)); i=$((i+1)); done; echo $s'
	LIMIT=600 twin "$sh: 100 programs" $sh -c 'i=0; while [ $i -lt 100 ]; do /bin/true && i=$((i+1)); done; echo $i'
	twin "$sh: a pipe of 20" $sh -c 'echo x'"$(for i in {1..20}; do printf '| sed s/x/xy/'; done)"
	twin "$sh: deep subshells" $sh -c '(((((((((echo deep; exit 4)))))))))'
done
unset FILTER
cat > "$IN/bash.sh" <<'S'
declare -A m=([one]=1 [two]=2); for k in "${!m[@]}"; do echo "$k=${m[$k]}"; done | sort
a=(5 3 9 1); for ((i = 0; i < ${#a[@]}; i++)); do for ((j = 0; j < i; j++)); do
	((a[j] > a[i])) && { t=${a[j]}; a[j]=${a[i]}; a[i]=$t; }; done; done; echo "${a[*]}"
[[ foo123bar =~ ([a-z]+)([0-9]+) ]] && echo "${BASH_REMATCH[2]}"
mapfile -t lines < <(seq 10); echo "${lines[@]:2:3}"
echo $((16#ff)) $((2**40)) $((-7 / 2)) $((-7 % 3)) $((1 ? 2 : 3))
x=hello; echo ${x^^} ${x/l/L} ${x//l/L} ${x:1:3}
coproc cat; echo to coproc >&${COPROC[1]}; read -r r <&${COPROC[0]}; echo "$r"; eval "exec ${COPROC[1]}>&-"; wait
set -o pipefail; false | true; echo "${PIPESTATUS[*]} $?"
trap 'echo ERR at $LINENO' ERR; false; trap - ERR
trap 'echo DEBUG >/dev/null' DEBUG; :; trap - DEBUG
diff <(echo a) <(echo b)
printf '%q %b %08.3f %x\n' 'a b' 'c\td' 3.14159 255
time_s=$SECONDS; sleep 0.1; ((SECONDS - time_s < 60)) && echo time
shopt -s extglob globstar; mkdir -p g/a/b; touch g/{1,2}.c g/a/3.c g/a/b/4.h; echo g/**/*.@(c|h)
read -r -t 0.2 v < <(sleep 2); echo "timed out: $(($? > 128))"
printf -v s '%s,' {1..50}; echo "${s%,}" | md5sum
fact() { (($1 < 2)) && echo 1 || echo $(($1 * $(fact $(($1 - 1))))); }; fact 15
exec {fd}>o; echo x >&$fd; exec {fd}>&-; cat o
BASH_ENV= bash -c 'echo "$0 $BASHPID" | sed "s/[0-9]*$/N/"' nm
bash -c 'set -m; sleep 0.2 & jobs -r | wc -l; wait %1; echo $?'
S
twin "bash: its own things" bash bash.sh
printf '#!/bin/bash\necho "script: $0 $*"; exec ./second "$@"\n' > "$IN/first"
printf '#!/usr/bin/env -S sh -e\necho "second: $0 $*"; exit 12\n' > "$IN/second"
printf '#!./first an-argument\n' > "$IN/third"
printf 'echo no hash-bang\n' > "$IN/plain"
chmod +x "$IN"/{first,second,third,plain}
twin_sh "#! scripts" './first a b; echo $?; ./third c; echo $?; ./plain; exec -a other /bin/sh -c "echo \$0"'
twin "a script given as the program" ./first x
finish
