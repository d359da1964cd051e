# jit.sh - sourced by the jit tests: programs in build/jit that write code and run it. Natively they must succeed.
SYSTEM=jit WELL=1; . "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
