# vip.sh - two nodes, an arbiter and a VIP that the guards protect, for those who do something to them; sourced
# after stories.sh.  The VIP is ordered as holdfastd orders it: by guardctl, whose orders holdfastd adopts when
# it starts.
share=${HOLDFAST_LAB_DIR:-/tmp/holdfast-lab}/$LAB/share

vip_lab() { # LAB-UP-OPTION...: the lab, with the VIP owned by one
    lab up --nodes 2 --arbiter "$@" || return 1
    cp "$HOLDFAST_BUILD/tests/guard/guardctl" "$share/" || return 1
    order_vip n1 0 && order_vip n2 1 && await 20 healthy
}

order_vip() { # NODE RANK; the node may be booting still
    await 30 on "$1" pgrep -x holdfastd >/dev/null || return 1
    on "$1" pkill -KILL -x holdfastd
    await 10 idle "$1" >/dev/null || return 1
    await 10 ordered "$1" "$2" >/dev/null || return 1
    lab start "$1" holdfastd
}

idle() { ! on "$1" pgrep -x holdfastd; }
ordered() { # NODE RANK: the guard has the orders
    on "$1" /mnt/guardctl vip web vip/web eth0 "$vip" 24 2 want vip/web "$2" 0 once || return 1
    [ "$(on "$1" holdfast-guard --status | grep -cE '^(vip web|lock vip/web):')" = 2 ]
}

guard_says() { on "$1" holdfast-guard --status 2>/dev/null; }
owns_vip() { guard_says "$1" | grep -q '^vip web: .*gate open'; }
vip_owner() { if owns_vip n1; then echo n1; elif owns_vip n2; then echo n2; else return 1; fi; }

# All lock servers grant to both nodes, one owns the VIP, the other waits for it and may bid (after a loss a node
# holds down for a while), and both daemons are there.
healthy() {
    local n out
    for n in n1 n2; do lab start $n; done # what ended, as systemd would start it again
    for n in n1 n2; do
        out=$(guard_says $n)
        [ "$(grep -cE '^server [^ ]*: answers, heard [0-9]+ ms ago$' <<<"$out")" = 3 ] || { echo "$n: $out"; return 1; }
        grep -qE '^lock vip/web: (owning|waiting, held by n[12]$)' <<<"$out" || { echo "$n: $out"; return 1; }
    done
    vip_owner >/dev/null && online n1 n1 n2
}
