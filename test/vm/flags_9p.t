#!/bin/bash
# Sets of flags, over 9p.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
exec "$top/test/vm/run" -f 9p flags stele x86
