#!/bin/bash
# openssl: every digest and many ciphers against known data, keys, certificates, TLS on the loopback.
. "$(dirname "$0")/../lib.sh"
seq 1 60000 > "$IN/data"
twin_sh "digests" 'for d in $(openssl list -digest-commands); do echo "$d $(openssl dgst -$d data 2>&1 | tail -1)"; done'
twin_sh "hmac, kdf" 'openssl dgst -sha256 -hmac key data; openssl mac -macopt key:key -macopt digest:SHA512 -in data HMAC; openssl kdf -keylen 20 -kdfopt digest:SHA256 -kdfopt pass:p -kdfopt salt:s -kdfopt iter:200 PBKDF2; openssl passwd -6 -salt salt secret; openssl passwd -apr1 -salt salt secret'
# The SHA instructions: are they told of and taken, and do they give what the code without them does?
twin_sh "digests by SHA instructions and without" 'for d in sha1 sha224 sha256; do
	with=$(openssl dgst -$d -r data) without=$(OPENSSL_ia32cap=:~0x20000000 openssl dgst -$d -r data)
	echo "$with"; [ "$with" = "$without" ] || echo "without: $without"; done
	c=$(openssl info -cpusettings); c=${c##*:}; ! grep -q SteleVirtual /proc/cpuinfo || ((c >> 29 & 1)) || echo "not told of SHA: $c"
	openssl speed -seconds 1 -bytes 1024 -evp sha256 > speed 2>&1; echo "speed: $?"; rm speed'
k="-K 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f -iv 0f0e0d0c0b0a09080706050403020100"
LIMIT=900 twin_sh "ciphers" 'for c in aes-128-cbc aes-192-cbc aes-256-cbc aes-128-ctr aes-256-ctr aes-128-cfb aes-256-cfb8 aes-128-ofb aes-256-ecb camellia-256-cbc chacha20 aria-128-cbc sm4-cbc des-ede3-cbc; do
	openssl enc -$c '"$k"' -in data -out e 2>err && openssl enc -d -$c '"$k"' -in e 2>>err | cmp - data && echo "$c $(md5sum < e)" || { echo "$c failed"; cat err; }; done'
twin_sh "enc with a password" 'openssl enc -aes-256-cbc -pbkdf2 -S 0123456789abcdef -pass pass:word -a -in data -out e; openssl enc -d -aes-256-cbc -pbkdf2 -S 0123456789abcdef -pass pass:word -a -in e | cmp - data && md5sum e'
# Keys differ from run to run: check them by what they do, and drop them.
LIMIT=900 twin_sh "genrsa, sign, verify" 'openssl genrsa -out k 2048 2>/dev/null && openssl rsa -in k -pubout -out p 2>/dev/null && openssl rsa -in k -check -noout && openssl dgst -sha256 -sign k -out s data && openssl dgst -sha256 -verify p -signature s data
	head -c 100 data > m; openssl pkeyutl -encrypt -pubin -inkey p -in m -out c && openssl pkeyutl -decrypt -inkey k -in c | cmp - m && echo same; rm -f k p s c'
LIMIT=900 twin_sh "req, x509, ca" 'openssl req -x509 -newkey rsa:2048 -nodes -keyout k -out c -days 30 -subj "/C=DE/O=Stele/CN=test" 2>/dev/null; openssl x509 -in c -noout -subject -issuer; openssl verify -CAfile c c
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k2 -out r -subj /CN=leaf 2>/dev/null; openssl req -in r -noout -verify -subject; openssl x509 -req -in r -CA c -CAkey k -CAcreateserial -days 3 -out c2 2>/dev/null; openssl verify -CAfile c c2; rm -f k k2 c c2 r c.srl *.srl'
LIMIT=900 twin_sh "curves" 'for t in "EC -pkeyopt ec_paramgen_curve:P-256" "EC -pkeyopt ec_paramgen_curve:P-384" "EC -pkeyopt ec_paramgen_curve:secp256k1" ED25519 X25519 ED448 X448; do openssl genpkey -algorithm $t -out k && openssl pkey -in k -pubout -out p && openssl pkey -in k -check -noout 2>&1; case $t in ED*) openssl pkeyutl -sign -rawin -inkey k -in data -out s && openssl pkeyutl -verify -rawin -pubin -inkey p -in data -sigfile s;; EC*) openssl dgst -sign k -out s data && openssl dgst -verify p -signature s data;; esac; done; rm -f k p s'
twin_sh "known vectors" 'printf abc | openssl dgst -sha256 -r; printf "" | openssl dgst -sha3-512 -r; openssl prime 170141183460469231731687303715884105727; openssl asn1parse -genstr UTF8:hi; openssl base64 <<< text; openssl ecparam -name prime256v1 -text -noout
	printf 00112233445566778899aabbccddeeff | xxd -r -p | openssl enc -aes-128-ecb -nopad -K 000102030405060708090a0b0c0d0e0f | xxd -p'
LIMIT=600 FILTER="grep -E '^(Protocol|Cipher|    Protocol|    Cipher|Verification|olleh|subject|New, )' | sort -u" twin_sh "TLS server and client" 'openssl req -x509 -newkey rsa:2048 -nodes -keyout k -out c -days 30 -subj /CN=localhost 2>/dev/null
	for v in -tls1_3 -tls1_2; do openssl s_server $v -accept 127.0.0.1:45443 -key k -cert c -rev -naccept 2 > got 2>&1 & s=$!; for i in $(seq 200); do (exec 3<>/dev/tcp/127.0.0.1/45443) 2>/dev/null && break; sleep 0.1; done
	: > said; { echo hello; for i in $(seq 300); do grep -q olleh said && break; sleep 0.1; done; } | openssl s_client $v -connect 127.0.0.1:45443 -CAfile c > said; cat said; wait $s; done; rm -f k c got said'
finish
