#!/bin/bash
# Into a machine and back, in short; make test-vm does it at length.
set -u
top=$(cd "$(dirname "$0")/.." && pwd)
exec "$top/test/vm/run" -s 1800 -e 600 smoke stele x86
