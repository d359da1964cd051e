#!/bin/bash
# The whole way into a machine with pages of 16 KiB: test/vm/guest/full says what it is.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
exec "$top/test/vm/run" -p 16k -e 1800 full stele x86 repo amd64 arm64
