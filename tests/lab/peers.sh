# peers.sh - a VIP on two nodes by other programs, for comparisons and for controls that must fail; sourced after
# stories.sh.

keepalived_conf() { # PRIORITY VERSION INTERVAL [OPTION]
    cat <<CONF
vrrp_instance control {
    state BACKUP
    interface eth0
    virtual_router_id 77
    version $2
    advert_int $3
    priority $1
    ${4:-}
    virtual_ipaddress {
        $vip/24
    }
}
CONF
}
keepalived_lab() { # VERSION INTERVAL [OPTION]
    lab up --nodes 2 --peer keepalived --no-start || return 1
    keepalived_conf 100 "$@" | put n1 /etc/keepalived/keepalived.conf
    keepalived_conf 90 "$@" | put n2 /etc/keepalived/keepalived.conf
    lab start n1 && lab start n2
}

pacemaker_vip() { # the lab is up: the address by IPaddr2, without fencing
    on n1 cibadmin -o resources -M -c -p --xml-text \
        '<resources><primitive id="ip" class="ocf" provider="heartbeat" type="IPaddr2"><instance_attributes id="ip-p"><nvpair id="ip-p-1" name="ip" value="'$vip'"/><nvpair id="ip-p-2" name="nic" value="eth0"/></instance_attributes></primitive></resources>' &&
        on n1 crm_attribute -t crm_config -n stonith-enabled -v false
}
