#!/bin/bash
# How programs come into being: execve in all its forms (test/guest/exec.c), scripts, what /proc says, large stacks.
. "$(dirname "$0")/../lib.sh"

fresh; cp "$top/build/guest/exec" "$IN/exec"
twin "execve and execveat" ./exec

fresh
printf '#!/bin/sh\necho "$0" "$@"\n' > "$IN/s"
printf '#!/bin/echo one two\n' > "$IN/s0"
for i in 1 2 3 4 5 6; do printf '#!./s%d\n' $((i - 1)) > "$IN/s$i"; done
printf 'echo no line, $0\n' > "$IN/bare"
chmod +x "$IN"/*
twin_sh "scripts" './s 1 2; ./s4 x; ./s5 x; ./s6 x; ./bare 3; sh ./bare 4; echo $?'
twin_sh "names"   '(exec -a my-name sh -c "echo \$0; tr \"\\0\" : < /proc/\$\$/cmdline"); cat /proc/self/comm; cat < /proc/self/comm
	cat /proc/self/environ | tr "\0" "\n" | sort; readlink /proc/self/exe'
twin_sh "failures" 'for f in ./missing / /etc/passwd ./s/x ""; do "$f"; echo $?; done 2>&1; exec ./missing'
for k in 512 8192 100000 unlimited; do
	old=$(ulimit -Ss)
	ulimit -Ss $k
	twin "a stack of $k KiB" "$top/build/guest/stack"
	ulimit -Ss "$old"
done
finish
