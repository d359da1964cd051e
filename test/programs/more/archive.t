#!/bin/bash
# zip, lz4, 7z: there and back; their files are compared byte for byte.
SYSTEM=more; . "$(dirname "$0")/../lib.sh"
mkdir -p "$IN/d/e"; seq 1 200000 > "$IN/d/numbers"; head -c 300000 < <(yes 'repeated line of text') > "$IN/d/e/same"
head -c 400000 < <(openssl enc -aes-128-ctr -K 00 -iv 00 -in /dev/zero 2>/dev/null) > "$IN/d/noise"; ln -s numbers "$IN/d/link"
find "$IN" -exec touch -h -d @1700000000 {} +
for o in -1 -9 -BD "-B4 --content-size -3"; do
	twin_sh "lz4 $o" "lz4 -q $o d/noise n.lz4; cat d/numbers d/e/same | lz4 -q $o > m.lz4; lz4 -dc n.lz4 | cmp - d/noise; lz4 -dc < m.lz4 | tail -c 30; md5sum *.lz4; head -c 5000 m.lz4 | lz4 -dq > /dev/null; echo \$?"
done
twin_sh "zip, unzip" 'zip -qrX a.zip d; zip -qrX0 b.zip d/numbers; zip -qryX -P secret c.zip d/e; unzip -l a.zip | sort | tail -4; unzip -qo a.zip -d o && diff -r d o/d; unzip -tq b.zip; unzip -Ptq -P wrong c.zip; unzip -p -P secret c.zip d/e/same | md5sum; md5sum a.zip b.zip; head -c 5000 a.zip > cut.zip; unzip -tq cut.zip; echo $?; rm c.zip'
LIMIT=900 FILTER="sed -E '/CPU|MHz|Threads|^7-Zip|^p7zip|Free space|^\$/d; s/[0-9]+ KiB//'" twin_sh "7z" '7z a -bd -mx=1 -mmt=1 a.7z d > /dev/null; 7z l -bd a.7z | grep -c numbers; 7z x -bd -oo a.7z > /dev/null && diff -r d o/d; 7z t -bd a.7z | tail -3; 7z a -bd -tzip -mx=1 z.zip d/e > /dev/null; 7z a -bd -m0=ppmd p.7z d/numbers > /dev/null; 7z e -bd -so p.7z | md5sum; 7z a -bd -mx=1 -mmt=2 -m0=lzma2 m.7z d/noise > /dev/null; 7z t -bd m.7z | tail -2; 7z h -scrcSHA256 d/noise | tail -4; md5sum a.7z p.7z m.7z; head -c 3000 a.7z > cut.7z; 7z t cut.7z > /dev/null 2>&1; echo $?'
twin_sh "rsync" 'rsync -a d/ copy/ && diff -r d copy; echo changed >> d/numbers; rsync -ai --checksum d/ copy/; rsync -a --delete --exclude=noise d/ copy2/; ls -R copy2; rsync nowhere x; echo $?'
finish
