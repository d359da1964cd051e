#!/bin/bash
# perl: operators, m to z.
. "$(dirname "$0")/../perl.sh"
scripts 'op/[m-z]*.t'
finish
