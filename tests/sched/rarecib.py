"""Rare features in random clusters, for tests/sched/differential --rare: widecib's, changed by some of CHANGES.

Before anything runs: several fencing devices, instances of promotable clones that are told apart, references (id-ref),
more than one capacity, orders by score, many sets, rules of several kinds in one constraint, names twice in a block,
topologies and alerts.  What happens to the running cluster: options, constraints, operations, agents and numbers of
instances that change, histories without fingerprints or with those of secret parameters, failures counted by the names
of old, operations of all kinds under way, locks of nodes that were shut down, nodes that are missing in one of the
places.  And old shapes, of schemas 1.0 to 3.10, as a file of old has them: they go through the upgrade each time.
"""
import copy
import re
import xml.etree.ElementTree as ET

import randomcib
import widecib
from randomcib import NOW, node_states, nvpairs, set_transient


def resources(root, *tags):
    return [r for r in root.find("./configuration/resources").iter()
            if r.tag in (tags or ("primitive", "group", "clone", "bundle"))]


def agents(root):
    """The ordinary primitives."""
    return [p for p in resources(root, "primitive") if p.get("class") in ("ocf", "lsb", "systemd", "service")
            and p.get("type") not in ("remote", "VirtualDomain")]


def options(root):
    return root.find("./configuration/crm_config/cluster_property_set")


def put(parent, name, value):
    """Sets a pair of a block; a list of blocks: of the first."""
    for pair in parent.findall("nvpair"):
        if pair.get("name") == name:
            pair.set("value", str(value))
            return
    ET.SubElement(parent, "nvpair", id=f"{parent.get('id')}-x-{name.strip('#')}", name=name, value=str(value))


def meta(resource):
    for block in resource.findall("meta_attributes"):
        if block.get("id") and block.find("rule") is None:
            return block
    block = ET.Element("meta_attributes", id=f"{resource.get('id')}-mx")
    resource.insert(0, block)
    return block


def order_children(resource):
    """What the schema wants first comes first: only the inner resources have a fixed place, at the end."""
    inner = [c for c in resource if c.tag in ("primitive", "group")]
    for child in inner:
        resource.remove(child)
    resource.extend(inner)


# --- before anything runs ---

def fencing_devices(rng, config, root):
    parent = root.find("./configuration/resources")
    nodes = " ".join(config.nodes)
    for i in range(rng.randint(1, 3)):
        name = f"dev{i}"
        text = (f'<primitive id="{name}" class="stonith" type="fence_dummy"><instance_attributes id="{name}-ia">'
                f'{nvpairs(name + "-ia", {"pcmk_host_list": nodes, "pcmk_reboot_action": "off"})}</instance_attributes>'
                f'<meta_attributes id="{name}-ma">'
                f'{nvpairs(name + "-ma", rng.choice([{}, {"provides": "unfencing"}, {"priority": 3}, {"target-role": "Stopped"}]))}'
                f'</meta_attributes><operations><op id="{name}-m" name="monitor" interval="60s"/></operations></primitive>')
        if rng.random() < .2:
            text = f'<clone id="{name}-clone">{text}</clone>'
        elif rng.random() < .2:
            text = f'<group id="{name}-group">{text}</group>'
        parent.append(ET.fromstring(text))
        config.primitives.append((name, False))
    if rng.random() < .5:
        constraints = root.find("./configuration/constraints")
        ET.SubElement(constraints, "rsc_location", id="ldev", rsc="dev0", node=rng.choice(config.nodes), score="-INFINITY")
    if rng.random() < .5:
        ET.SubElement(root.find("./configuration"), "fencing-topology").append(
            ET.fromstring(f'<fencing-level id="fl1" target="{config.nodes[0]}" index="1" devices="dev0"/>'))
    put(options(root), "stonith-enabled", "true")
    if rng.random() < .4:
        put(options(root), "priority-fencing-delay", "45s")
        for resource in rng.sample(agents(root), min(3, len(agents(root)))):
            put(meta(resource), "priority", rng.randint(1, 20))


def told_apart(rng, config, root):
    for clone in resources(root, "clone"):
        if clone.find("meta_attributes/nvpair[@name='promotable']") is not None and clone.find("primitive") is not None:
            block = meta(clone)
            put(block, "globally-unique", "true")
            put(block, "clone-node-max", 2)
            put(block, "promoted-node-max", rng.choice([1, 2]))
            put(block, "clone-max", rng.randint(2, 5))
            put(block, "promoted-max", rng.randint(1, 3))


