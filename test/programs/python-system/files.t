#!/bin/bash
# CPython: files.
. "$(dirname "$0")/../python.sh"
modules mmap os posix pathlib shutil tempfile io file glob posixpath fcntl stat mailbox threadedtempfile \
genericpath
finish
