#!/bin/bash
# numpy, OpenBLAS and libm: every bit of every result. Both sides take the code of a machine without AVX-512.
. "$(dirname "$0")/../simd.sh"
off=$(printf '%s,' AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL)
ENV+=" NPY_DISABLE_CPU_FEATURES=${off%,} OPENBLAS_CORETYPE=Haswell GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX512F,-AVX512VL,-AVX512BW PYTHONWARNINGS=ignore"
for threads in 1 4; do
	ENV+=" OPENBLAS_NUM_THREADS=$threads"
	LIMIT=900 twin "BLAS and LAPACK with $threads threads" python3 -c 'import hashlib, numpy as np
g = np.random.default_rng(7)
def show(what, *a):
    for x in a: print(what, x.dtype, x.shape, hashlib.sha256(np.ascontiguousarray(x).tobytes()).hexdigest()[:24])
for t in (np.float32, np.float64, np.complex64, np.complex128):
    for n in (1, 3, 7, 16, 33, 64, 100, 161):
        a, b = (g.standard_normal((n, n)).astype(t) for _ in range(2))
        v = g.standard_normal(n).astype(t)
        show("gemm", a @ b, a.T @ b, a @ b.T, (a * (1 + 1j)).astype(t) @ b)
        show("gemv", a @ v, v @ a); show("dot", np.array(np.vdot(v, v))); show("ger", np.outer(v, v)); show("syrk", a @ a.T)
    a = g.standard_normal((60, 60)).astype(t); s = a @ a.conj().T + 60 * np.eye(60, dtype=t)
    show("solve", np.linalg.solve(a, a[:, :5])); show("inv", np.linalg.inv(a)); show("chol", np.linalg.cholesky(s))
    show("qr", *np.linalg.qr(a)); show("svd", *np.linalg.svd(a)); show("eigh", *np.linalg.eigh(s)); show("eig", *np.linalg.eig(a)); show("lstsq", np.linalg.lstsq(a[:, :9], a[:, 10], rcond=None)[0])'
done
LIMIT=900 twin "numpy's own loops" python3 -c 'import hashlib, numpy as np
np.seterr(all="ignore")
g = np.random.default_rng(3)
def show(what, x): print(what, x.dtype, hashlib.sha256(np.ascontiguousarray(x).tobytes()).hexdigest()[:24])
# The sign and payload of a NaN are of the instruction that made it: they count too.
for t in (np.float16, np.float32, np.float64):
    x = np.concatenate([g.standard_normal(1003) * 10.0 ** g.integers(-30, 30, 1003), [0, -0.0, 1, -1, np.inf, -np.inf, np.nan, 1e-310, 1e-42]]).astype(t)
    y = np.roll(x, 5)
    for f in (np.exp, np.exp2, np.expm1, np.log, np.log2, np.log10, np.log1p, np.sin, np.cos, np.tan, np.arcsin, np.arccos, np.arctan, np.sinh, np.cosh, np.tanh, np.arcsinh,
              np.sqrt, np.cbrt, np.square, np.reciprocal, np.floor, np.ceil, np.trunc, np.rint, np.abs, np.sign, np.isnan, np.signbit, np.frexp, np.modf, np.spacing, np.negative):
        r = f(x)
        for k in r if isinstance(r, tuple) else (r,): show(f.__name__, k)
    for f in (np.add, np.subtract, np.multiply, np.divide, np.power, np.fmod, np.remainder, np.floor_divide, np.maximum, np.minimum, np.fmax, np.fmin, np.hypot, np.arctan2, np.copysign, np.nextafter, np.logaddexp, np.less, np.equal):
        show(f.__name__, f(x, y))
    for f in (np.sum, np.prod, np.mean, np.var, np.cumsum, np.sort, np.argsort, np.median, np.max, np.argmin): show(f.__name__, np.asarray(f(x[:1003])))
    for n in (np.int32, np.int64, np.uint8, np.float16): show("cast", x[:1003].clip(-100, 100).astype(n))
for t in (np.int8, np.uint16, np.int32, np.uint64):
    a, b = (g.integers(1, np.iinfo(t).max, 777, dtype=t) for _ in range(2))
    for f in (np.add, np.multiply, np.floor_divide, np.remainder, np.bitwise_xor, np.left_shift, np.gcd, np.maximum, np.greater): show(f.__name__, f(a, b % 8 if f is np.left_shift else b))
    show("sort", np.sort(a)); show("popcount", np.packbits(a & 1)); show("sum", np.asarray(a.sum())); show("take", a[np.argsort(b)])
for n in (8, 30, 127, 1024): show("fft", np.fft.fft(g.standard_normal(n))); show("rfft", np.fft.rfft(g.standard_normal(n)))
show("einsum", np.einsum("ij,jk,kl", *g.standard_normal((3, 20, 20)))); show("convolve", np.convolve(g.standard_normal(100), g.standard_normal(9))); show("poly", np.polyfit(range(9), g.standard_normal(9), 3))'
LIMIT=900 twin "libm, by its FMA variants" python3 -c 'import hashlib, math, random, struct
random.seed(11)
x = [random.uniform(-1, 1) * 10.0 ** random.randint(-300, 300) for _ in range(3000)] + [random.uniform(-8, 8) for _ in range(6000)]
for f in (math.sin, math.cos, math.tan, math.exp, math.expm1, math.atan, math.sinh, math.tanh, math.erf, math.gamma, math.lgamma, math.log2, math.log, math.log1p, math.asin):
    h, e = hashlib.sha256(), 0
    for v in x:
        try: h.update(struct.pack("<d", f(v)))
        except (ValueError, OverflowError): e += 1
    print(f.__name__, e, h.hexdigest()[:24])
h = hashlib.sha256()
for a, b in zip(x, x[1:]):
    try: h.update(struct.pack("<ddd", math.atan2(a, b), math.hypot(a, b), math.pow(abs(a), b % 8)))
    except OverflowError: h.update(b"o")
print("two operands", h.hexdigest()[:24])' 
finish
