#!/bin/bash
# The x87 and MMX against the CPU, in random states and each kind of translation (test/guest/x87_*.c). Only Intel's CPUs keep
# the pointers of the last instruction as stele does: elsewhere they are compared with what such a CPU left.
intel() { grep -qw GenuineIntel /proc/cpuinfo; }
[ -z "${STORE:-}" ] || intel || { echo "1..0 # skip: the truth kept is an Intel CPU's"; exit; }
. "$(dirname "$0")/../lib.sh"
g=$top/build/guest

pointers_twin() {
	[ -z "$oracle" ] || intel || { ENV="${ENV:-} X87_POINTERS=0" twin "$1, without pointers" "${@:2}"; local oracle=; }
	twin "$@"
}

pointers_twin "every opcode" "$g/x87_all"
pointers_twin "transcendental functions" "$g/x87_trans" 0 1000
twin "53 bits of precision" "$g/x87_prec"
ENV=STELE_X87=double twin "53 bits, by doubles" "$g/x87_prec"
ENV="STELE_X87=double STELE_HOT=0" twin "53 bits, by doubles, hot" "$g/x87_prec"
ENV=STELE_X87=double pointers_twin "MMX beside doubles" "$g/x87_mmx"
first=0
for how in STELE_HOT= STELE_HOT=0 STELE_ORDER=tso "STELE_ORDER=tso STELE_HOT=0"; do
	ENV=$how pointers_twin "sequences, $how" "$g/x87_seq" $first 2000
	ENV=$how pointers_twin "MMX, $how" "$g/x87_mmx"
	first=$((first + 2000))
done
finish
