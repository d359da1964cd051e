#!/bin/bash
# Signals, threads, processes and code that changes, by programs that print what they find and judge it too
# (test/guest). sig_canon is not here: it needs a real ARM64 kernel.
. "$(dirname "$0")/../lib.sh"

for p in sig_frame sig_fault sig_flags sig_null sig_align sig_step sig_rep sig_stack sig_restart \
         thread_stress thread_align misaligned fork_threads \
         smc fetch returns split_lock seg_regs \
         cpu_told absent pcmpstr fused; do
	twin "$p" "$top/build/guest/$p"
done
for p in xsave avx_loops; do                    # without FEAT_LSE2 AVX works, but does not promise what it should
	ENV=STELE_HOST=+lse2 twin "$p" "$top/build/guest/$p"
done
for o in +lse2 +lse2,-fcma +lse2,-afp; do
	for p in nan_sign fp_loops; do
		ENV=STELE_HOST=$o twin "$p, STELE_HOST=$o" "$top/build/guest/$p"
	done
done
for o in STELE_ORDER=auto STELE_ORDER=tso STELE_HOT=1; do
	for p in mask_fault sig_repair; do
		ENV="$o STELE_HOST=+lse2" twin "$p, $o" "$top/build/guest/$p"
	done
done
for o in +lse2 +lse2,-sha1,-sha2,-aes,-pmull; do
	ENV=STELE_HOST=$o twin "sha_gfni, STELE_HOST=$o" "$top/build/guest/sha_gfni"
done
for o in STELE_ORDER=tso "STELE_ORDER=tso STELE_HOST=-lse,-lrcpc"; do
	for p in sig_fault split_lock; do
		ENV=$o twin "$p, $o" "$top/build/guest/$p"
	done
done
twin "sig_canon, branches" "$top/build/guest/sig_canon" branches
ENV=STELE_HOT=1 twin "sig_flags, STELE_HOT=1" "$top/build/guest/sig_flags"
ENV="STELE_ALIGN=exact STELE_HOST=+lse2" twin "sig_align, STELE_ALIGN=exact" "$top/build/guest/sig_align" x
finish
