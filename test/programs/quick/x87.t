#!/bin/bash
# The x87 and MMX against the CPU: random sequences in random states, in each kind of translation (test/guest/x87_*.c).
. "$(dirname "$0")/../lib.sh"

twin "sequences" "$top/build/guest/x87_seq"
ENV=STELE_HOT=1                     twin "sequences, hot" "$top/build/guest/x87_seq" 5000 1000
ENV=STELE_ORDER=tso                 twin "sequences, tso" "$top/build/guest/x87_seq" 6000 1000
ENV="STELE_ORDER=tso STELE_HOT=1"   twin "sequences, tso and hot" "$top/build/guest/x87_seq" 7000 1000
twin "transcendental functions" "$top/build/guest/x87_trans" 0 1000
finish