def capacities(rng, config, root):
    put(options(root), "placement-strategy", rng.choice(["utilization", "balanced", "minimal"]))
    for i, node in enumerate(root.findall("./configuration/nodes/node")):
        block = node.find("utilization")
        if block is None:
            block = ET.SubElement(node, "utilization", id=f"{node.get('id')}-ux")
        put(block, "cpu", rng.choice([2, 4, 4, 8]))
        if rng.random() < .8:
            put(block, "memory", rng.choice([512, 1024, 1024, 4096]))
    for primitive in agents(root):
        if rng.random() < .7 and primitive.find("utilization") is None and primitive.get("template") is None:
            block = ET.SubElement(primitive, "utilization", id=f"{primitive.get('id')}-ux")
            put(block, "cpu", rng.choice([0, 1, 2, 5]))
            if rng.random() < .6:
                put(block, "memory", rng.choice([256, 512, 600]))


def references(rng, config, root):
    """Blocks, operations and pairs by reference."""
    blocks = [b for r in resources(root) for b in r.findall("meta_attributes") if b.get("id") and r.tag == "primitive"]
    if blocks:
        for resource in rng.sample(agents(root), min(2, len(agents(root)))):
            source = rng.choice(blocks)
            if resource.find("meta_attributes") is None:
                resource.insert(0, ET.Element("meta_attributes", {"id-ref": source.get("id")}))
    operations = root.findall("./configuration/resources//operations[op]")
    if operations:
        source = rng.choice(operations)
        source.set("id", "shared-ops")
        for resource in rng.sample(agents(root), min(2, len(agents(root)))):
            own = resource.find("operations")
            if own is not None and own is not source and len(own) and rng.random() < .7:
                resource.remove(own)
                resource.insert(len(resource.findall("meta_attributes")), ET.Element("operations", {"id-ref": "shared-ops"}))
    rules = root.findall("./configuration/constraints/rsc_location/rule")
    if rules:
        ET.SubElement(ET.SubElement(root.find("./configuration/constraints"), "rsc_location", id="lref",
                                    rsc=rng.choice(config.names)), "rule", {"id-ref": rng.choice(rules).get("id")})
    pairs = [p for b in blocks for p in b.findall("nvpair") if p.get("name") in ("priority", "resource-stickiness")]
    if pairs:
        targets = [r for r in resources(root) if r.tag != "template"]
        ET.SubElement(meta(rng.choice(targets)), "nvpair", {"id-ref": rng.choice(pairs).get("id"), "name": "priority"})


def twice(rng, config, root):
    """A name twice in a block, and further blocks with scores."""
    for resource in rng.sample(resources(root), min(2, len(resources(root)))):
        block = meta(resource)
        name = f"{block.get('id')}-t"
        for i in range(2):
            ET.SubElement(block, "nvpair", id=f"{name}{i}", name="resource-stickiness", value=str(rng.choice([0, 10, 300])))
        resource.insert(1, ET.fromstring(f'<meta_attributes id="{name}b" score="{rng.choice([-5, 5, "INFINITY"])}">'
                                         f'{nvpairs(name + "b", {"priority": 4, "migration-threshold": 2})}</meta_attributes>'))
    config_section = root.find("./configuration/crm_config")
    config_section.append(ET.fromstring(
        f'<cluster_property_set id="{rng.choice(["o2", "cib-bootstrap-options"])}" score="{rng.choice([-1, 10])}">'
        f'{nvpairs("o2", {"no-quorum-policy": rng.choice(["ignore", "freeze"]), "symmetric-cluster": rng.choice(["true", "false"])})}'
        "</cluster_property_set>"))


def orders_by_score(rng, config, root):
    for order in root.findall("./configuration/constraints/rsc_order"):
        if rng.random() < .6:
            order.attrib.pop("kind", None)
            if rng.random() < .8:
                order.set("score", rng.choice(["0", "INFINITY", "10", "-10"]))


