#!/bin/bash
# perl: operators, a to l.
. "$(dirname "$0")/../perl.sh"
scripts 'op/[a-l]*.t'
finish
