#!/bin/bash
# demo.sh - does the demonstration show what README.md promises?
. "$(dirname "$0")/../../lib.sh"
[ -n "${HOLDFAST_BUILD:-}" ] || { echo "set HOLDFAST_BUILD to a built tree" >&2; exit 2; }

story "tests/demo"
out=$("$top/tests/demo" --build "$HOLDFAST_BUILD" 2>&1)
status=$?
equal "it ends well" 0 $status
check "with a verdict: $(tail -1 <<<"$out")" grep -q 'PASSED: n[12] lost its power, and clients missed the service for [0-9]* ms' <<<"$(tail -1 <<<"$out")"
equal "having shown the state three times" 3 "$(grep -c 'Full List of Resources' <<<"$out")"
[ "$failed" = 0 ] || tail -40 <<<"$out"
finish
