#!/bin/sh
# Builds the scheduler's fuzz targets with clang and runs each for SECONDS (default 60).
#
#     tests/fuzz/sched.sh [SECONDS]
#
# Exits 77 without clang or its fuzzer.  The seeds are the recorded cases where they are (see
# tests/sched/run).
top=$(cd "$(dirname "$0")/../.." && pwd)
seconds=${1:-60}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
command -v clang > /dev/null || { echo "skipped: no clang" >&2; exit 77; }
cd "$top" || exit 1
flags="-std=gnu17 -D_GNU_SOURCE -g -O1 -fsanitize=fuzzer,address,undefined -fno-omit-frame-pointer -I."
libraries=$(pkg-config --cflags --libs libxml-2.0 libcrypto)
sources="daemon/sched/*.c daemon/transition/transition.c lib/alloc.c lib/arena.c lib/buf.c lib/error.c lib/xml.c"
status=0
for target in fuzz_rules fuzz_sched; do
    # shellcheck disable=SC2086
    clang $flags $sources "tests/fuzz/$target.c" -o "$work/$target" $libraries || exit 1
    mkdir -p "$work/corpus-$target"
    for shared in "$HOLDFAST_SHARED" "$top/../shared"; do
        if [ "$target" = fuzz_sched ] && [ -d "$shared/scheduler-cases/xml" ]; then
            find "$shared/scheduler-cases/xml" -name '*.xml' -size -24k -exec cp {} "$work/corpus-$target" \;
            break
        fi
    done
    echo "$target for $seconds s"
    (cd "$work" && ./$target -max_total_time="$seconds" -timeout=20 -rss_limit_mb=4096 -max_len=32768 \
        -print_final_stats=0 -verbosity=0 "corpus-$target" 2> log) || {
        status=1
        grep -E 'ERROR|runtime error|SUMMARY|Test unit' "$work/log" | head -5
        cp "$work"/crash-* "$work"/timeout-* "$work"/oom-* "${FUZZ_KEEP:-/tmp}" 2> /dev/null
    }
done
[ "$status" = 0 ] && echo "no finding"
exit $status
