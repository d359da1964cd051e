#!/bin/bash
# CPython: numbers and bytes.
. "$(dirname "$0")/../python.sh"
modules float math cmath complex fractions int long decimal statistics random pow range strtod numeric_tower \
struct array binascii base64 bool memoryview
finish
