#!/bin/bash
# perl: the language.
. "$(dirname "$0")/../perl.sh"
scripts 'base/*.t cmd/*.t comp/*.t lib/*.t'
finish
