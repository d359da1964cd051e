#!/bin/bash
# What stelectl refuses in a machine.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
exec "$top/test/vm/run" wrong stele x86 empty machine cut long
