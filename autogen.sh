#!/bin/sh
# autogen.sh - makes ./configure from configure.ac; run once in a fresh clone.
set -e
cd "$(dirname "$0")"
exec autoreconf --force --install --warnings=all
