#!/bin/bash
# sqlite3 over a script of 100,000 rows, and its SQL: joins, indexes, windows, JSON, full text, transactions.
. "$(dirname "$0")/../lib.sh"
{	echo "PRAGMA journal_mode=DELETE; CREATE TABLE t(id INTEGER PRIMARY KEY, k INT, name TEXT, v REAL); BEGIN;"
	awk 'BEGIN { for (i = 1; i <= 100000; i++) printf "INSERT INTO t VALUES(%d,%d,'\''name %d %x'\'',%.6f);\n", i, i * 7919 % 10007, i % 321, i * 31, i / 7 }'
	cat <<-'S'
	COMMIT;
	CREATE INDEX tk ON t(k, name);
	SELECT count(*), sum(k), avg(v), min(name), max(name) FROM t;
	SELECT k % 10 AS d, count(*), round(total(v), 3) FROM t GROUP BY d HAVING count(*) > 10 ORDER BY 3 DESC;
	SELECT a.id, b.id, a.name FROM t a JOIN t b ON a.k = b.k AND a.id < b.id WHERE a.k BETWEEN 100 AND 103 ORDER BY 1, 2 LIMIT 40;
	SELECT name, v, row_number() OVER (PARTITION BY k % 3 ORDER BY v DESC) FROM t WHERE id % 9999 = 1;
	UPDATE t SET v = v * 1.5, name = upper(name) WHERE k < 500;
	DELETE FROM t WHERE id % 17 = 0;
	SELECT count(*), sum(v), group_concat(substr(name, 1, 4)) FROM (SELECT * FROM t WHERE k < 20 ORDER BY id LIMIT 50);
	WITH RECURSIVE f(n, a, b) AS (SELECT 1, 0, 1 UNION ALL SELECT n + 1, b, a + b FROM f WHERE n < 80) SELECT n, b FROM f WHERE n % 10 = 0;
	SELECT json_extract(j, '$.a[1]'), json_array_length(j, '$.a') FROM (SELECT json_object('a', json_array(1, 2.5, id)) AS j FROM t LIMIT 3);
	SELECT printf('%.15g %e %s', 1.0/3, 12345.678, hex(zeroblob(4))), 1e308 * 10, 9223372036854775807 + 1, abs(-5), 7 / 2, -7 % 3, 2.5 || 'x';
	SELECT strftime('%Y-%j', 1700000000, 'unixepoch'), julianday('2024-02-29'), instr('hello', 'l'), typeof(NULL), quote('it''s');
	CREATE VIRTUAL TABLE ft USING fts5(body); INSERT INTO ft SELECT name FROM t WHERE id < 3000;
	SELECT count(*) FROM ft WHERE ft MATCH 'name AND 7'; SELECT snippet(ft, 0, '[', ']', '..', 4) FROM ft WHERE ft MATCH '12' LIMIT 3;
	CREATE VIRTUAL TABLE r USING rtree(id, x0, x1); INSERT INTO r SELECT id, v, v + 1 FROM t WHERE id < 2000; SELECT count(*) FROM r WHERE x0 > 100 AND x1 < 150;
	SAVEPOINT s; DELETE FROM t; ROLLBACK TO s; SELECT count(*) FROM t;
	EXPLAIN QUERY PLAN SELECT * FROM t WHERE k = 5 AND name > 'a';
	PRAGMA integrity_check; VACUUM; PRAGMA page_count;
	S
} > "$IN/script.sql"
LIMIT=1200 twin_sh "sqlite3: 100,000 rows" 'sqlite3 db < script.sql && sqlite3 db .dump | md5sum && rm script.sql'
LIMIT=600 twin_sh "sqlite3: WAL, in memory" 'sed s/DELETE\;/WAL\;/ script.sql | head -20000 > s; echo "COMMIT; SELECT sum(v) FROM t;" >> s; sqlite3 wal.db < s; sqlite3 :memory: < s; rm -f wal.db*'
twin_sh "sqlite3: two writers" 'sqlite3 db "CREATE TABLE t(a)"; for i in 1 2 3; do (for j in 1 2 3 4 5 6; do sqlite3 -cmd ".timeout 60000" db "INSERT INTO t VALUES($i * 100 + $j)"; done) & done; wait; sqlite3 db "SELECT a FROM t ORDER BY a"; rm db'
twin_sh "sqlite3: modes and errors" 'for m in csv json column box html line quote tabs; do sqlite3 -cmd ".mode $m" :memory: "SELECT 1 AS a, '\''x,y'\'' AS b, NULL AS c, 1.5 AS d"; done
	sqlite3 :memory: "SELEC 1"; echo $?; echo garbage garbage > bad.db; sqlite3 bad.db "SELECT * FROM t"; echo $?; sqlite3 /nowhere/db "SELECT 1 FROM x"; echo $?'
finish
