#!/bin/bash
# The x87 and MMX against the CPU, in random states and each kind of translation (test/guest/x87_*.c).
. "$(dirname "$0")/../lib.sh"
g=$top/build/guest

twin "every opcode" "$g/x87_all"
twin "transcendental functions" "$g/x87_trans" 0 1000
twin "53 bits of precision" "$g/x87_prec"
ENV=STELE_X87=double twin "53 bits, by doubles" "$g/x87_prec"
ENV="STELE_X87=double STELE_HOT=0" twin "53 bits, by doubles, hot" "$g/x87_prec"
ENV=STELE_X87=double twin "MMX beside doubles" "$g/x87_mmx"
first=0
for how in STELE_HOT= STELE_HOT=0 STELE_ORDER=tso "STELE_ORDER=tso STELE_HOT=0"; do
	ENV=$how twin "sequences, $how" "$g/x87_seq" $first 2000
	ENV=$how twin "MMX, $how" "$g/x87_mmx"
	first=$((first + 2000))
done
finish
