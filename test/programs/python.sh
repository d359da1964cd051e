# python.sh - sourced by the python-* tests: slices of CPython's own test suite (package libpython3.*-testsuite). The
# verdict of every single test is compared, not only the module's.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# One user id is all there is in the tests' namespace, and vsock belongs to the machine: these fail natively as well.
IGNORE="-i test_user -i test_group -i test_extra_groups -i ThreadedVSOCK* -i BasicVSOCK*"

modules() {
	local m
	for m; do
		LIMIT=1500 FILTER="sed -nE 's/^(.*) [.]{3} (ok|FAIL|ERROR|skipped.*|expected failure|unexpected success)\$/\\1 ... \\2/p; s/^(Ran [0-9]+ tests?).*/\\1/p' | sort" \
			twin "test_$m" python3 -m test -v $IGNORE test_$m
	done
}

# Under user-mode QEMU a native ARM64 python fails these as well: left out of both sides there.
qemu_fails() {                          # qemu_fails REASON PATTERN...
	local reason=$1 p; shift
	[ -n "$oracle" ] && [ -z "${STORE:-}" ] || return 0
	for p; do
		IGNORE+=" -i $p"
		skip "$p" "under QEMU, $reason: ARM64's own python fails too"
	done
}
