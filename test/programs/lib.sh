# lib.sh - sourced by the program tests (bash): TAP, and twins.
#
#   twin NAME PROGRAM ARGS...   runs an x86-64 program natively and under the translator, each in a fresh copy of $IN,
#                               and compares stdout, stderr, exit status and the files left behind
#   twin_sh NAME 'SCRIPT'       the same for bash -c SCRIPT: the shell and all its children
#   fresh                       empties $IN;  then write a test's input files there
#   finish                      the plan; the last line of every test
# SYSTEM=NAME, set before this file is sourced: both twins run in build/NAME, a system of its own (tool/setup NAME).
# Variables that a test may set for a twin: LIMIT seconds (120), STDIN file, FILTER a shell command that both outputs
# pass through (process ids, times), ENV more VAR=value words, WELL=1 natively it must succeed, without a word on stderr.
#
# The stele side runs under execwatch: an x86-64 program that runs natively there fails the test.
# TRANSLATOR="COMMAND" puts something else to the test; TRANSLATOR=native compares the native side with itself and
# so tries the tests alone. SHOW=1 prints the native outputs, TIMES=1 what each side took; KEEP=1 leaves the directories.
# STORE=1 writes the native results to truth/ (make truth); without an x86-64 CPU the translator is compared with these.
set -u
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
T=$(mktemp -d "${TMPDIR:-/tmp}/stele-test.XXXXXX") || exit 2
home=/mnt
native=("$top/build/host/execwatch" -n -w "$T/w")
watched=("$top/build/host/execwatch" -w "$T/w" -o "$T/natively")
TRANSLATOR=${TRANSLATOR:-$top/build/stele}
root=${SYSTEM:+$top/build/$SYSTEM}        # where x86-64 programs are
oracle=1                                # an x86-64 CPU, to compare with
[ -z "$root" ] || [ -d "$root/usr" ] || { echo "Bail out! no $root: tool/setup $SYSTEM"; exit 1; }
if [ "$(uname -m)" != x86_64 ]; then
	oracle= root=${root:-$top/build/root}
	TRANSLATOR="$TRANSLATOR -L $root"
	# No x86-64 file runs natively here; the namespaces are for order's sake.
	mkdir "$T/w"
	"${native[@]}" true 2>/dev/null || { native=(env) home=$T/w; }
	watched=("${native[@]}")
