#!/bin/bash
# CPython: processes, signals, threads.
. "$(dirname "$0")/../python.sh"
qemu_fails "a signal that another thread sets to be ignored goes to address 1" test_stress_modifying_handlers
modules signal threading thread threadsignals queue fork1 wait3 wait4 popen pty resource sched ctypes
# Each of these starts a Python that is to crash; a few of them do.
IGNORE+=" -m test_sigsegv -m test_gil_released -m test_sigbus -m test_sigfpe -m test_fatal_error -m test_stack_overflow -m test_register -m test_register_chain -m test_disable -m test_dump_traceback_threads"
modules faulthandler
finish
