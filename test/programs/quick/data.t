#!/bin/bash
# A small piece of each larger program; the whole of it is in the other groups.
. "$(dirname "$0")/../lib.sh"
seq 1 30000 | awk '{ print $1 * 7919 % 30011, "text " $1 % 97 }' > "$IN/t"
for c in "gzip -n" bzip2 "xz -0" "zstd -q"; do
	twin_sh "$c: round trip" "$c < t > z && $c -d < z | cmp - t && md5sum z && head -c 3000 z | $c -d | tail -c 20; echo \${PIPESTATUS[*]}"
done
twin_sh "tar" 'mkdir -p d/e; cp t d/e; ln -s e d/s; tar --sort=name --mtime=@0 -czf a.tgz d; tar -tvzf a.tgz; mkdir o; tar -xzf a.tgz -C o; cmp t o/d/e/t; md5sum < a.tgz'
{ echo 'CREATE TABLE t(a INT, b TEXT); CREATE INDEX i ON t(b); BEGIN;'; head -3000 "$IN/t" | awk '{ print "INSERT INTO t VALUES(" $1 ",'\''" $2 $3 "'\'');" }'
  echo 'COMMIT; SELECT b, count(*), sum(a), avg(a) FROM t GROUP BY b ORDER BY 3 DESC LIMIT 7; PRAGMA integrity_check;'; } > "$IN/s.sql"
twin_sh "sqlite3" 'sqlite3 db < s.sql; sqlite3 db "SELECT printf('\''%.10g %e'\'', 1.0/3, max(a)) FROM t"'
twin "jq" jq -n '[range(200) | {k: ("x\(. % 7)"), v: (. / 3)}] | group_by(.k) | map({(.[0].k): (map(.v) | add)}) | add, ("a1b22" | [match("[0-9]+"; "g").string])'
ENV="GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_DATE=@1700000000+0000 GIT_COMMITTER_DATE=@1700000000+0000" twin_sh "git" 'git init -q -b main r; cd r; git config user.name n; git config user.email e; cp ../t .; git add .; git commit -q -m one; sed -i 5d t; git commit -qam two; git log --stat --format=%H; git diff HEAD~1 | head; git fsck; rm -rf .git/index .git/logs'
twin_sh "openssl" 'openssl dgst -sha256 t; openssl dgst -sha3-256 t; openssl enc -aes-256-cbc -K 00 -iv 00 -in t 2>/dev/null | md5sum; openssl genpkey -algorithm ED25519 -out k; openssl pkeyutl -sign -rawin -inkey k -in t -out s; openssl pkey -in k -pubout -out p; openssl pkeyutl -verify -rawin -pubin -inkey p -in t -sigfile s; rm k s p'
twin "perl" perl -e 'my %h; $h{$_ % 97} += $_ for 1 .. 20000; print join(",", map { "$_=$h{$_}" } (sort { $a <=> $b } keys %h)[0..5]), "\n"; $_ = "The quick brown fox"; s/(\w+)/\u\L$1/g; print "$_ ", sprintf("%.15g %e %b", 1/3, 12345.678, 10), "\n"; print sort { $a cmp $b } map { chr(65 + $_ * 7 % 26) } 0 .. 25; print "\n", eval { die { a => 1 } } // $@->{a}, "\n"; print `echo child`; print pack("w/a*", "hi") eq "\x02hi" ? "ok\n" : "no\n"'
twin "python3" python3 -c 'import json, re, hashlib, zlib, struct, math, collections, subprocess, threading, decimal
print(json.dumps({"a": [1, 2.5, None, "é"]}), re.sub(r"(\w)(\d+)", r"\2\1", "a12 b34"), hashlib.sha256(b"x").hexdigest()[:16], zlib.crc32(b"hello"))
print(struct.pack("<dfq", 1.5, 2.25, -3).hex(), math.sin(1), math.gamma(5.5), 2**200, 10**30 // 7, float("1e-320"), repr(0.1 + 0.2))
print(collections.Counter("mississippi").most_common(), sorted(range(20), key=lambda x: x * 7 % 11), decimal.Decimal(2).sqrt())
r = []; t = [threading.Thread(target=lambda i=i: r.append(i * i)) for i in range(5)]; [x.start() for x in t]; [x.join() for x in t]; print(sorted(r))
print(subprocess.run(["sh", "-c", "echo child; exit 3"], capture_output=True))
try: 1 / 0
except ZeroDivisionError as e: print(e)'
twin "lua" lua5.4 -e 'local t = {} for i = 1, 2000 do t[i] = i * 7919 % 2003 end table.sort(t) print(t[1], t[1000], ("%.14g"):format(math.sin(1)), 2^53, 7 // 2, ("abc"):rep(3), pcall(error, "x"), string.format("%q", 1 / 3))'
# One file and no header: cc1, as and ld are large programs, and translating is slow under QEMU.
echo 'int printf(const char *, ...); int main(int c, char **v) { int s = 0; for (int i = 0; i < 999; i++) s += i * c ^ i; return printf("%d %.3f\n", s, 1.0 / c) & 3; }' > "$IN/p.c"
LIMIT=600 twin_sh "gcc" 'gcc -O1 -o p p.c && ./p a b; echo $?'
finish
