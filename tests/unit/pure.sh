#!/bin/bash
# pure.sh - the pure core stays pure: its objects need nothing from outside but each other, the parts of lib/
# that touch nothing, and functions on the list below. A clock, a socket, a file or the environment that
# slips in shows up here by name.
. "$(dirname "$0")/../lib.sh"

build=${HOLDFAST_BUILD:-$PWD}

# The archives of the core; an archive that mixes is given with the members that count.
core=(libvrrp.a liblease.a liblock.a libsched.a libtransition.a libfence.a libnode.a
    'libcib.a !store.o'
    'librunner.a queue.o protocol.o capture.o agent.o')
# What lib/ has that touches the outside.
impure_lib='(child|log|control_client|control_server)\.o'

# Functions of the C library that compute and nothing else.
allowed='^(str[a-z_]+|mem[a-z]+|__(str|mem|v?sn?printf|v?asprintf)[a-z]*_chk|v?snprintf|v?asprintf|sscanf|__isoc99_sscanf|free|qsort|bsearch'
allowed+='|abort|__assert_fail|__stack_chk_fail|__errno_location|__ctype_[a-z]+_loc|_GLOBAL_OFFSET_TABLE_|__popcountdi2'
allowed+='|inet_(pton|ntop)|reg(comp|exec|free|error)|gmtime_r|timegm|MD5Data'
# Sanitizers' own.
allowed+='|__(asan|ubsan|lsan|sanitizer)_[a-z0-9_]+'
# libxml2's trees, not its files.
allowed+='|xml(New|Add|Set|Get|Has|Copy|Free|Doc|Node|Str|Unlink|Unset|Buffer|Is|Last|Next|First|Previous|Parent|Child|Remove|Replace|Encode|XPath|Dict|Split|Build|CheckUTF8|ValidateN)[A-Za-z0-9]*)$'

symbols() { # FLAG ARCHIVE [!MEMBER | MEMBER...]: "member symbol" lines
    local flag=$1 archive=$2
    shift 2
    nm "$flag" "$build/$archive" 2>/dev/null | awk -v wanted="$*" '
        /^[^ ]+\.o:$/ { member = substr($1, 1, length($1) - 1); next }
        NF >= 2 && member != "" {
            n = split(wanted, names, " ")
            take = n == 0
            for (i = 1; i <= n; i++) {
                if (substr(names[i], 1, 1) == "!") take = (member != substr(names[i], 2)) ? 1 : 0
                else if (names[i] == member) take = 1
            }
            if (take) print member, $NF
        }'
}

defined=$({
    for part in "${core[@]}"; do symbols --defined-only $part; done
    symbols --defined-only libholdfast.a | grep -vE "^($impure_lib) "
    symbols --defined-only libschema.a
} | awk '{print $2}' | sort -u)

# PART: what it needs that it may not.
needs_of() {
    symbols -u $1 | awk '{print $2 " (" $1 ")"}' | sort -u | awk -v allowed="$allowed" '$1 !~ allowed' |
        awk 'NR == FNR { have[$1] = 1; next } !($1 in have)' <(printf '%s\n' "$defined") -
}

story "what the pure core needs from outside"
for part in "${core[@]}"; do
    archive=${part%% *}
    if [ ! -f "$build/$archive" ]; then
        fail "$archive" "it was not built"
        continue
    fi
    equal "$part" "" "$(needs_of "$part")"
done

story "the check sees what is not pure"
for symbol in 'send (outbound.o)' 'qb_loop_timer_add (client.o)'; do
    check "$symbol" grep -qxF "$symbol" <(needs_of librunner.a)
done
finish
