#!/bin/bash
# Sets of flags, over virtiofs.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
exec "$top/test/vm/run" flags stele x86
