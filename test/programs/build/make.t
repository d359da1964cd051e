#!/bin/bash
# Real packages built from source, by configure and make, and their own tests run: zlib and lua.
. "$(dirname "$0")/../lib.sh"
for p in zlib lua5.4; do [ -d "$top/build/src/$p" ] || { echo "Bail out! no build/src/$p: tool/setup programs"; exit 1; }; done

cp -r "$top/build/src/zlib" "$IN/zlib"
LIMIT=2400 twin_sh "zlib: configure, make, make test" 'cd zlib && ./configure > log && sed "s/^Building.*/Building/" log && make -j2 > make.log 2>&1 && make test 2>&1 | grep -v "^gcc" ; echo $?; md5sum *.a *.so.1; rm -f make.log *.o *.lo configure.log'
fresh
cp -r "$top/build/src/lua5.4" "$IN/lua"
cat > "$IN/t.lua" <<'L'
local t = {}
for i = 1, 3000 do t[#t + 1] = { k = i * 7919 % 3001, s = ("%05d"):format(i) } end
table.sort(t, function(a, b) return a.k < b.k end)
print(t[1].s, t[1500].s, #t, 7 // 2, -7 // 2, 7 % -3, 2^53, 1e15, 0x7fffffffffffffff + 1, math.pi, 1 / 0, -(0 / 0) ~= 0)
print(("hello world"):gsub("o", "0"), ("x=1,y=2"):match("y=(%d)"), ("abc"):rep(3, "-"), string.pack("<i4d", 7, 1.5):byte(1, -1))
local co = coroutine.wrap(function(a) for i = 1, 3 do a = a + coroutine.yield(a * i) end return "done" end)
print(co(1), co(2), co(3), co(4))
print(pcall(error, { code = 5 }), select("#", pcall(error)), tostring(nil), math.type(3), math.type(3.0), 3 | 4, ~0, "10" + 5)
local mt = setmetatable({}, { __index = function(_, k) return k .. "!" end, __call = function(_, x) return x * 2 end, __close = function() print("closed") end })
print(mt.foo, mt(21)); do local c <close> = mt end
for w in io.popen("echo from popen"):lines() do print(w) end
collectgarbage(); print(collectgarbage("count") > 0, os.time({ year = 2020, month = 1, day = 1, hour = 12 }), os.date("!%F", 0))
print(#string.dump(load("return 1 + ...")), load("return 1 + ...")(41), utf8.char(228, 8364), utf8.len("äö€"))
L
LIMIT=2400 twin_sh "lua: make, run" 'cd lua && make -s linux 2>&1 | grep -v -e "^gcc" -e "^cd" ; ./src/lua -v && ./src/lua ../t.lua && ./src/luac -l -p ../t.lua | sed "s/0x[0-9a-f]*//g" | md5sum && md5sum src/*.a; rm -f src/*.o'
twin "lua5.4, the machine's" lua5.4 t.lua
finish
