# build.sh - from a source tree on a fresh Debian 12 to a built one; sourced by tests/check and tests/demo.
#
#   install_packages            what tests/packages names, as far as it is missing
#   build DIR [CONFIGURE-ARG..] autogen, configure as README.md says and make, out of tree, warnings as errors
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
