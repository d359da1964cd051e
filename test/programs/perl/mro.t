#!/bin/bash
# perl: classes.
. "$(dirname "$0")/../perl.sh"
scripts 'mro/*.t'
finish
