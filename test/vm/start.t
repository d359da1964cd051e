#!/bin/bash
# What starting a program costs in a machine, in instructions: at most 15 times what its ARM64 build costs.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
exec "$top/test/vm/run" -i start stele x86
