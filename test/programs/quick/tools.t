#!/bin/bash
# One line of each everyday tool.
. "$(dirname "$0")/../lib.sh"

seq 1 2000 | awk '{ print $1, $1 % 7, "line " $1 * 3 }' > "$IN/t"
twin "true" true
twin "false" false
twin "echo" /bin/echo a  b
twin "cat" cat t
twin "cat: no file" cat nope
twin "ls -l" ls -l --time-style=+ t
twin "sort | uniq -c" bash -c "cut -d' ' -f2 t | sort -n | uniq -c"
twin "grep -c" grep -c '9.*7$' t
twin "sed" sed -n -e 's/line \([0-9]*\)/\1!/p;500q' t
twin "gawk" gawk '{ s[$2] += $1 } END { for (i = 0; i < 7; i++) printf "%d %d %.3f\n", i, s[i], sqrt(s[i]) }' t
twin "find | xargs" bash -c 'mkdir -p d/{a,b,c}/{1,2}; touch d/{a,b,c}/{1,2}/f; find d -type f | sort | xargs -n2 echo'
twin "sha256sum" sha256sum t
twin "date" date -d @1234567890 +%FT%T
twin "exit status" sh -c 'exit 42'
twin "killed" sh -c 'kill -SEGV $$'
finish
