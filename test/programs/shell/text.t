#!/bin/bash
# grep, sed, gawk; find | xargs.
. "$(dirname "$0")/../lib.sh"
for i in $(seq 1 4000); do echo "$i the quick brown fox $((i * i)) jumps over <b>lazy</b> dog-$((i % 17))@example.org"; done > "$IN/t"
printf 'café Ünïcödé\nstraße\n日本語 text\n' > "$IN/utf"
cat > "$IN/prog.awk" <<'A'
function fib(n) { return n < 2 ? n : fib(n - 1) + fib(n - 2) }
BEGIN { print fib(17); x["a"] = 1; print length(x), substr("hello", 2, 3), index("hello", "l"), toupper("mixed") }
{ split($NF, p, "@"); n[p[1]]++; sum += $6; if (match($0, /dog-[0-9]+/)) m[substr($0, RSTART, RLENGTH)] += $1 }
NR % 1000 == 0 { printf "%d %s %.6g %e\n", NR, $1, log(NR), exp(NR / 1000) }
END {
	PROCINFO["sorted_in"] = "@ind_str_asc"
	for (k in n) print k, n[k], m[k]
	print sum, sin(1), cos(1), atan2(1, 2), sqrt(2), int(-3.7), 2 ** 0.5, 1e300 * 1e10, -log(0)
	s = "aXbXc"; gsub(/X/, "-&-", s); print s, gensub(/(b)/, "[\\1]", 1, s), strftime("%F", 86400, 1)
	printf "%5.2f|%-8s|%08d|%x|%c|%i\n", 3.14159, "left", 42, 255, 65, "12abc"
	"echo from a pipe" | getline line; print line; print "sorted" | "sort"; close("sort")
	print and(12, 10), or(12, 10), xor(12, 10), lshift(1, 20), compl(0), 0x11, 1 == 1.0, "10" < "9", 10 < 9
}
A
twin "gawk" gawk -f prog.awk t
twin "gawk: fields, separators" gawk -F'[ @-]' -v OFS=: 'NR % 500 == 0 { $2 = "x"; print; print NF }' t
twin "gawk: records" gawk 'BEGIN { RS = ""; FS = "\n" } { print NF, $1 }' utf
twin "gawk --bignum" gawk -M 'BEGIN { print 2 ^ 200, 10 ^ 30 / 7 }'
twin "gawk: matrix" gawk 'BEGIN { for (i = 0; i < 40; i++) for (j = 0; j < 40; j++) { a[i, j] = i * j % 7; b[i, j] = i + j }
	for (i = 0; i < 40; i++) for (j = 0; j < 40; j++) { s = 0; for (k = 0; k < 40; k++) s += a[i, k] * b[k, j]; t += s } print t }'
twin "grep" grep -n 'fox 1[0-9]*6 ' t
twin "grep -E -o" grep -E -o '(dog|cat)-1[0-5]@' t
twin "grep -P" grep -P -c '^(\d+) .*(?<=dog-)(\d)@(?!org)' t
twin "grep -F -f" bash -c 'seq 1 50 4000 > pats; grep -F -w -f pats t | wc'
twin "grep -i, UTF-8" grep -i 'ü\|ß\|日' utf
twin "grep: back-references" grep -E '([0-9])\1\1\1' t
twin "grep -r -l -Z" bash -c 'mkdir -p r/s; cp t r/s/1; cp utf r/2; grep -r -l -Z fox r | tr "\0" "\n"; grep -rc fox r | sort'
twin "grep: none" grep -q nothing t
twin "grep: binary" bash -c 'printf "a\0b\n" > bin; grep a bin; grep -a a bin | od -c'
twin "sed" sed -n -E -e '/dog-3@/{s/([0-9]+) (the) (quick)/\3 \2 \1/;h;n;G;p}' -e '$=' t
twin "sed -i" bash -c 'sed -i.bak -e "s/<[^>]*>//g" -e "1~3d" -e "y/abc/xyz/" t; md5sum t t.bak'
twin "sed: branches" sed -E ':a;s/([0-9])([0-9]{3})($|[^0-9])/\1,\2\3/;ta;200q' t
twin "sed: w, r, c, i, a, e" sed -e '5w five' -e '6r utf' -e '7c changed' -e '8i before' -e '9a after' -e '10q' t
twin "find" bash -c 'mkdir -p a/{1..9}/{x,y}; for i in a/*/x; do seq ${i//[^0-9]/} > $i/f; done; touch -d @1000 a/3/x/f
	find a -name f -size -4c -printf "%p %s %y %d\n" | sort; find a -depth -type d -empty | sort; find a -newer a/3/x/f -type f | wc -l
	find a -name f -exec grep -c . {} + | sort; find a -regex ".*/[1-3]/x/f" -exec sh -c "wc -l < \$1" _ {} \; ; find a -type f -delete; find a | wc -l'
twin "find | xargs" bash -c 'mkdir d; for i in $(seq 300); do echo $i > "d/file $i"; done; find d -type f -print0 | sort -z | xargs -0 -n 20 cat | md5sum
	find d -type f -print0 | xargs -0 -P 4 -n 30 md5sum | sort | md5sum; seq 10 | xargs -I{} echo "<{}>"; echo a b | xargs -t -n1 echo 2>&1; echo "x" | xargs false; echo $?'
finish
