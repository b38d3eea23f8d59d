This machine's corosync.conf.
$ export COROSYNC_MAIN_CONFIG_FILE=c.conf; printf 'totem {\n    version: 2\n    cluster_name: lab\n}\nnodelist {\n    node {\n        nodeid: 1\n    }\n    node {\n        nodeid: 2\n    }\n}\n' >c.conf
$ holdfast corosync get totem.cluster_name; holdfast corosync get nodelist.node.nodeid; holdfast corosync get quorum.two_node
lab
1
2
holdfast: c.conf does not set 'quorum.two_node'
[3]
$ holdfast corosync set totem.cluster_name other; holdfast corosync set nodelist.node.nodeid 7 1; holdfast corosync set totem.token 300; holdfast corosync show
Set in c.conf of this machine; on the others set it, too, then 'corosync reload'.
Set in c.conf of this machine; on the others set it, too, then 'corosync reload'.
Set in c.conf of this machine; on the others set it, too, then 'corosync reload'.
totem {
    version: 2
    cluster_name: other
    token: 300
}
nodelist {
    node {
        nodeid: 1
    }
    node {
        nodeid: 7
    }
}
$ holdfast corosync set quorum.two_node 1; holdfast corosync set totem.x '{'; holdfast corosync set totem.x y minus
holdfast: there is no section 'quorum' (number 0), expected one to set 'quorum.two_node' in
holdfast: a value cannot hold line ends or brackets
holdfast: found 'minus', expected the number of the entry, from 0
[2]
$ holdfast corosync edit
holdfast: no terminal to edit at and no EDITOR set, expected one, or 'configure save' and 'configure load'
[2]
$ EDITOR="sed -i s/version:/}/" holdfast corosync edit
holdfast: nothing was changed: line 2: found '    } 2', expected NAME { or NAME: VALUE or } or a comment
[3]
$ EDITOR="sed -i s/other/mine/" holdfast corosync edit; holdfast corosync get totem.cluster_name
mine
$ rm c.conf; holdfast corosync show
holdfast: cannot open c.conf: No such file or directory
[1]
