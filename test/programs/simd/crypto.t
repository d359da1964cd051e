#!/bin/bash
# OpenSSL's own AES-NI, VAES, SHA, AVX2 and MULX code, and libdeflate's: what comes out is the same on every path.
. "$(dirname "$0")/../simd.sh"
seq 1 150000 > "$IN/data"
head -c 100003 "$IN/data" > "$IN/odd"
key=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
LIMIT=600 twin_sh "ciphers" 'for c in aes-{128,192,256}-{cbc,ctr,ecb,ofb,cfb,cfb8} chacha20 camellia-256-cbc aria-128-ctr; do
	openssl enc -$c -K '$key' -iv 0f0e0d0c0b0a09080706050403020100 -in odd -out c 2>&1 && sha256sum < c && openssl enc -d -$c -K '$key' -iv 0f0e0d0c0b0a09080706050403020100 -in c -out d 2>&1 && cmp d odd && echo $c || exit; done; rm -f c d'
LIMIT=600 twin_sh "digests" 'for d in md5 sha1 sha224 sha256 sha384 sha512 sha512-256 sha3-256 sha3-512 shake128 blake2b512 blake2s256 sm3 ripemd160; do openssl dgst -$d data odd; openssl dgst -$d -hmac key odd; done 2>&1
	openssl mac -cipher aes-128-cbc -macopt hexkey:000102030405060708090a0b0c0d0e0f -in odd CMAC; openssl mac -cipher aes-256-gcm -macopt hexkey:'$key' -macopt iv:000102030405060708090a0b -in odd GMAC; openssl mac -macopt hexkey:'$key' -in odd Poly1305'
LIMIT=900 twin "authenticated ciphers, through Python's ssl library" python3 -c 'import ctypes, hashlib
c = ctypes.CDLL("libcrypto.so.3")
for n in ("EVP_CIPHER_CTX_new", "EVP_get_cipherbyname"): getattr(c, n).restype = ctypes.c_void_p
data = open("odd", "rb").read()
key = bytes(range(64))
for name in ("aes-128-gcm", "aes-256-gcm", "aes-128-ccm", "aes-256-ocb", "aes-256-xts", "chacha20-poly1305"):
    for n in (0, 1, 15, 16, 17, 127, 128, 255, 256, 257, 1000, 4096, 65535, len(data)):
        if "xts" in name and n < 16: continue
        x = ctypes.c_void_p(c.EVP_CIPHER_CTX_new())
        out, got, tag = ctypes.create_string_buffer(n + 64), ctypes.c_int(), ctypes.create_string_buffer(16)
        algo = ctypes.c_void_p(c.EVP_get_cipherbyname(name.encode()))
        ok = c.EVP_EncryptInit_ex(x, algo, None, None, None)
        if "ccm" in name: ok += c.EVP_CIPHER_CTX_ctrl(x, 0x11, 16, None)
        ok += c.EVP_EncryptInit_ex(x, None, None, key, key[:16])
        if "ccm" in name: ok += c.EVP_EncryptUpdate(x, None, ctypes.byref(got), None, n)
        ok += c.EVP_EncryptUpdate(x, out, ctypes.byref(got), data, n)
        if "xts" not in name:
            ok += c.EVP_EncryptFinal_ex(x, out, ctypes.byref(got)) + c.EVP_CIPHER_CTX_ctrl(x, 0x10, 16, tag)
        print(name, n, ok, hashlib.sha256(out.raw).hexdigest()[:16], tag.raw.hex())
        c.EVP_CIPHER_CTX_free(x)'
LIMIT=900 FILTER="sed -E 's,^[0-9A-F]{16}:,,'" twin_sh "public keys" 'for t in "RSA -pkeyopt rsa_keygen_bits:2048" "EC -pkeyopt ec_paramgen_curve:P-256" "EC -pkeyopt ec_paramgen_curve:P-384" ED25519 X25519; do
	openssl genpkey -quiet -algorithm $t -out k && openssl pkey -in k -pubout -out p; case $t in X*) openssl pkeyutl -derive -inkey k -peerkey p | wc -c;;
	ED*) openssl pkeyutl -sign -rawin -in odd -inkey k -out s; openssl pkeyutl -verify -rawin -in odd -pubin -inkey p -sigfile s;; *) openssl dgst -sha256 -sign k -out s odd; openssl dgst -sha256 -verify p -signature s odd; openssl dgst -sha256 -verify p -signature s data; esac; done 2>&1; rm -f k p s'
LIMIT=600 twin_sh "libdeflate" 'for l in 1 3 6 9 12; do libdeflate-gzip -$l -k -n -S .z$l data && sha256sum < data.z$l && libdeflate-gunzip -c -S .z$l data.z$l | cmp - data && echo $l || exit; done; rm -f data.z*'
finish
