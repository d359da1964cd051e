# ctl.sh - what the tests of stelectl share: sourced, after T (a directory of the test's own) and ctl (runs stelectl, its
# output to $T/out and $T/err) are there.
n=0 bad=0

check() {                               # check NAME COMMAND...: the command's status says it
	local name=$1
	shift
	n=$((n + 1))
	if "$@" > "$T/log" 2>&1; then echo "ok $n - $name"
	else bad=$((bad + 1)); echo "not ok $n - $name"; sed 's/^/# /' "$T/log" "$T/out" "$T/err"; fi
}
has() { grep -Fq -- "$1" "$2"; }
says() {                                # says STATUS TEXT ARGUMENTS...: stdout or stderr has the text
	local status=$1 text=$2
	shift 2
	ctl "$@"
	[ $? = "$status" ] && cat "$T/out" "$T/err" > "$T/both" && has "$text" "$T/both"
}
skip() { n=$((n + 1)); echo "ok $n # skip $*"; }
nobody=()                               # a user without rights
[ "$(id -u)" != 0 ] || nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
as_nobody() { "${nobody[@]}" "$@"; }
