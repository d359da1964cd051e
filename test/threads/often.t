#!/bin/bash
# What goes wrong only now and then: each program with threads RUNS times (100), every run judged. PROGRAMS: others than these.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
runs=${RUNS:-100} n=0 bad=0
out=$(mktemp) || exit 2
trap 'rm -f "$out"' EXIT
cd "$top" || exit 2
for p in ${PROGRAMS:-thread_stress thread_align fork_threads smc split_lock}; do
	good=0
	for run in $(seq "$runs"); do
		timeout -k 5 "${LIMIT:-120}" build/host/execwatch -b build/stele "build/guest/$p" > "$out" 2>&1 < /dev/null
		s=$?
		if [ $s = 0 ] && [ "$(tail -n 1 "$out")" = "all as expected" ]; then
			good=$((good + 1))
		else
			echo "# $p, run $run: status $s"
			tail -n 20 "$out" | sed 's/^/# /'
		fi
	done
	n=$((n + 1))
	if [ $good = "$runs" ]; then echo "ok $n - $p: $good of $runs"; else echo "not ok $n - $p: $good of $runs"; bad=1; fi
done
echo "1..$n"
exit $bad
