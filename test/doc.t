#!/bin/bash
# The documents: every stelectl command in them is understood (its --help is given once its words are), what stelectl
# config is said to print is what it prints, and what they link to is there.
top=$(cd "$(dirname "$0")/.." && pwd)
T=$(mktemp -d) || exit 1
trap 'rm -rf "$T"' EXIT
: > "$T/out"; : > "$T/err"
ctl() { timeout 60 "$top/build/host/stelectl" "$@" > "$T/out" 2> "$T/err" < /dev/null; }
. "$top/test/ctl.sh"
cd "$top" || exit 1

# One command a line: from blocks and from `words`; comments, sudo, paths and what follows a && are cut off.
commands() {
	{	sed -n 's/^\(    \|\t\)\(\$ \)\?//p' "$1" | grep -v '^ *#'
		tr '\n' ' ' < "$1" | grep -o '`[^`]*`' | tr -d '`'
	} | sed 's/  *#.*//; s/[;|&][;|&]*/\n/g' | sed -n 's,^\(.* \)\?\([^ ]*/\)\?stelectl \([a-z].*\),\3,p'
}
understood() { local words; eval "words=($1)"; says 0 "usage: stelectl" "${words[@]}" --help; }
pages=(README.md doc/*.md)
for p in "${pages[@]}"; do
	while read -r line; do
		check "$p: stelectl $line" understood "$line"
	done < <(commands "$p" | sort -u)
done
check "an option that is not there is noticed" eval '! understood "register --mnt TAG"'
check "the commands are found"          test $n -gt 30

# A block that begins with "$ stelectl config": the lines after it.
shown() { awk -v want="    \$ stelectl $2" 'on && !/^    / { exit } on { print substr($0, 5) } $0 == want { on = 1 }' "$1"; }
prints() { local words; eval "words=($2)"; ctl "${words[@]}" && diff <(shown "$1" "$2") "$T/out"; }
blocks=0
for p in "${pages[@]}"; do
	while read -r line; do
		blocks=$((blocks + 1))
		check "$p: what $line prints" prints "$p" "$line"
	done < <(sed -n 's/^    \$ stelectl \(config .*\)/\1/p' "$p")
done
check "the blocks are found"            test $blocks -ge 6

for p in "${pages[@]}"; do
	for l in $(grep -ow '[a-z0-9/]*\.md' "$p" | sort -u); do
		check "$p: $l is there" eval '[ -f "$l" ] || [ -f "doc/$l" ]'
	done
	for l in $(grep -ow 'test/[a-z0-9_/.]*[a-z]\.t' "$p" | sort -u); do
		check "$p: $l is there" test -f "$l"
	done
	for l in $(tr '\n' ' ' < "$p" | grep -o '`make [a-z-]*' | sed 's/.* //' | sort -u); do
		case $l in test-hosts-?*) grep -q "test-hosts-%:" Makefile ;; test-programs-?*) [ -d "test/programs/${l#test-programs-}" ] ;; *) grep -q "^$l:" Makefile ;; esac
		check "$p: make $l is there" test $? = 0
	done
done
echo "1..$n"
exit $((bad != 0))
