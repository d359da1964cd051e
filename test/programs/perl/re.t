#!/bin/bash
# perl: regular expressions.
. "$(dirname "$0")/../perl.sh"
scripts 're/*.t'
finish