def many_sets(rng, config, root):
    """Three or four sets in a constraint, with roles, actions and scores each."""
    names = sorted(set(config.names) | set(config.members))
    constraints = root.find("./configuration/constraints")
    for kind in rng.sample(["rsc_order", "rsc_colocation", "rsc_location", "rsc_ticket"], 2):
        rng.shuffle(names)
        parts = [names[i * 2:i * 2 + 2] for i in range(4)]
        element = ET.SubElement(constraints, kind, id=f"many-{kind}")
        for i, part in enumerate(p for p in parts if p):
            one = ET.SubElement(element, "resource_set", id=f"many-{kind}-{i}")
            for name in part:
                ET.SubElement(one, "resource_ref", id=name)
            if rng.random() < .5:
                one.set("sequential", rng.choice(["true", "false"]))
            if kind == "rsc_order":
                if rng.random() < .3:
                    one.set("require-all", "false")
                if rng.random() < .3:
                    one.set("action", rng.choice(["start", "promote", "stop", "demote"]))
            elif rng.random() < .4:
                one.set("role", rng.choice(["Started", "Master", "Slave", "Stopped"]))
        if kind == "rsc_order":
            if rng.random() < .3:
                element.set("symmetrical", "false")
            element.set("kind", rng.choice(["Mandatory", "Optional"] + ([] if "symmetrical" in element.attrib else ["Serialize"])))
        elif kind == "rsc_colocation":
            element.set("score", rng.choice(["INFINITY", "-INFINITY", "50", "-50"]))
        elif kind == "rsc_location":
            element.set("node", rng.choice(config.nodes))
            element.set("score", rng.choice(["INFINITY", "-INFINITY", "50"]))
            for one in element:
                one.attrib.pop("sequential", None)
        else:
            element.set("ticket", "ticketA")
            element.set("loss-policy", rng.choice(["stop", "demote", "freeze"]))


def expression(rng, config, prefix):
    kind = rng.choice(["uname", "attribute", "number", "date", "ping", "defined"])
    if kind == "uname":
        return (f'<expression id="{prefix}" attribute="#uname" operation="{rng.choice(["eq", "ne", "lt", "gte"])}" '
                f'value="{rng.choice(config.nodes)}"/>')
    if kind == "attribute":
        return f'<expression id="{prefix}" attribute="site" operation="{rng.choice(["eq", "ne"])}" value="east"/>'
    if kind == "number":
        return (f'<expression id="{prefix}" attribute="{rng.choice(["cpus", "weight", "site"])}" '
                f'operation="{rng.choice(["lt", "gt", "lte", "gte", "eq"])}" type="{rng.choice(["number", "integer", "string"])}" '
                f'value="{rng.choice([2, 4, -50, "5.5", "4x"])}"/>')
    if kind == "date":
        return config.date(prefix)
    if kind == "ping":
        return f'<expression id="{prefix}" attribute="pingd" operation="lt" type="number" value="100"/>'
    return f'<expression id="{prefix}" attribute="pingd" operation="{rng.choice(["defined", "not_defined"])}"/>'


def rule(rng, config, prefix, score, deep=0):
    inner = "".join(rule(rng, config, f"{prefix}{i}", "", deep + 1) if deep < 2 and rng.random() < .25
                    else expression(rng, config, f"{prefix}{i}e") for i in range(rng.randint(1, 3)))
    joined = rng.choice([' boolean-op="or"', ' boolean-op="and"', ""])
    return f'<rule id="{prefix}"{score or " score=" + chr(34) + "0" + chr(34)}{joined}>{inner}</rule>'


def rules(rng, config, root):
    """Deep rules, in constraints and in every kind of block."""
    constraints = root.find("./configuration/constraints")
    for i in range(rng.randint(1, 3)):
        score = rng.choice([' score="INFINITY"', ' score="-INFINITY"', ' score="50"', ' score-attribute="weight"',
                            ' score-attribute="pingd"', ' score="-INFINITY" role="Master"'])
        constraints.append(ET.fromstring(f'<rsc_location id="deep{i}" rsc="{rng.choice(config.names)}">'
                                         f'{rule(rng, config, f"deep{i}-r", score)}</rsc_location>'))
    for resource in rng.sample(agents(root), min(2, len(agents(root)))):
        tag, pairs = rng.choice([("meta_attributes", {"target-role": "Stopped"}), ("meta_attributes", {"priority": 9}),
                                 ("instance_attributes", {"state": "/x"}), ("meta_attributes", {"is-managed": "false"})])
        name = f"{resource.get('id')}-dr"
        resource.insert(0, ET.fromstring(f'<{tag} id="{name}" score="{rng.choice([2, 20])}">{rule(rng, config, name + "r", "")}'
                                         f'{nvpairs(name, pairs)}</{tag}>'))
    if rng.random() < .3:
        block = ET.fromstring(f'<cluster_property_set id="or" score="50"><rule id="or-r" score="0">{config.date("or-e")}</rule>'
                              f'{nvpairs("or", {"no-quorum-policy": "ignore", "maintenance-mode": "true"})}</cluster_property_set>')
        root.find("./configuration/crm_config").append(block)


