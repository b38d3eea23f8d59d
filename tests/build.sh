# build.sh - from a source tree on a fresh Debian 12 to a built one; sourced by tests/check and tests/demo.
#
#   install_packages            what tests/packages names, as far as it is missing
#   build DIR [CONFIGURE-ARG..] autogen, configure as README.md says and make, out of tree, warnings as errors
#   count_make_check NAME DIR EXIT-STATUS   adds up what a `make check` in DIR found
#
# Both print what they do and end the script with the last lines of the log if it does not work.

step() { printf '=== %s  (%d s)\n' "$*" "$SECONDS"; }

give_up() { # MESSAGE [LOG]
    echo "$1" >&2
    [ -z "${2:-}" ] || tail -30 "$2" >&2
    exit 1
}

# Debian starts a daemon when its package is installed; here nothing may start, on the machine itself.
install_packages() {
    local names missing policy=/usr/sbin/policy-rc.d
    names=$(sed 's/#.*//' "$top/tests/packages" | xargs)
    # shellcheck disable=SC2086
    missing=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' $names 2>/dev/null |
        awk -v names="$names" '$2 == "installed" { have[$1] = 1 }
            END { n = split(names, name, " "); for (i = 1; i <= n; i++) if (!(name[i] in have)) print name[i] }' | xargs)
    [ -n "$missing" ] || { step "all packages of tests/packages are installed"; return; }
    [ "$(id -u)" = 0 ] || give_up "run this as root: these packages are missing: $missing"
    step "installing $missing"
    if [ ! -e $policy ]; then
        printf '#!/bin/sh\nexit 101\n' >$policy
        chmod 755 $policy
        trap 'rm -f /usr/sbin/policy-rc.d' EXIT
    fi
    export DEBIAN_FRONTEND=noninteractive
    # shellcheck disable=SC2086
    { apt-get -q update && apt-get -qy install --no-install-recommends $missing; } >"$log_dir/packages.log" 2>&1 </dev/null ||
        give_up "the packages could not be installed:" "$log_dir/packages.log"
    if [ "$(trap -p EXIT)" = "trap -- 'rm -f /usr/sbin/policy-rc.d' EXIT" ]; then
        rm -f $policy
        trap - EXIT
    fi
}

build() {
    local dir=$1 log
    log=$log_dir/build-$(basename "$1").log
    shift
    mkdir -p "$dir"
    {
        { [ -x "$top/configure" ] && [ "$top/configure" -nt "$top/configure.ac" ]; } || (cd "$top" && ./autogen.sh)
    } >"$log" 2>&1 || give_up "autogen.sh failed:" "$log"
    (cd "$dir" && { [ -f Makefile ] || "$top/configure" --enable-werror --prefix=/usr --sysconfdir=/etc --localstatedir=/var "$@"; } && make -j"$(nproc)") >>"$log" 2>&1 ||
        give_up "the build in $dir failed:" "$log"
}

count() { # NAME PASSED FAILED SKIPPED
    passed=$((passed + $2)) failed=$((failed + $3)) skipped=$((skipped + $4))
    printf '    %-40s %d passed, %d failed, %d skipped\n' "$1" "$2" "$3" "$4"
}

# cmocka's own lines where there are any, else the program as a whole.
count_make_check() { # NAME DIR EXIT-STATUS
    local p=0 f=0 s=0 ok bad log result
    while read -r log; do
        result=$(sed -n 's/^:test-result: //p' "${log%.log}.trs" 2>/dev/null | head -1)
        ok=$(grep -c '^\[       OK \]' "$log")
        bad=$(grep "^\[  FAILED  \] [a-z_A-Z0-9]*$" "$log" | sort -u | wc -l)
        [ "$ok$bad" != 00 ] || [[ $result != PASS* ]] || ok=1
        [ "$bad" != 0 ] || [[ ! $result =~ ^(FAIL|ERROR|XPASS) ]] || bad=1
        [[ $result != SKIP* ]] || { s=$((s + 1)); echo "    skipped: $log: $(tail -1 "$log")"; }
        p=$((p + ok)) f=$((f + bad))
        [ "$bad" = 0 ] || { echo "    FAILED: $log"; grep -E 'FAILED|error|ERROR|expected|SUMMARY' "$log" | head -20 | sed 's/^/        | /'; }
    done < <(find "$2" -name '*.log' -path '*tests*' | while read -r log; do [ ! -f "${log%.log}.trs" ] || echo "$log"; done | sort)
    [ "$3" = 0 ] || [ "$f" != 0 ] || { f=1; echo "    FAILED: make check ended with status $3"; }
    count "$1" "$p" "$f" "$s"
}
