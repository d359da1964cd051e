#!/bin/bash
# Node.js: V8's interpreter and compilers, regular expressions and WebAssembly as machine code, workers.
. "$(dirname "$0")/../jit.sh"
cat > "$IN/t.js" <<'EOF'
const { Worker, isMainThread, parentPort, workerData } = require('worker_threads');
const crypto = require('crypto'), zlib = require('zlib'), fs = require('fs'), cp = require('child_process');
const say = (...a) => console.log(...a);

if (!isMainThread) {
	const a = new Int32Array(workerData);
	for (let i = 0; i < 20000; i++) Atomics.add(a, 0, 1);
	parentPort.postMessage('done');
	return;
}
function fib(n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
say(process.arch, fib(25));
const h = crypto.createHash('sha256');
for (let i = 0; i < 500; i++) h.update('x' + i);
say(h.digest('hex'), crypto.createHmac('md5', 'k').update('v').digest('base64'));
const b = Buffer.from('stele '.repeat(10000));
say(zlib.inflateSync(zlib.deflateSync(b)).equals(b), zlib.brotliDecompressSync(zlib.brotliCompressSync(b.subarray(0, 999))).length);
say('The quick brown fox'.replace(/(\w+) (\w+)/g, '$2 $1'), /^(a+)+$/.test('a'.repeat(18) + 'b'), 'äöü'.normalize('NFD').length);
const m = new Map();
for (let i = 0; i < 50000; i++) m.set('k' + i, i * 1.5);
let s = 0;
for (const [, v] of m) s += v;
say(s, [3, 1, 2, 10].sort(), JSON.stringify({ a: [1, { b: null }], c: 1e21, d: -0 }), 0.1 + 0.2, Math.sin(1e22), 2n ** 100n % 97n, 1 << 33, -5 >>> 28, 5 % -3, NaN | 0, 2 ** 53 + 1);
class A { get x() { return 1; } }
class B extends A { get x() { return super.x + 1; } }
const o = new B();
let t = 0;
for (let i = 0; i < 200000; i++) t += o.x;
for (let i = 0; i < 100; i++) t += (i == 99 ? { x: 'shape', y: 1 } : o).x.length || 0;    /* what the compiler counted on is over */
say(t);
try { (function f() { f(); })(); } catch (e) { say(e.constructor.name); }
try { null.x; } catch (e) { say(e.message); }
const f64 = new Float64Array(2000).map((_, i) => Math.sqrt(i) - i / 7), i32 = new Int32Array(f64);
for (let k = 0; k < 30; k++) for (let i = 1; i < 2000; i++) { f64[i] += f64[i - 1] * 0.5; i32[i] = i32[i] * 31 + i32[i - 1] | 0; }
say(f64[1999], i32[1999], new Intl.NumberFormat('de').format(1234567.89), new Date(0).toISOString());
function* g() { for (let i = 0; i < 3; i++) yield i; }
say([...g()], cp.execSync('echo child').toString());

(async () => {
	const wasm = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 1, 7, 1, 96, 2, 127, 127, 1, 127, 3, 2, 1, 0, 7, 7, 1, 3, 97, 100, 100, 0, 0, 10, 9, 1, 7, 0, 32, 0, 32, 1, 106, 11]);
	say('wasm', (await WebAssembly.instantiate(wasm)).instance.exports.add(40, 2));
	let n = 0;
	for await (const c of fs.createReadStream(__filename)) n += c.length;
	say('read', n);
	const shared = new SharedArrayBuffer(8);
	await Promise.all([1, 2, 3].map(() => new Promise(r => new Worker(__filename, { workerData: shared }).on('message', r))));
	say('workers', new Int32Array(shared)[0]);
	const server = require('http').createServer((q, r) => r.end('hello ' + q.url)).listen(0, '127.0.0.1', () =>
		require('http').get({ host: '127.0.0.1', port: server.address().port, path: '/a' }, r => { r.on('data', d => say(String(d))); r.on('end', () => server.close()); }));
	process.on('exit', c => say('exit', c));
})();
EOF
LIMIT=600 twin "node" node t.js
LIMIT=900 twin "node, all of it compiled" node --always-opt t.js
LIMIT=600 twin "node, interpreted" node --no-opt --no-sparkplug t.js
finish
