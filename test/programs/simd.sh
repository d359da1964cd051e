# simd.sh - sourced by the simd tests: programs in build/simd that choose their code by CPUID.
SYSTEM=simd WELL=1; . "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# Where BLAS and libpulse are: no maintainer script has entered them anywhere.
ENV="LD_LIBRARY_PATH=/usr/lib/x86_64-linux-gnu/openblas-pthread:/usr/lib/x86_64-linux-gnu/pulseaudio"
