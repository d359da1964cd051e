#!/bin/bash
# CPython: subprocess. Each test starts a Python or two; ProcessTestCaseNoPoll repeats ProcessTestCase's.
. "$(dirname "$0")/../python.sh"
IGNORE+=" -i ProcessTestCaseNoPoll"
modules subprocess
finish