def extras(rng, config, root):
    """Options and sections that seldom occur."""
    for name, values in (("stonith-watchdog-timeout", ["10s"]), ("stop-all-resources", ["true"]), ("fence-reaction", ["stop"]),
                         ("node-pending-timeout", ["30s", "2h"]), ("load-threshold", ["80%"]), ("stonith-timeout", ["90s"]),
                         ("cluster-delay", ["30s"]), ("default-action-timeout", ["15s"]), ("remove-after-stop", ["true"]),
                         ("node-health-base", ["10"]), ("node-health-strategy", ["progressive"]), ("have-watchdog", ["true"]),
                         ("no-quorum-policy", ["fence", "freeze"]), ("stonith-action", ["poweroff", "off"])):
        if rng.random() < .08:
            put(options(root), name, rng.choice(values))
    for resource in resources(root):
        if rng.random() < .1:
            put(meta(resource), *rng.choice([("allow-unhealthy-nodes", "true"), ("restart-type", "restart"), ("interleave", "true"),
                                             ("target-role", "Slave"), ("target-role", "Master"), ("ordered", "true"),
                                             ("is-managed", "FALSE"), ("priority", "INFINITY"), ("priority", "-5"),
                                             ("failure-timeout", "PT1M"), ("migration-threshold", "INFINITY"),
                                             ("resource-stickiness", "-INFINITY"), ("migration-threshold", "0")]))
    if rng.random() < .2:
        root.find("./configuration").append(ET.fromstring(
            '<alerts><alert id="al" path="/bin/true"><recipient id="al-r" value="x"/></alert></alerts>'))
    for op in root.findall("./configuration/resources//op"):
        if rng.random() < .06:
            op.attrib.update(rng.choice([{"record-pending": "true"}, {"start-delay": "10s"}, {"timeout": "bad"},
                                         {"interval": "0"}, {"interval": "PT10S"}, {"enabled": "false"},
                                         {"interval-origin": "2023-11-14 00:00:00", "interval": "1h"}, {"role": "Started"},
                                         {"role": "Slave"}, {"role": "Stopped", "interval": "17s"}]))


def containers(rng, config, root):
    """A service that is watched from outside of what contains it (meta-attribute container)."""
    plain = [p for p in root.findall("./configuration/resources/primitive") if p in agents(root)]
    if len(plain) >= 2:
        inner, outer = rng.sample(plain, 2)
        put(meta(inner), "container", outer.get("id"))


def guests_in_groups(rng, config, root):
    """Guest nodes and connections as members of groups."""
    parent = root.find("./configuration/resources")
    machines = [p for p in parent.findall("primitive") if p.get("type") in ("remote", "VirtualDomain")]
    groups = parent.findall("group")
    if not machines:
        return
    if not groups:
        groups = [ET.SubElement(parent, "group", id="gm")]
        config.names.append("gm")
    machine = rng.choice(machines)
    parent.remove(machine)
    group = rng.choice(groups)
    group.append(machine)


def missing(rng, config, root):
    """Nodes without a state, without an entry, or with a state that says little."""
    for state in list(root.find("./status")):
        if rng.random() < .2:
            kind = rng.choice(["gone", "bare", "joining", "no uname"])
            if kind == "gone":
                root.find("./status").remove(state)
            elif kind == "bare":
                for key in ("join", "expected", "crmd"):
                    if rng.random() < .5:
                        state.attrib.pop(key, None)
            elif kind == "joining":
                state.set("in_ccm", str(NOW - rng.choice([10, 1000])))
                state.set("crmd", rng.choice(["0", str(NOW - 5)]))
                state.set("join", rng.choice(["down", "member", "pending"]))
    nodes = root.find("./configuration/nodes")
    for node in list(nodes):
        if rng.random() < .05 and len(nodes) > 2:
            nodes.remove(node)


# --- what happens to a running cluster ---

def attributes(rng, config, root):
    for state in node_states(root):
        if rng.random() < .5:
            set_transient(state, *rng.choice([("pingd", rng.choice([0, 100, 300])), ("standby", "on"), ("#health-cpu", "red"),
                                              ("#health-ram", "yellow"), ("maintenance", "true"), ("site", "west"),
                                              ("terminate", "true"), ("#digests-all", "x"), ("weight", "INFINITY"),
                                              ("probe_complete", "true"), ("standby", "off")]))


def node_attributes(rng, config, root):
    for node in root.findall("./configuration/nodes/node"):
        if rng.random() < .4:
            block = node.find("instance_attributes")
            if block is None:
                block = ET.SubElement(node, "instance_attributes", id=f"nodes-{node.get('id')}")
            put(block, *rng.choice([("standby", "on"), ("standby", "off"), ("maintenance", "true"), ("#health-x", "red"),
                                    ("site", "east"), ("terminate", "true"), ("weight", "-INFINITY"), ("cpus", "x")]))


