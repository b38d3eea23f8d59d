#!/bin/sh
# golden.sh - `make check`: the transcripts of tests/cli against the program that was built.
top=${srcdir:-.}
exec "$top/tests/cli/run" ./holdfast "$top"/tests/cli/*.t
