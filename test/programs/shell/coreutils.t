#!/bin/bash
# coreutils and diffutils, with the options that make them do something.
. "$(dirname "$0")/../lib.sh"
seq 1 5000 | awk '{ printf "%d key%02d %.4f text with spaces %x\n", $1 * 7919 % 5003, $1 % 37, $1 / 7, $1 }' > "$IN/t"
tail -n 2000 "$IN/t" > "$IN/u"
head -c 300000 /dev/zero | tr '\0' 'z' > "$IN/z"
printf '\000\001\377\200text\n' > "$IN/b"

while IFS= read -r line; do
	[ -n "$line" ] || continue
	twin_sh "$line" "$line"
done <<'LINES'
sort -k2,2 -k3,3g t | md5sum
sort --parallel=4 -S 64K -r t | sha1sum
sort -n t | uniq -w 3 -c | head -20
sort -u t > 1; sort -u u > 2; comm -12 1 2 | wc; comm -23 1 2 | wc; join -1 2 -2 2 <(sort -k2,2 t) <(sort -k2,2 u) | wc
cut -c1-5,9- t | paste - - - | expand -t 20 | fold -s -w 60 | md5sum
tr -d aeiou < t | tr -s ' ' | tr 'a-z' 'n-za-m' | cksum
head -c 1000 t | od -A d -t x2z -t d4 -t fF
split -n l/7 t part. && wc -l part.*
csplit -s t '/key05/' '{3}' && ls -s xx*
md5sum t u; sha1sum t; sha224sum t; sha256sum t; sha384sum t; sha512sum t; b2sum t; cksum t; sum t; sum -s t
md5sum t u b > sums; md5sum -c sums; echo x >> u; md5sum -c sums
base64 t | base64 -d | cmp - t; base32 b; basenc --z85 -w0 <<<'' ; basenc --base16 b
factor 18446744073709551557 123456789012345678 1000000007 600851475143; factor 340282366920938463463374607431768211297
seq -w 1 7 100; seq 0.1 0.1 1; seq 1e3 -250 0; seq -s, 10
numfmt --to=iec 1 1024 1500000 123456789012; numfmt --from=si 1K 2.5M; numfmt --grouping 1234567
printf '%d %i %o %x %X %e %g %f %s %c %b %q\n' 1 2 8 255 255 12345.678 0.0001 3.14 str c 'a\nb' 'a b'
expr 5 + 3 \* 2; expr length abcdef; expr match abc123 '[a-z]*'; expr substr abcdef 2 3; expr 4 / 0
test 3 -gt 2 -a -f t; echo $?; [ a = b -o -n x ]; echo $?
cp -a t copy; cp -l t hard; cp -s t soft; cp --sparse=always z sparse; ln -sf t link; stat -c '%s %h %F %N' copy hard soft link
mkdir -p -m 750 a/b/c; mv t a/b; rmdir a/b/c; rm -rf a; ls
install -m 640 t inst; ls -l --time-style=+ inst; touch -d '2020-02-29 12:34:56' inst; stat -c %y inst; date -r inst +%s
ls -laR --time-style=+ . ; ls -1S; ls -1t >/dev/null; ls -m; ls --color=always -1; dir; vdir --time-style=+ | head -3
chmod u=rwx,go=r t; chmod -R a+X .; stat -c %a t; chown "$(id -u)" t; chgrp 0 t; truncate -s 1M big; stat -c '%s %b' big
dd if=z of=o bs=1000 count=20 conv=swab status=none; dd if=z bs=7 skip=2 count=9 status=none | wc -c; dd if=/dev/zero of=o seek=5 bs=512 count=1 conv=notrunc status=none; md5sum o
tail -n 3 t; tail -c 20 t; tail -n +4998 t; tac t | head -2; nl -ba u | tail -2; rev=1; cat -A b; cat -n u | tail -1
tee a b c < t | wc; cmp a t && diff a b && diff3 a b c; sdiff -s t u | head -3; diff -u t u | tail -5; diff -rq . .
date -u -d '2024-02-29 +1 year' +%F; date -d '@86399' -u +%T; date -u -d 'last friday 2024-01-01' +%F; date -d nonsense; TZ=America/New_York date -d @1700000000
env -i A=1 B=2 env; env -u HOME printenv HOME; printenv TZ; nproc --all > /dev/null; arch; uname -s; uname -m; hostid > /dev/null
du -ab . | sort -n | tail -3; df -P / > /dev/null; pathchk -p 'a b'; basename -s .c a.c b.c; dirname /a/b a; realpath -m x/../y; readlink -f link
mktemp -u aXXX | wc -c; mkfifo f; (cat t > f) & head -1 f; mknod n p; ls n
timeout 0.3 sleep 5; echo $?; timeout -s KILL 0.3 sleep 5; echo $?; nice -n 3 nice; nohup true; stdbuf -oL echo buffered
yes | head -1000 | wc -l; shuf -i 1-100 --random-source=t | md5sum; shuf -n 5 --random-source=z t; tsort <<< 'a b b c c d'
pr -2 -l 20 -h title u | sed '/Page/d' | head -20; fmt -w 40 u | head -5; ptx -w 60 <<< 'a permuted index of words'; unexpand -a u | head -2
kill -l 9; kill -l TERM; id -u; id -un; groups; whoami; logname; tty; stty size; pwd -P; who > /dev/null; users > /dev/null
echo 'sync' && sync; true; false; echo $?; sleep 0.01; [ -t 0 ]; echo $?; link t t2; unlink t2; shred -n 1 -z -u u; ls u
cat nowhere; ls nowhere; cp t; rm nowhere; mkdir /proc/x; chmod 999 t; head -n x t; sort --bad; cut t
LINES
finish