elif [ -n "$root" ]; then
	# Inside, the translator needs a file of its own.
	inside=$root/tmp/stele.$$
	mkdir -p "$root/mnt"
	native+=(-r "$root") watched+=(-r "$root")
	[ "$TRANSLATOR" = native ] || { cp "$TRANSLATOR" "$inside" && TRANSLATOR=${inside#"$root"}; }
fi
me=$(basename "$0" .t)
truth=$top/test/programs/truth/$(basename "$(cd "$(dirname "$0")" && pwd)")-$me
IN=$T/in
trap '[ -n "${KEEP:-}" ] && echo "# kept: $T" || { chmod -R u+w "$T"; rm -rf "$T"; }; rm -f "${inside-}"' EXIT
trap 'exit 130' INT TERM
mkdir "$IN"
count=0 failed=0
[ -z "${STORE:-}" ] || { mkdir -p "$(dirname "$truth")"; : > "$truth"; }

diag() { sed 's/^/# /' | cut -c1-300 | head -"${1:-20}"; }
pass() { count=$((count + 1)); echo "ok $count - $1"; }
fail() { count=$((count + 1)) failed=$((failed + 1)); echo "not ok $count - $1"; }
skip() { count=$((count + 1)); echo "ok $count - $1 # SKIP $2"; }
finish() { echo "1..$count"; exit $((failed > 0)); }
fresh() { rm -rf "$IN"; mkdir "$IN"; }

# side NAME COMMAND...: runs the command in a fresh copy of $IN, which it sees as /mnt; leaves $T/NAME/{out,err,
# status,files,w}
side() {
	local name=$1 start=$SECONDS; shift
	chmod -R u+w "$T/$name" "$T/w" 2>/dev/null
	rm -rf "${T:?}/$name" "$T/w"; mkdir "$T/$name"
	cp -a "$IN" "$T/w"
	(	cd "$T/w" || exit 2
		# shellcheck disable=SC2086
		exec env -i PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin HOME="$home" TMPDIR="$home" LANG=C.UTF-8 TZ=UTC \
			TERM=dumb SHELL=/bin/sh ${ENV:-} timeout -k 5 $((${LIMIT:-120} * ${LIMIT_SCALE:-1})) "$@"
	) < "${STDIN:-/dev/null}" > "$T/$name/out" 2> "$T/$name/err"
	echo $? > "$T/$name/status"
	[ -z "${TIMES:-}" ] || echo "# $name: $((SECONDS - start)) s"
	mv "$T/w" "$T/$name/w"
	# Not of the program: QEMU's farewell, and the process id in a shell's.
	sed -i -E '/^qemu: uncaught target signal/d; s/(line [0-9]+:) +[0-9]+ /\1 PID /' "$T/$name/err"
	if [ -n "${FILTER:-}" ]; then
		for f in out err; do bash -c "$FILTER" < "$T/$name/$f" > "$T/$name/f" && mv "$T/$name/f" "$T/$name/$f"; done
	fi
	(cd "$T/$name/w" && {
		find . -printf '%y %m %p %l\n' | sort -k3
		find . -type f -print0 | sort -z | xargs -0r sha256sum
	}) > "$T/$name/files"
}

record() { (cd "$T/$1" && echo "$2 $(cat status) $(cat out | sha256sum | cut -c1-16) $(cat err | sha256sum | cut -c1-16)" \
	"$(sha256sum < files | cut -c1-16)"); }

stored() { NAME=$1 awk '{ l = $0 } sub(/( [^ ]+){4}$/, "") && $0 == ENVIRON["NAME"] { print l }' "$truth" 2>/dev/null; }

twin() {
	local name=$1 program=$2 found what; shift 2
	case $program in
	*/*) found=$program ;;
	*)   found=$(PATH=$root/usr/local/bin:$root/usr/bin:$root/bin:$root/usr/sbin type -P "$program") || {
		fail "$name"; echo "# $program: not installed"; return; }
	     found=${found#"$root"} ;;
	esac
	if [ -n "$oracle" ]; then
		side native "${native[@]}" "$found" "$@"
		if [ -n "${WELL:-}" ] && { [ "$(cat "$T/native/status")" != 0 ] || [ -s "$T/native/err" ]; }; then
			fail "$name"
			echo "# natively: status $(cat "$T/native/status")"
			diag < "$T/native/err"
			return
		fi
		[ -z "${STORE:-}" ] || { record native "$name" >> "$truth"; pass "$name"; return; }
	elif [ -z "$(stored "$name")" ]; then
		skip "$name" "needs an x86-64 CPU"; return
	fi
	if [ "$TRANSLATOR" = native ]; then
		side stele "${native[@]}" "$found" "$@"
	else
		# shellcheck disable=SC2086
		side stele "${watched[@]}" $TRANSLATOR "$found" "$@"
	fi
	what=
	[ -z "${SHOW:-}" ] || (cd "$T/native" && tail -n "${SHOW/#1/15}" status out err | diag 99)
	if [ -s "$T/natively" ]; then what+=" children"; fi
	if [ -n "$oracle" ]; then
		for f in status out err files; do cmp -s "$T/native/$f" "$T/stele/$f" || what+=" $f"; done
	elif [ "$(record stele "$name")" != "$(stored "$name")" ]; then
		what+=" result"
	fi
	if [ -z "$what" ]; then pass "$name"; return; fi
	fail "$name"
	echo "# differs:$what"
	for f in $what; do
		case $f in
		children) diag 5 < "$T/natively"; rm "$T/natively" ;;
		result)   diag 40 < <(cd "$T/stele" && tail -n 12 status out err files) ;;
		*)        diff -a -u --label native-$f --label stele-$f "$T/native/$f" "$T/stele/$f" | diag 20 ;;
		esac
	done
	[ "$(cat "$T/stele/status")" != 124 ] || echo "# time limit of $((${LIMIT:-120} * ${LIMIT_SCALE:-1})) s"
}

twin_sh() { local name=$1 script=$2; shift 2; twin "$name" bash -c "$script" bash "$@"; }