def change_option(rng, config, root):
    put(options(root), *rng.choice([
        ("maintenance-mode", "true"), ("stop-all-resources", "true"), ("symmetric-cluster", "false"),
        ("placement-strategy", "balanced"), ("no-quorum-policy", "demote"), ("shutdown-lock", "true"),
        ("enable-startup-probes", "false"), ("start-failure-is-fatal", "false"), ("stop-orphan-resources", "false"),
        ("node-health-strategy", "only-green"), ("stonith-enabled", "false"), ("concurrent-fencing", "false")]))


def change_meta(rng, config, root):
    some = resources(root)
    for resource in rng.sample(some, min(2, len(some))):
        put(meta(resource), *rng.choice([
            ("target-role", "Stopped"), ("target-role", "Slave"), ("target-role", "Master"), ("is-managed", "false"),
            ("maintenance", "true"), ("clone-max", 1), ("clone-max", 5), ("promoted-max", 2), ("promoted-max", 0),
            ("globally-unique", "true"), ("globally-unique", "false"), ("clone-node-max", 2), ("notify", "true"),
            ("resource-stickiness", "INFINITY"), ("interleave", "true"), ("ordered", "true"), ("requires", "nothing"),
            ("allow-migrate", "true"), ("migration-threshold", 1), ("multiple-active", "stop_unexpected")]))


def change_constraint(rng, config, root):
    section = root.find("./configuration/constraints")
    for i in range(rng.randint(1, 3)):
        if len(section) and rng.random() < .4:
            section.remove(rng.choice(list(section)))
            continue
        before = len(config.constraints)
        config.add_constraint(900 + len(config.constraints))
        for text in config.constraints[before:]:
            element = ET.fromstring(text)
            known = {e.get("id") for e in root.find("./configuration").iter()}
            used = {element.get(a) for a in ("rsc", "with-rsc", "first", "then")} | \
                {ref.get("id") for ref in element.iter("resource_ref")}
            if used - {None} <= known and not ({e.get("id") for e in element.iter() if e.tag != "resource_ref"} & known):
                section.append(element)


def change_operations(rng, config, root):
    """Operations come, go, or have another interval: what recurs must be cancelled."""
    lists = [o for o in root.findall("./configuration/resources//operations") if o.get("id-ref") is None and len(o)]
    for operations in rng.sample(lists, min(3, len(lists))):
        op = rng.choice(list(operations))
        kind = rng.choice(["remove", "interval", "disable", "on-fail", "role"])
        if kind == "remove":
            operations.remove(op)
            if not len(operations):
                for parent in root.iter():
                    if operations in list(parent):
                        parent.remove(operations)
        elif kind == "interval" and op.get("name") == "monitor":
            op.set("interval", rng.choice(["13s", "90s", "0"]))
        elif kind == "disable":
            op.set("enabled", "false")
        elif kind == "on-fail":
            op.set("on-fail", rng.choice(["ignore", "block", "stop", "restart", "standby", "restart-container"]))
        elif op.get("name") == "monitor":
            op.set("role", rng.choice(["Stopped", "Master", "Slave", "Started"]))


def change_agent(rng, config, root):
    found = [p for p in agents(root) if p.get("template") is None]
    if found:
        primitive = rng.choice(found)
        if primitive.get("class") == "ocf":
            primitive.set("provider", "heartbeat")
        else:
            primitive.set("class", "lsb")


def change_members(rng, config, root):
    """A resource enters a group or leaves it; members change places."""
    groups = resources(root, "group")
    if not groups:
        return
    group = rng.choice(groups)
    members = group.findall("primitive")
    kind = rng.choice(["leave", "enter", "turn"])
    parent = root.find("./configuration/resources")
    if kind == "turn":
        for member in members:
            group.remove(member)
        group.extend(reversed(members))
    elif kind == "leave" and len(members) > 1:
        member = rng.choice(members)
        group.remove(member)
        parent.append(member)
    else:
        free = [p for p in parent.findall("primitive") if p in agents(root)]
        if free:
            member = rng.choice(free)
            parent.remove(member)
            group.append(member)


def change_replicas(rng, config, root):
    for bundle in resources(root, "bundle"):
        image = bundle.find("docker") if bundle.find("docker") is not None else bundle.find("podman")
        if image is not None and rng.random() < .7:
            image.set("replicas", str(rng.randint(1, 3)))
            if rng.random() < .3:
                image.set("image", "newer")


