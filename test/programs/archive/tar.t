#!/bin/bash
# tar: a tree of 20 MB packed and unpacked, with every kind of file and every compressor.
. "$(dirname "$0")/../lib.sh"
mkdir -p "$IN/tree"/{a,b/c/d,e}
for i in $(seq 40); do seq $i 77 $((i + 700000 * (i % 5 + 1) / 2)) > "$IN/tree/a/f$i"; done
head -c 6000000 < <(yes 'some text that repeats') > "$IN/tree/b/big"
truncate -s 3M "$IN/tree/b/sparse"; echo end >> "$IN/tree/b/sparse"
ln -s ../a/f1 "$IN/tree/b/sym"; ln "$IN/tree/a/f2" "$IN/tree/e/hard"; mkfifo "$IN/tree/e/fifo"
touch "$IN/tree/e/$(printf 'long%.0s' {1..50})"; chmod 640 "$IN/tree/a/f3"; chmod 2755 "$IN/tree/e"
find "$IN/tree" -exec touch -h -d @1700000000 {} +
tar="tar --sort=name --owner=0 --group=0 --mtime=@1700000000"
for z in "" --gzip --bzip2 --xz --zstd; do
	ENV="XZ_OPT=-0 GZIP=-1n BZIP2=-2" LIMIT=1200 FILTER="grep -v 'GZIP environment'" twin_sh "tar ${z:-plain}" "
		$tar $z -cf t.tar tree && tar -tvf t.tar --full-time | md5sum && mkdir out && tar -xpf t.tar -C out && diff -r --no-dereference tree/a out/tree/a &&
		stat -c '%A %s %n %h' out/tree/*/* | sort -k3 && rm -r tree && md5sum t.tar"
done
twin_sh "tar --sparse, incremental, update" "$tar -S -cf s.tar tree; stat -c %s s.tar; tar -rf s.tar -C tree a/f1; tar -tf s.tar | tail -2
	tar --delete -f s.tar a/f1; tar -tf s.tar | wc -l; tar -xOf s.tar tree/a/f5 | md5sum; tar -df s.tar; echo \$?; tar --exclude='f*' -cf - tree | tar -tf -; rm s.tar"
twin_sh "tar: bad input" 'echo nonsense > x.tar; tar -xf x.tar; echo $?; tar -cf y.tar nowhere; echo $?; head -c 70000 < <(tar -cf - tree/a) > cut.tar; tar -tf cut.tar | wc -l'
finish
