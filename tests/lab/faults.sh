# faults.sh - what can happen to the owner of a VIP, and how it is mended; sourced after stories.sh.
#
# Who sources it says by functions what its cluster is: vip_owner (prints it), owns_vip NODE, guard_says NODE, healthy
# (all is well), booted NODE (to be done after a machine has booted).  A client asks for the address, or all in $asked,
# every millisecond: never do two answer.
rounds=${LOCKS_ROUNDS:-$([ -n "${HOLDFAST_FULL:-}" ] && echo 5 || echo 1)}

other() { [ "$1" = n1 ] && echo n2 || echo n1; }

probing() { # SECONDS: asks for the VIP every millisecond, in the background, until probed
    lab exec client lab-arpprobe eth0 "${asked:-$vip}" "$1" >"$scratch/probe" &
    probe=$!
    await 5 grep -q '^began' "$scratch/probe" >/dev/null
    sleep 0.2
}
probed_enough() { # moved|whoever: the probe ends once another than before, or whoever it is, has answered alone for long enough
    on client pkill "-$([ "$1" = moved ] && echo USR1 || echo USR2)" -x lab-arpprobe
}
probed() { # sets $overlap and $gap, ms, and $pause, in which it did not ask
    wait "$probe"
    read -r overlap gap pause < <(awk '/^probes/ { print $10, $12, $14 }' "$scratch/probe")
}

# --- faults: what happens to $owner ($next is the other), and how it is mended ---

kill_hard() { on "$1" pkill -KILL -x "$(printf %.15s "$2")"; } # NODE DAEMON

fault_off() { lab off $owner >/dev/null; }
mend_off() { lab on $owner && booted $owner; }
fault_stopped() { lab stop $owner; } # everything but the kernel
mend_stopped() { lab cont $owner; }
fault_guard_stopped() { on $owner pkill -STOP -x holdfast-guard; }
mend_guard_stopped() { on $owner pkill -CONT -x holdfast-guard; }
fault_guard_killed() { kill_hard $owner holdfast-guard; }
mend_guard_killed() { lab start $owner; }
fault_guard_restarted() { kill_hard $owner holdfast-guard; lab start $owner holdfast-guard; }
fault_holdfastd_killed() { kill_hard $owner holdfastd; }
mend_holdfastd_killed() { lab start $owner; }
fault_runner_killed() { kill_hard $owner holdfast-runner; }
mend_runner_killed() { lab start $owner; }
fault_corosync_killed() { kill_hard $owner corosync; }
mend_corosync_killed() { lab start $owner; }
fault_arbiterd_killed() { kill_hard $owner holdfast-arbiterd; }
mend_arbiterd_killed() { lab start $owner; }
fault_all_arbiterd_restarted() {
    for n in n1 n2 arb; do kill_hard $n holdfast-arbiterd; done
    for n in n1 n2 arb; do lab start $n holdfast-arbiterd; done
}
fault_all_stopped_but_kernels() { lab stop $owner; lab stop $next; sleep 1; lab cont $next; lab cont $owner; }
fault_cut_nodes() { lab cut n1 n2; }
fault_cut_arbiter() { lab cut $owner arb; }
fault_cut_owner() { lab cut $owner $next; lab cut $owner arb; }
fault_owner_deaf() { lab cut $next $owner --one-way; lab cut arb $owner --one-way; }
fault_owner_mute() { lab cut $owner $next --one-way; lab cut $owner arb --one-way; }
fault_link_down() { on $owner ip link set eth0 down; }
mend_link_down() { # the kernel drops IPv6 addresses with the carrier
    on $owner ip link set eth0 up
    on $owner ip addr add "fd77::$(printf %02x "${owner#n}")/64" dev eth0 nodad
}
fault_arbiter_restarted() { lab off arb >/dev/null; lab on arb; }
# a lock server that forgot everything must not help the other while the owner's lease runs
fault_arbiter_wiped() { lab off arb >/dev/null; lab on arb --wipe; on $owner pkill -STOP -x holdfast-guard; }
mend_arbiter_wiped() { mend_guard_stopped; }
fault_both_restarted_cut() {
    lab cut n1 n2
    lab off n1 >/dev/null; lab off n2 >/dev/null
    lab on n1; lab on n2
    booted n1 && booted n2
}

mend() { # FAULT
    lab heal
    ! declare -F "mend_$1" >/dev/null || "mend_$1"
}

# --- a round ---

# One of the others: of two whose priorities are next to each other it may be either, by some milliseconds.
another_has_it() {
    local n
    for n in ${nodes:-$next}; do [ "$n" = $owner ] || ! owns_vip $n || return 0; done
    return 1
}

# EXPECTED: moves (another has it then), stays (the owner has it, SECONDS later), returns (somebody has, within SECONDS),
# or what is to be true SECONDS later, a function
as_expected() { # FAULT EXPECTED SECONDS
    case $2 in
    moves) await "$3" another_has_it >/dev/null || fail "$1: another takes over" "$(guard_says $next)" ;;
    stays) sleep "$3"; await 1 owns_vip $owner >/dev/null || fail "$1: $owner keeps it" "$(guard_says $owner)" ;;
    returns) await "$3" vip_owner >/dev/null || fail "$1: somebody has it" "$(guard_says n1; guard_says n2)" ;;
    *) sleep "$3"; await 5 "$2" >/dev/null || fail "$1: $2" "$(guard_says n1; guard_says n2)" ;;
    esac
    sleep 0.5
}

# The client asks until it is mended and one has answered alone for a second: who comes back must not answer either.
round() { # FAULT EXPECTED SECONDS
    owner=$(vip_owner) || { fail "$1: somebody has the VIP before"; return; }
    next=$(other $owner)
    probing 60
    fault_$1
    as_expected "$@"
    mend "$1"
    probed_enough whoever
    probed
    echo "$gap" >>"$scratch/gaps-$1"
    [ "$overlap" = 0 ] || fail "$1: never two owners" "$(cat "$scratch/probe")"
    await 30 healthy >"$scratch/ill" || { fail "$1: all is well again afterwards" "$(cat "$scratch/ill")"; return 1; }
}

lasts() { case $1 in moves | returns) echo 5 ;; *) echo 2 ;; esac; } # EXPECTED

fault() { # FAULT EXPECTED [SECONDS]
    local before=$failed i
    [ -z "${LOCKS_FAULTS:-}" ] || [[ " $LOCKS_FAULTS " == *" $1 "* ]] || return 0
    for ((i = 0; i < rounds; i++)); do round "$1" "$2" "${3:-$(lasts "$2")}" || break; done
    [ "$failed" != "$before" ] ||
        pass "$1: $(sort -n "$scratch/gaps-$1" | awk '{ g[NR] = $1 } END {
            printf "silent %s ms", g[int((NR + 1) / 2)]
            if (NR > 1) printf " (worst %s of %d)", g[NR], NR }'), overlap 0 ms, $2"
}
