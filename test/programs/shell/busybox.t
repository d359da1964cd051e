#!/bin/bash
# busybox-static: a tour of its applets, each by name, and a long sh script that lives on them.
. "$(dirname "$0")/../lib.sh"
bb=$(PATH=$root/usr/bin:$root/bin type -P busybox) && bb=${bb#"$root"}

seq 1 3000 | awk '{ print $1 * 7919 % 3001, "word" $1 % 13, ($1 % 3 ? "odd" : "three") }' > "$IN/t"
printf 'a,b;c\td\r\nnext line\r\n\377\001binary' > "$IN/bin"
mkdir -p "$IN/d/e"; echo one > "$IN/d/1"; echo two > "$IN/d/e/2"; ln -s 1 "$IN/d/link"

# NAME ARGS..., a line each; the shell splits them, so quotes work.
while IFS= read -r line; do
	[ -n "$line" ] || continue
	eval "set -- $line"
	twin "busybox $line" "$bb" "$@"
done <<'APPLETS'
true
false
ascii
awk '{ s[$2] += $1 } END { for (k in s) print k, s[k] | "sort" }' t
base64 bin
basename /a/b/c.d .d
cal 2 2024
cat t
cksum t
cmp t bin
comm t bin
cp -r d d2
crc32 t
cut -d' ' -f2,3 t
date -u -d @1700000000 '+%F %T %j %U'
dc -e '12 34 * 5 + p'
dd if=t of=out bs=100 count=7 skip=3
diff t bin
dirname /a/b/c
dos2unix bin
du -a d
echo -e 'a\tb\x41'
ed t
expr 12 '*' 34 - 5
factor 1234567890123 97 1000003
fallocate -l 5000 big
find d -type f
fold -w 20 t
getopt -o ab: -- -b x -a y
grep -n -E 'word(1|2) odd' t
gzip -k t
bzip2 -k t
head -n 5 t
hexdump -C bin
id -u
install -d x/y/z
ln -s t sym
ls -la d/e
lzop -k t
md5sum t bin
mkdir -p a/b/c
mkfifo fifo
mktemp -u -p . fixed
mv d moved
nl t
od -A x -t x1z bin
paste t t
printf '%05d %x %s\n' 42 255 end
pwd
readlink d/link
realpath d/../t
rev t
rm -r d
rmdir d
sed -e '/odd/d' -e 's/word\([0-9]*\)/\1w/g' t
seq 5 3 50
sha1sum t
sha256sum t
sha512sum t
sha3sum t
shuf -i 1-1
sort -k2,2 -k1n t
split -l 1000 t
stat -c '%s %f %F %N' t d/link
strings t
sum t
tac t
tail -n 7 t
tar cf - t bin d
tee copy
test -d d
timeout 5 busybox true
touch -d @1000000 newfile
tr a-z A-Z
truncate -s 77 t
tsort t
uname -sm
unexpand t
uniq -c t
unix2dos t
usleep 10
uuencode t name
wc t bin
which sh
xargs -n 3 echo
xxd bin
APPLETS

cat > "$IN/long.sh" <<'S'
# bubble sort, primes, words, here-documents, functions, traps, subshells, arithmetic
i=2 primes= n=0
while [ $n -lt 120 ]; do
	p=1
	for d in $primes; do
		[ $((d * d)) -gt $i ] && break
		[ $((i % d)) -eq 0 ] && { p=0; break; }
	done
	[ $p = 1 ] && { primes="$primes $i"; n=$((n + 1)); }
	i=$((i + 1))
done
echo $primes
fib() { if [ $1 -lt 2 ]; then echo $1; else echo $(($(fib $(($1 - 1))) + $(fib $(($1 - 2))))); fi; }
fib 9
trap 'echo bye from trap' EXIT
trap 'echo usr1' USR1
kill -USR1 $$
sort -n t | while read a b c; do
	case $b in
	word1*) echo "$a:$c" ;;
	*) ;;
	esac
done | uniq | head -40
cat <<HERE | tr a-z A-Z
today $((6 * 7)) `echo back ticks`
$(for f in d/*; do echo "$f"; done)
HERE
x=abc.def.ghi
echo ${x%.*} ${x%%.*} ${x#*.} ${x##*.} ${#x} ${y:-unset}
(exit 3); echo "status $?"
echo "$@" | xargs -n1 | md5sum
for k in 1 2 3 4 5 6 7 8 9 10; do (echo $k; exit $k) & wait $!; echo "child $?"; done
cat t | (while read l; do echo "${l% *}"; done) | tail -3
mkfifo p; (echo through the fifo > p) & cat p; wait
set -- one "two words" three; for a; do echo "[$a]"; done; shift; echo $# "$*"
[ -f t ] && [ ! -d t ] && echo file
i=0; until [ $i -ge 50 ]; do i=$((i + 1)); : $(true); done; echo $i
S
LIMIT=300 twin "busybox sh, a long script" "$bb" sh long.sh a b c
twin "busybox as sh -c, children too" "$bb" sh -c "ls | $bb wc -l; $bb sh -c 'echo in \$0' name"
finish
