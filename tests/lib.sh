# lib.sh - what every test script shares: counting, waiting, a lab that dies with the script.
#
#   . "$(dirname "$0")/../lib.sh"
#   story "what is being told"          a heading
#   check "a claim" CMD...              passes if CMD does; else shows what CMD printed
#   refute "a claim" CMD...             passes if CMD fails
#   pass / fail "a claim" [why]
#   skip "a claim" "what is missing"    counted as skipped, never as passed; for what a machine cannot do
#   need TOOL...                        ends as failed if one is missing: tests/packages is to name what brings it
#   within SECONDS "a claim" CMD...     passes if CMD succeeds before that
#   finish                              prints `N passed, N failed[, N skipped]`; ends with 1 if any failed
#
# The source tree is $top, the shared data $HOLDFAST_SHARED, the built tree $HOLDFAST_BUILD.
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export HOLDFAST_SHARED=${HOLDFAST_SHARED:-$(dirname "$top")/shared}
export LAB_OWNER=${LAB_OWNER:-$$}
PATH=$top/tests/lab:$PATH:/usr/sbin:/sbin

passed=0 failed=0 skipped=0

story() { printf -- '--- %s\n' "$*"; }
pass() { passed=$((passed + 1)); printf 'ok      %s\n' "$1"; }
skip() { skipped=$((skipped + 1)); printf 'skipped %s (%s)\n' "$1" "$2"; }

fail() {
    failed=$((failed + 1))
    printf 'FAILED  %s\n' "$1"
    [ -z "${2:-}" ] || printf '%s\n' "$2" | head -20 | sed 's/^/        | /'
}

check() {
    local claim=$1 out
    shift
    if out=$("$@" 2>&1); then pass "$claim"; else fail "$claim" "$out"; fi
}

refute() {
    local claim=$1 out
    shift
    if out=$("$@" 2>&1); then fail "$claim" "$out"; else pass "$claim"; fi
}

need() {
    local tool
    for tool; do command -v "$tool" >/dev/null || { fail "$tool is installed (tests/packages)"; finish; }; done
}

equal() { # CLAIM EXPECTED GOT
    if [ "$2" = "$3" ]; then pass "$1"; else fail "$1" "expected '$2', got '$3'"; fi
}

await() { # SECONDS CMD...: polls CMD
    local end=$((SECONDS + $1)) out
    shift
    until out=$("$@" 2>&1); do
        [ "$SECONDS" -lt "$end" ] || { printf '%s\n' "$out"; return 1; }
        sleep 0.1
    done
}

within() {
    local limit=$1 claim=$2
    shift 2
    check "$claim" await "$limit" "$@"
}

finish() {
    if [ "$skipped" = 0 ]; then
        echo "$passed passed, $failed failed"
    else
        echo "$passed passed, $failed failed, $skipped skipped"
    fi
    [ "$failed" = 0 ]
    exit
}
