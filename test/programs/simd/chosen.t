#!/bin/bash
# What libraries choose by CPUID: each has code for x86-64-v3's vectors, AES and SHA, and says which it takes.
. "$(dirname "$0")/../simd.sh"

# says NAME PATTERN PROGRAM ARGS...: what the program prints under the translator.
says() {
	local name=$1 pattern=$2; shift 2
	# shellcheck disable=SC2086
	LIMIT=300 side stele "${watched[@]}" $TRANSLATOR "$@"
	if grep -qE -- "$pattern" "$T/stele/out" "$T/stele/err"; then pass "$name"; return; fi
	fail "$name"
	diag 20 < <(cat "$T/stele/out" "$T/stele/err")
}

says "ld.so: x86-64-v3" '^ *x86-64-v3 \(supported, searched\)' /lib64/ld-linux-x86-64.so.2 --help
says "x264: AVX2, FMA3, BMI2" 'cpu capabilities:.* FMA3 .*BMI2 AVX2$' /usr/bin/x264 --frames 1 --input-res 16x16 -o /dev/null /dev/zero --input-csp i420 --demuxer raw
says "libavutil: AVX2, FMA3, BMI2, AES" '^True$' /usr/bin/python3 -c 'import ctypes
have = ctypes.CDLL("libavutil.so.57").av_get_cpu_flags()
want = 0x8000 | 0x10000 | 0x40000 | 0x80000
print(have & want == want)'
says "OpenBLAS: Haswell's kernels" '^Haswell$' /usr/bin/python3 -c 'import ctypes
name = ctypes.CDLL("libopenblas.so.0").openblas_get_corename
name.restype = ctypes.c_char_p
print(name().decode())'
says "numpy: FMA3, AVX2" '^AVX AVX2 F16C FMA3$' /usr/bin/python3 -c 'from numpy.core._multiarray_umath import __cpu_features__ as f
print(*(k for k in ("AVX", "AVX2", "AVX512F", "F16C", "FMA3") if f[k]))'
# OPENSSL_ia32cap: CPUID 1 EDX, ECX, then 7.0 EBX, ECX: AES-NI is bit 57, AVX 60; AVX2 5, BMI2 8, ADX 19, SHA 29; VAES 41
says "OpenSSL: AES-NI, AVX2, BMI2, ADX, SHA, VAES" '^True$' /usr/bin/python3 -c 'import subprocess
said = subprocess.run(["openssl", "info", "-cpusettings"], capture_output=True, text=True).stdout
one, seven = (int(x, 16) for x in said.strip().split("=")[1].split(":"))
print(all(one >> b & 1 for b in (57, 60)) and all(seven >> b & 1 for b in (5, 8, 19, 29, 41)))'
finish