def old_history(rng, config, root):
    """Histories of older clusters, or with more fingerprints."""
    ops = root.findall("./status//lrm_rsc_op")
    kind = rng.choice(["no digest", "no key", "old", "secure", "no set", "anonymous"])
    if kind == "secure":
        for op in ops:
            if op.get("operation") == "start":
                op.set("op-secure-params", " password fake ")
                op.set("op-secure-digest", rng.choice(["f2317cad3d54cec5d7d7aa7d0bf35cf8", "0" * 32]))
                if rng.random() < .5:
                    op.set("op-digest", "1" * 32)
        return
    if kind == "anonymous":  # an instance's number in the history is not the one that it will have
        entries = [e for e in root.findall("./status//lrm_resource") if re.fullmatch(r"r\d+", e.get("id"))]
        for entry in rng.sample(entries, min(3, len(entries))):
            number = rng.choice([":0", ":1", ":3"])
            old = entry.get("id")
            if any(c.find("primitive") is not None and c.find("primitive").get("id") == old for c in resources(root, "clone")):
                entry.set("id", old + number)
                for op in entry:
                    op.set("id", op.get("id").replace(old + "_", old + number + "_", 1))
                    if op.get("operation_key"):
                        op.set("operation_key", op.get("operation_key").replace(old + "_", old + number + "_", 1))
        return
    for op in ops:
        if rng.random() < .3:
            continue
        if kind == "no digest":
            op.attrib.pop("op-digest", None)
        elif kind == "no key":
            op.attrib.pop("operation_key", None)
        elif kind == "old":
            op.set("crm_feature_set", rng.choice(["3.0.1", "1.0", "3.0.13", "3.16.1"]))
        else:
            op.attrib.pop("crm_feature_set", None)


def uncounted(rng, config, root):
    """Failures counted by names of old, or of what does not exist."""
    if not config.primitives:
        return
    for state in node_states(root):
        name, _ = rng.choice(config.primitives)
        if rng.random() < .5:
            name = rng.choice([name, name + ":0", name + ":1", "gone"])
            set_transient(state, f"fail-count-{name}", rng.choice([1, 3, "INFINITY"]))
            if rng.random() < .7:
                set_transient(state, f"last-failure-{name}", NOW - rng.choice([10, 100, 10000]))


def under_way(rng, config, root):
    """Operations of all kinds that are under way."""
    entries = [e for e in root.findall("./status//lrm_resource") if len(e)]
    for entry in rng.sample(entries, min(rng.randint(1, 4), len(entries))):
        numbers = [int(op.get("call-id", "0")) for op in entry]
        task = rng.choice(["start", "stop", "promote", "demote", "monitor", "notify", "reload", "monitor_10000"])
        interval = "0"
        if "_" in task:
            task, interval = task.split("_")
        name = entry.get("id")
        history = {"id": f"{name}_{'last' if interval == '0' else task}_{interval}", "operation": task,
                   "operation_key": f"{name}_{task}_{interval}", "crm_feature_set": "3.16.1", "interval": interval,
                   "transition-key": "7:1:0:x", "transition-magic": "-1:193;7:1:0:x", "rc-code": "193", "op-status": "-1",
                   "call-id": str(rng.choice([-1, max(numbers) + 1])), "last-rc-change": str(NOW - rng.choice([5, 4000]))}
        for op in list(entry):
            if op.get("id") == history["id"]:
                entry.remove(op)
        ET.SubElement(entry, "lrm_rsc_op", history)


def locked(rng, config, root):
    """Nodes were shut down, and their resources wait for them."""
    put(options(root), "shutdown-lock", "true")
    if rng.random() < .4:
        put(options(root), "shutdown-lock-limit", "10min")
    state = rng.choice(node_states(root))
    for entry in state.iter("lrm_resource"):
        if rng.random() < .7:
            entry.set("shutdown-lock", str(NOW - rng.choice([60, 6000])))
            for op in list(entry):
                if op.get("interval") != "0":
                    entry.remove(op)
                elif op.get("operation") in ("start", "monitor", "promote"):
                    op.set("operation", "stop")
                    op.set("operation_key", f"{entry.get('id')}_stop_0")
                    op.set("rc-code", "0")
                    op.set("op-status", "0")
    if rng.random() < .8:
        state.attrib.update({"in_ccm": "false", "crmd": "offline", "join": "down", "expected": "down"})


def vanished(rng, config, root):
    """Nodes that are missing among the nodes or in the status; the resources of one whose history is not known."""
    states = root.find("./status")
    kind = rng.choice(["state", "entry", "history"])
    if kind == "state" and len(states) > 1:
        states.remove(rng.choice(list(states)))
    elif kind == "entry":
        nodes = root.find("./configuration/nodes")
        if len(nodes) > 2:
            nodes.remove(rng.choice(list(nodes)))
    else:
        for state in states:
            if rng.random() < .4 and state.find("lrm") is not None:
                state.remove(state.find("lrm"))


