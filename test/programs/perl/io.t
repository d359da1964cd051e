#!/bin/bash
# perl: input and output, Unicode.
. "$(dirname "$0")/../perl.sh"
scripts 'io/*.t uni/*.t'
finish
