#!/bin/bash
# CPython: sockets and event loops.
. "$(dirname "$0")/../python.sh"
modules socket select poll epoll selectors time
finish