def joining(rng, config, root):
    """Nodes whose state holds times, as since 3.0 (node-pending-timeout)."""
    if rng.random() < .7:
        put(options(root), "node-pending-timeout", rng.choice(["30s", "2h", "0"]))
    for state in node_states(root):
        if state.get("remote_node") != "true":
            state.set("in_ccm", str(NOW - 5000) if rng.random() < .85 else "0")
            state.set("crmd", str(NOW - 4000))
            if rng.random() < .35:
                state.set("crmd", rng.choice(["0", str(NOW - 5)]))
                state.set("in_ccm", str(NOW - rng.choice([10, 1000])))
                state.set("join", rng.choice(["down", "pending"]))


def tickets(rng, config, root):
    status = root.find("./status")
    old = status.find("tickets")
    if old is not None:
        status.remove(old)
    for ticket in ("ticketA", "ticketB"):
        if old is None:
            old = ET.Element("tickets")
        for known in list(old):
            if known.get("id") == ticket:
                old.remove(known)
        ET.SubElement(old, "ticket_state", {"id": ticket, **rng.choice([
            {"granted": "true", "last-granted": str(NOW - 100)}, {"granted": "false"}, {"granted": "true", "standby": "true"},
            {"granted": "false", "standby": "true"}, {"standby": "false"}])})
    status.append(old)


# --- old shapes ---

OLD_OPTIONS = {"stonith-enabled": "stonith_enabled", "fencing-enabled": "stonith_enabled", "no-quorum-policy": "no_quorum_policy",
               "symmetric-cluster": "symmetric_cluster", "stop-orphan-resources": "stop_orphan_resources",
               "startup-fencing": "startup_fencing", "stonith-action": "stonith_action",
               "stop-removed-resources": "stop_orphan_resources", "stop-orphan-actions": "stop_orphan_actions",
               "fencing-action": "stonith_action", "stop-removed-actions": "stop_orphan_actions"}


def old_options(rng, config, root):
    for pair in options(root).findall("nvpair"):
        if pair.get("name") in OLD_OPTIONS and rng.random() < .7:
            pair.set("name", OLD_OPTIONS[pair.get("name")])
    for name, value in (("default-resource-stickiness", 40), ("default_resource_stickiness", 60), ("is-managed-default", "false"),
                        ("default-action-timeout", "33s"), ("default_action_timeout", "34s"), ("default-migration-threshold", 1),
                        ("default_migration_threshold", 1), ("default-resource-failure-stickiness", "-INFINITY"),
                        ("is_managed_default", "false"), ("transition_idle_timeout", "50s"), ("remove_after_stop", "true")):
        if rng.random() < .15:
            put(options(root), name, value)
    for name in ("rsc_defaults", "op_defaults"):
        for section in root.find("./configuration").findall(name):
            root.find("./configuration").remove(section)


def old_clones(rng, config, root):
    for clone in resources(root, "clone"):
        blocks = [b for b in clone.findall("meta_attributes") if b.find("nvpair[@name='promotable']") is not None]
        if not blocks or rng.random() < .2:
            continue
        clone.tag = "master"
        for block in blocks:
            block.remove(block.find("nvpair[@name='promotable']"))
            block.set("id", f"{block.get('id').rsplit('-', 1)[0]}-before")   # not the name that the upgrade gives
            if not len(block):
                clone.remove(block)
        for pair in clone.findall("meta_attributes/nvpair"):
            if pair.get("name", "").startswith("promoted-") and rng.random() < .7:
                pair.set("name", pair.get("name").replace("promoted", "master"))


def old_operations(rng, config, root):
    for op in root.findall("./configuration/resources//op"):
        if op.get("name") in ("start", "promote", "monitor", "stop") and rng.random() < .3:
            value = rng.choice(["nothing", "quorum", "fencing"])
            if rng.random() < .6:
                op.set("requires", value)
            elif op.find("meta_attributes") is None:
                tag = rng.choice(["meta_attributes", "instance_attributes"])
                name = f"{op.get('id')}-rq"
                op.append(ET.fromstring(f'<{tag} id="{name}">{nvpairs(name, {"requires": value})}</{tag}>'))
        elif op.find("instance_attributes") is None and rng.random() < .1:
            name = f"{op.get('id')}-oi"
            pair = rng.choice([("timeout", "77s"), ("on-fail", "block"), ("start-delay", "4s"), ("enabled", "false"),
                               ("role", "Slave"), ("record-pending", "false")])
            op.insert(0, ET.fromstring(f'<instance_attributes id="{name}">{nvpairs(name, dict([pair]))}</instance_attributes>'))


