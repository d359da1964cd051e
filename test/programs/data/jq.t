#!/bin/bash
# jq: parsing, printing, numbers, regular expressions, its whole language in slices.
. "$(dirname "$0")/../lib.sh"
awk 'BEGIN { printf "["; for (i = 1; i <= 6000; i++) printf "%s{\"id\":%d,\"name\":\"n%d é \\u4e2d\\n\",\"v\":%.10g,\"tags\":[\"a%d\",null,true],\"o\":{\"x\":%d}}", (i > 1 ? "," : ""), i, i % 77, i / 3, i % 5, i * i; print "]" }' > "$IN/d.json"
while IFS= read -r f; do
	LIMIT=300 twin "jq '$f'" jq "$f" d.json
done <<'F'
length
.[0:3]
map(.v) | add, min, max
group_by(.name) | map({n: .[0].name, c: length, s: (map(.v) | add)}) | .[0:5]
[.[] | select(.id % 1000 == 0) | .o.x, (.v | sqrt, log, exp10?, floor)]
[.[0:20][] | .name | test("n1[0-9]"), ascii_upcase, length, utf8bytelength, @base64, @uri, @sh]
.[0] | to_entries, with_entries(.value |= tostring), [paths], keys, [.. | numbers]
reduce .[] as $i ({}; .[$i.name] += $i.v) | to_entries | sort_by(-.value) | .[0:4]
[limit(5; .[] | {id, v})] | @json, @text, (.[] | [.id, .v] | @csv, @tsv)
[range(0; 10; 3)], ("a,b,c" | split(",") | join("-")), ([1,[2,[3]]] | flatten), ("2015-03-05T23:51:47Z" | fromdate | todate)
def f: if . < 2 then . else (. - 1 | f) + (. - 2 | f) end; [range(15) | f]
[.[0:10][] | .name | [match("[0-9]+"; "g") | .string], sub("(?<d>[0-9])"; "<\(.d)>")]
[1e1000, -1e-400, 0.1 + 0.2, 1 / 3, 100000000000000000000, 3.0, 1.5e300 * 1e10, nan < 1, infinite]
try error("x") catch ., (try (1 / 0) catch .), ("abc" | ltrimstr("a"), explode, implode?), input_line_number
.[5999] | tojson | fromjson | tojson
.[] | .nothing[0]
F
twin "jq -S -c" jq -S -c '.[17:19]' d.json
twin "jq --stream" bash -c 'jq -c --stream . d.json | md5sum; jq -n "[inputs | .[0].id]" d.json; jq -r --arg x y --argjson n 5 "\$x, \$n" <<< 0; jq -e .[0].none d.json; echo $?'
twin "jq: bad input" bash -c 'echo "{\"a\": [1, }" | jq .; echo $?; jq "syntax error here(" d.json; echo $?; jq . nowhere; echo $?'
finish
