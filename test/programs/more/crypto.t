#!/bin/bash
# gpg and ssh-keygen: keys, signatures, encryption. Keys differ from run to run: they are judged by what they do.
SYSTEM=more; . "$(dirname "$0")/../lib.sh"
seq 1 20000 > "$IN/data"
LIMIT=600 FILTER="sed -E 's/[0-9A-F]{16,}/KEY/g; s/(created|made) .*/\\1/; /^gpg: +(using|issuer)/d'" twin_sh "gpg" 'export GNUPGHOME=/mnt/home; mkdir -m 700 home; g="gpg -q --batch --no-tty --pinentry-mode loopback --passphrase pw"
	gpg --print-md SHA256 data; gpg --print-md SHA3-512 data 2>&1 | tail -1; $g -c --cipher-algo AES256 -o c data && $g -d c | cmp - data && echo symmetric
	$g --quick-gen-key "T <t@example.org>" ed25519 sign 0 && $g -s -o s data && gpg --batch --verify s 2>&1 | grep -c Good; $g --list-keys --with-colons | cut -d: -f1-4 | grep -v tru | sort -u
	$g -b -a -o d data; echo x >> data; gpg --batch --verify d data 2>&1 | grep -c BAD; head -c 200 c | $g -d > /dev/null 2>&1; echo $?; gpgconf --kill all; rm -rf home c s d'
LIMIT=600 twin_sh "ssh-keygen" 'for t in ed25519 "rsa -b 2048" "ecdsa -b 384"; do rm -f k k.pub; ssh-keygen -q -t $t -N "" -f k -C me; ssh-keygen -y -f k | cut -d" " -f1,3 ; ssh-keygen -l -f k | cut -d" " -f1,3,4; ssh-keygen -Y sign -q -f k -n file data; echo "me $(cat k.pub)" > allowed; ssh-keygen -Y verify -f allowed -I me -n file -s data.sig < data | cut -d" " -f1-6; rm data.sig; ssh-keygen -p -q -P "" -N secret -f k; ssh-keygen -y -P wrong -f k 2>&1 | tail -1 | cut -c1-40; done; rm -f k k.pub allowed'
finish
