#!/bin/bash
# CPython: processes, signals, threads.
. "$(dirname "$0")/../python.sh"
modules subprocess signal threading thread threadsignals queue fork1 wait3 wait4 popen pty resource faulthandler \
sched ctypes
finish
