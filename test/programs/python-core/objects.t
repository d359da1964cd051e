#!/bin/bash
# CPython: the language and its objects.
. "$(dirname "$0")/../python.sh"
modules list dict set tuple slice sort iter generators coroutines augassign descr exceptions compile ast gc \
weakref copy enum dataclasses typing contextlib itertools functools collections heapq bisect deque operator
finish
