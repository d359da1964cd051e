#!/bin/bash
# Programs of text and numbers that no machine need have: mawk, bc, dc, ed, m4, vim, less, file, flex, bison.
SYSTEM=more; . "$(dirname "$0")/../lib.sh"
seq 1 4000 | while read -r i; do echo "$((i * 7919 % 4001)) key$((i % 37)) text with spaces"; done > "$IN/t"
printf 'one\ntwo\nthree\n' > "$IN/s"
for awk in mawk original-awk; do
	twin "$awk: sums and printf" $awk '{ s[$2] += $1 } END { for (k in s) printf "%s %d %.3f\n", k, s[k], log(s[k]) | "sort"; close("sort"); print substr("hello", 2, 3), toupper("x"), 2 ^ 10, -7 % 3 }' t
	twin "$awk: patterns and fields" $awk -F'[ y]' '/key3[0-4]/ && $1 > 3000 { gsub(/t+/, "<&>"); n++; $2 = ""; if (n < 20) print } END { print NR, n, match("foobar", /o+/), RSTART, RLENGTH; while (("echo a b; echo c" | getline l) > 0) print split(l, p), l }' t
done
cat > "$IN/t.bc" <<'B'
scale = 60; 4 * a(1); e(1); l(2); s(1); sqrt(2); 2 ^ 300
define f(n) { if (n < 2) return 1; return n * f(n - 1); }
f(60); for (i = 0; i < 5; i++) x[i] = i * i; x[4]; obase = 16; 2 ^ 64 - 1; ibase = 2; 101101; 1 / 0
B
twin_sh "bc" 'bc -l t.bc < /dev/null; echo $?'
twin "dc" dc -e '40k 2v p 3 7/p 0k 16o 255p 10o [la1+dsa5>x]sx 0sa lxx la p 2 1000^p 5 3 100|p z 1 0/ [done]p'
twin_sh "ed" 'printf "%s\n" 2d "1,\$s/e/E/g" a "a new line" . w q | ed -s s; cat s; echo "nonsense" | ed -s s; echo $?'
cat > "$IN/t.m4" <<'M'
define(`fact', `ifelse($1, 0, 1, `eval($1 * fact(decr($1)))')')fact(N)
syscmd(echo from m4)len(abc) translit(abc, a-c, A-C) format(%05d, 42) regexp(`GNUs not Unix', `\<[a-z]\w+') esyscmd(echo sub)
divert(1)later divert(0)now forloop undivert(1) define(x, 3)ifdef(`x', `eval(x ** 7, 16)') include(none)
M
twin "m4" m4 -DN=12 t.m4
twin_sh "vim -es" 'vim.basic -Nu NONE -i NONE -es +"%s/key\(\d\+\)/<\1>/g" +"g/<7>/m0" +"let @a = 1 + 2" +"put a" +"sort n" +"wq" t; echo $?; head -5 t; md5sum t
	vim.basic -Nu NONE -i NONE -es +"call writefile(map(range(1, 20), \"printf('\''%d %g %s'\'', v:val, sqrt(v:val), tr(v:val, '\''123'\'', '\''abc'\''))\"), \"o\")" +qa; cat o; vim.basic --version | head -3'
twin_sh "less" 'less -FX s; less t | tail -2; less -N s < /dev/null; less nowhere; echo $?'
twin_sh "file" 'file -b /bin/bash t s /etc/passwd /usr/bin/ruby3.1 /usr/share/misc /dev/null | cut -c1-120; printf "\211PNG\r\n\032\n\0\0\0\rIHDR\0\0\0\20\0\0\0\20\10\6" | file -; printf "PK\3\4" | file -i -; file -z t; file nowhere'
cat > "$IN/calc.y" <<'Y'
%{
#include <stdio.h>
int yylex(void); void yyerror(const char *s) {}
%}
%token NUM
%left '+' '-'
%left '*'
%%
all: | all e '\n' { printf("%d\n", $2); };
e: NUM | e '+' e { $$ = $1 + $3; } | e '-' e { $$ = $1 - $3; } | e '*' e { $$ = $1 * $3; } | '(' e ')' { $$ = $2; };
%%
Y
printf '%%option noyywrap\n%%%%\n[0-9]+ { return 1; }\n[a-z]+|"if"|"while" { return 2; }\n"/*"([^*]|\\*+[^*/])*\\*+"/" ;\n.|\\n { return yytext[0]; }\n%%%%\n' > "$IN/lex.l"
LIMIT=300 twin_sh "bison, flex" 'bison -v -d calc.y; echo $?; flex -o lex.c lex.l; echo $?; wc -l *.c *.h; bison nofile.y; echo $?'
finish
