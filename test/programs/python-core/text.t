#!/bin/bash
# CPython: text and data formats.
. "$(dirname "$0")/../python.sh"
modules json re bytes unicode unicodedata codecs string format textwrap difflib csv pickle marshal configparser \
hmac hashlib zlib bz2 lzma gzip datetime ipaddress uuid
finish
