# agent.sh - what Holdfast's own resource agents share (POSIX sh; sourced).
#
# Installed as ${OCF_ROOT}/lib/holdfast/agent.sh.  It needs nothing but the environment that OCF 1.1
# prescribes, so that these agents work where no other agents are installed.

# OCF 1.1, "Exit status codes"
OCF_SUCCESS=0
OCF_ERR_GENERIC=1
OCF_ERR_ARGS=2
OCF_ERR_UNIMPLEMENTED=3
OCF_ERR_PERM=4
OCF_ERR_INSTALLED=5
OCF_ERR_CONFIGURED=6
OCF_NOT_RUNNING=7
OCF_DEGRADED=190

# Where this instance keeps what must not outlive a boot. A clone's instance number is no part of its name
# in a file.
agent_state_dir() { # AGENT
    echo "${HA_RSCTMP:-/run/resource-agents}/holdfast-$1-$(printf %s "${OCF_RESOURCE_INSTANCE:-default}" | tr -c 'A-Za-z0-9_.-' '_')"
}

# What the cluster shows as the reason for a result: one line.
exit_reason() {
    printf 'ocf-exit-reason:%s\n' "$(printf %s "$*" | tr '\n\t' '  ')" >&2
}

log_info() { printf 'INFO: %s\n' "$*" >&2; }
log_error() { printf 'ERROR: %s\n' "$*" >&2; }

is_true() {
    case $1 in
    1 | [Yy] | [Yy][Ee][Ss] | [Tt] | [Tt][Rr][Uu][Ee] | [Oo][Nn]) return 0 ;;
    *) return 1 ;;
    esac
}

is_boolean() {
    case $1 in
    0 | [Nn] | [Nn][Oo] | [Ff] | [Ff][Aa][Ll][Ss][Ee] | [Oo][Ff][Ff]) return 0 ;;
    *) is_true "$1" ;;
    esac
}

is_number() {
    case $1 in
    '' | *[!0-9]*) return 1 ;;
    *) return 0 ;;
    esac
}

# The time this action has, in seconds: the cluster's timeout, or a default when run by hand.
action_timeout() { # DEFAULT
    if is_number "${OCF_RESKEY_CRM_meta_timeout:-}"; then
        echo $((OCF_RESKEY_CRM_meta_timeout / 1000))
    else
        echo "$1"
    fi
}

# is it a probe: a monitor that asks whether the resource happens to run here?
is_probe() { [ "$__OCF_ACTION" = monitor ] && [ "${OCF_RESKEY_CRM_meta_interval:-0}" = 0 ]; }