def several_rules(rng, config, root):
    for i, constraint in enumerate(root.findall("./configuration/constraints/rsc_location")):
        if constraint.find("rule") is not None and constraint.find("rule").get("id") and rng.random() < .7:
            score = rng.choice([' score="20"', ' score="-INFINITY"', ' score-attribute="weight"'])
            constraint.insert(1, ET.fromstring(rule(rng, config, f"sr{i}", score)))


def old_nodes(rng, config, root):
    nodes = root.findall("./configuration/nodes/node")
    for node in nodes:
        if node.get("type") in (None, "member") and rng.random() < .5:
            node.set("type", "normal")
    if len(nodes) > 2 and rng.random() < .3:
        rng.choice(nodes).set("type", "ping")


def gone_classes(rng, config, root):
    used = {e.get("id-ref") for e in root.iter()}
    plain = [p for p in agents(root) if p.get("template") is None and not used & {e.get("id", "") for e in p.iter()}]
    if plain:
        primitive = rng.choice(plain)
        primitive.set("class", rng.choice(["upstart", "nagios"]))
        primitive.attrib.pop("provider", None)


def odd_pairs(rng, config, root):
    """Pairs without a value, phases of the moon, colocations with a score's attribute."""
    for resource in rng.sample(resources(root), min(2, len(resources(root)))):
        block = meta(resource)
        ET.SubElement(block, "nvpair", id=f"{block.get('id')}-nv", name=rng.choice(["priority", "is-managed", "target-role"]))
    for spec in root.iter("date_spec"):
        if rng.random() < .7:
            spec.set("moon", "1")


CHANGES = [fencing_devices, told_apart, capacities, references, twice, orders_by_score, many_sets, rules, extras, extras,
           containers, guests_in_groups, missing]
EVENTS = [attributes, node_attributes, change_option, change_meta, change_meta, change_constraint, change_operations, change_agent,
          change_members, change_replicas, old_history, old_history, uncounted, under_way, under_way, locked, vanished, joining,
          tickets]
OLD = {"pacemaker-2.10": [old_options, old_clones, old_operations, several_rules, old_nodes, gone_classes,
                          odd_pairs],
       "pacemaker-1.2": [old_options, old_clones, old_operations, several_rules, old_nodes],
       "pacemaker-3.9": [several_rules, old_clones, gone_classes, odd_pairs]}


class Config(widecib.Config):
    DURATIONS = {key: value for key, value in widecib.Config.DURATIONS.items() if key != "years"}   # a known difference
    events = randomcib.EVENTS + EVENTS + EVENTS

    def __init__(self, rng):
        self.most_nodes, self.most_resources, self.most_constraints = rng.choice([(3, 3, 4), (4, 6, 6), (6, 8, 8)])
        super().__init__(rng)

    def text(self, listed):
        root = ET.fromstring(super().text(listed))
        for change in self.rng.sample(CHANGES, self.rng.randint(1, 3)):
            change(self.rng, self, root)
        self.disguise(root)
        for resource in resources(root, "group", "clone"):
            order_children(resource)
        return ET.tostring(root, encoding="unicode")

    def disguise(self, root):
        """Sometimes the configuration looks as one of an older schema."""
        if not self.chance(.3):
            return
        schema = self.rng.choice(sorted(OLD))
        newer = {e.tag for e in root.find("./configuration").iter()} | {
            name for e in root.find("./configuration").iter() for name in e.attrib}
        if newer & {"op_expression", "rsc_expression", "date_expression", "influence"}:
            schema = "pacemaker-3.9"   # the upgrade from 2.10 takes only what was valid then
        elif schema == "pacemaker-1.2" and newer & {"tags", "bundle", "resource-discovery"}:
            schema = "pacemaker-2.10"
        root.set("validate-with", schema)
        for change in self.rng.sample(OLD[schema], self.rng.randint(1, 3)):
            change(self.rng, self, root)
        for element in root.find("./configuration").iter():
            for key, value in list(element.attrib.items()):
                if value in ("Promoted", "Unpromoted"):
                    element.set(key, {"Promoted": "Master", "Unpromoted": "Slave"}[value])
            if element.tag in ("docker", "podman") and schema == "pacemaker-2.10":
                element.tag = "docker"
                if "promoted-max" in element.attrib:
                    element.set("masters", element.attrib.pop("promoted-max"))
            if element.tag == "network" and schema == "pacemaker-2.10":
                element.attrib.pop("add-host", None)
