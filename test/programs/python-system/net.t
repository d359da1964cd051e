#!/bin/bash
# CPython: sockets and event loops.
. "$(dirname "$0")/../python.sh"
qemu_fails "recvmsg loses MSG_CTRUNC" testCmsgTruncLen* test*CmsgTruncLen0Minus1 test*CmsgTruncInData testSecondCmsgTrunc1 \
	testSecondCmsgTrunc2Int
modules socket select poll epoll selectors time
finish
