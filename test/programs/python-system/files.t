#!/bin/bash
# CPython: files.
. "$(dirname "$0")/../python.sh"
qemu_fails "no preadv2 or pwritev2" test_preadv_flags test_pwritev_flags
modules mmap os posix pathlib shutil tempfile io file glob posixpath fcntl stat mailbox threadedtempfile \
genericpath
finish
