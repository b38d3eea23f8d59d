"""Random clusters as CIB text, for tests/sched/differential: the same seed gives the same cluster.

A Config is made from a random.Random; text() is the CIB with all nodes up and nothing started.  The functions
below it change a CIB that a simulation has written: what a running cluster meets.
"""
import random
import re
import xml.etree.ElementTree as ET

SCORES = [-100, 1, 50, 100, 1000, "INFINITY", "INFINITY", "-INFINITY"]
NOW = 1700000000  # execution-date


def nvpairs(prefix, pairs):
    return "".join(f'<nvpair id="{prefix}-{i}" name="{k}" value="{v}"/>' for i, (k, v) in enumerate(pairs.items()))


class Config:
    most_nodes, most_resources, most_constraints = 5, 5, 6

    def __init__(self, rng):
        self.rng = rng
        self.nodes = [f"n{i + 1}" for i in range(rng.randint(2, self.most_nodes))]
        self.special_nodes = []      # guests, remote nodes, bundle nodes
        self.names, self.resources, self.constraints, self.tags = [], [], [], []
        self.primitives, self.promotable, self.members, self.templates = [], [], [], []
        self.migrates = .6 if self.chance(.1) else .15   # some clusters are of virtual machines
        self.options = self.make_options()
        self.fencing = self.options["stonith-enabled"] == "true"
        if self.fencing:
            self.add_fencing()
        if self.chance(.15):
            self.templates.append("tmpl")
            self.resources.append('<template id="tmpl" class="ocf" provider="pacemaker" type="Dummy">'
                                  f'{self.meta("tmpl")}<operations>{self.operations("tmpl", False)}</operations></template>')
        for i in range(rng.randint(1, self.most_resources)):
            self.add_resource(i)
        if self.chance(.15) and len(self.names) > 1:
            self.tags = rng.sample(self.names, 2)
        for i in range(rng.randint(0, self.most_constraints)):
            self.add_constraint(i)

    @property
    def events(self):
        return EVENTS

    def disguise(self, root):
        """How the configuration is written; here as it is."""

    def chance(self, probability):
        return self.rng.random() < probability

    # --- options ---

    def make_options(self):
        rng = self.rng
        options = {"stonith-enabled": rng.choice(["true", "true", "false"]),
                   "no-quorum-policy": rng.choice(["stop", "stop", "ignore", "freeze", "demote"])}
        if options["stonith-enabled"] == "true" and self.chance(.1):
            options["no-quorum-policy"] = "suicide"
        for option, values, chance in (
                ("symmetric-cluster", ["false"], .15), ("start-failure-is-fatal", ["false"], .2),
                ("node-health-strategy", ["migrate-on-red", "only-green", "progressive", "custom"], .12),
                ("shutdown-lock", ["true"], .12), ("priority-fencing-delay", ["60s"], .05),
                ("maintenance-mode", ["true"], .04), ("stop-all-resources", ["true"], .03),
                ("enable-startup-probes", ["false"], .05), ("concurrent-fencing", ["true", "false"], .1),
                ("stop-orphan-resources", ["false"], .1), ("stop-orphan-actions", ["false"], .05),
                ("startup-fencing", ["false"], .05), ("stonith-action", ["off"], .1),
                ("have-watchdog", ["true"], .05), ("placement-strategy", ["utilization", "balanced", "minimal"], .2),
                ("batch-limit", ["10"], .03), ("migration-limit", ["1"], .05)):
            if self.chance(chance):
                options[option] = rng.choice(values)
        if options.get("node-health-strategy") == "progressive" and self.chance(.5):
            options.update({"node-health-yellow": "-10", "node-health-red": "-200", "node-health-green": "5"})
        if "shutdown-lock" in options and self.chance(.5):
            options["shutdown-lock-limit"] = rng.choice(["5min", "1h"])
        return options

    def add_fencing(self):
        provides = ('<meta_attributes id="fence-ma"><nvpair id="fence-ma-p" name="provides" value="unfencing"/>'
                    "</meta_attributes>" if self.chance(.08) else "")
        self.resources.append(f'<primitive id="fence" class="stonith" type="fence_dummy">{provides}</primitive>')

    # --- resources ---

    def meta(self, name, extra=None):
        rng, pairs = self.rng, dict(extra or {})
        for key, values, chance in (
                ("target-role", ["Stopped", "Started", "Started"], .15), ("is-managed", ["false"], .06),
                ("priority", list(range(1, 11)), .15), ("resource-stickiness", [0, 50, 1000, "INFINITY", -5], .15),
                ("multiple-active", ["stop_only", "block", "stop_start", "stop_unexpected"], .12),
                ("allow-migrate", ["true"], self.migrates), ("migration-threshold", [1, 2, 3], .15),
                ("failure-timeout", ["60s", "1h"], .12), ("maintenance", ["true"], .04), ("critical", ["false"], .08),
                ("requires", ["nothing", "quorum", "fencing", "unfencing"], .08), ("allow-unhealthy-nodes", ["true"], .05),
                ("container-attribute-target", ["host"], .03), ("resource-stickiness", [100], .02)):
            if self.chance(chance):
                pairs[key] = rng.choice(values)
        if not pairs:
            return ""
        text = f'<meta_attributes id="{name}-ma">{nvpairs(name + "-ma", pairs)}</meta_attributes>'
        if self.chance(.06):
            text += (f'<meta_attributes id="{name}-mr" score="10"><rule id="{name}-mr-r" score="INFINITY">'
                     f'<date_expression id="{name}-mr-d" operation="{rng.choice(["gt", "lt"])}" '
                     f'{"start" if "gt" in text else "end"}="2023-11-01"/></rule>'
                     f'<nvpair id="{name}-mr-1" name="priority" value="7"/></meta_attributes>').replace(
                         'operation="gt" end', 'operation="gt" start').replace('operation="lt" start', 'operation="lt" end')
        return text

    def operations(self, name, stateful):
        rng = self.rng
        choices = ["", "", "", "", "stop", "block", "ignore", "standby", "restart"]
        if self.fencing:
            choices += ["fence", "fence"]
        if stateful:
            choices += ["demote", "demote"]

        def fail(among):
            policy = rng.choice(among)
            return f' on-fail="{policy}"' if policy else ""

        ops = f'<op id="{name}-m10" name="monitor" interval="10s" timeout="20s"{fail([c for c in choices if c != "demote"])}/>'
        if stateful:
            ops += f'<op id="{name}-m11" name="monitor" interval="11s" timeout="20s" role="Master"{fail(choices)}/>'
        if self.chance(.1):
            ops += f'<op id="{name}-ms" name="monitor" interval="30s" role="Stopped"/>'
        if self.chance(.15):
            ops += f'<op id="{name}-st" name="start" interval="0" timeout="30s"{fail(["", "block", "stop", "ignore", "restart"])}/>'
        if self.chance(.15):
            ops += f'<op id="{name}-sp" name="stop" interval="0" timeout="30s"{fail(["", "block", "ignore"] + (["fence"] if self.fencing else []))}/>'
        if self.chance(.05):
            ops += (f'<op id="{name}-of" name="monitor" interval="{rng.choice(["40s", "PT1M"])}" '
                    f'{rng.choice(["enabled=" + chr(34) + "false" + chr(34), "start-delay=" + chr(34) + "5s" + chr(34), "interval-origin=" + chr(34) + "2023-11-14" + chr(34)])}/>')
        if stateful and self.chance(.15):
            ops += f'<op id="{name}-pr" name="promote" interval="0"{fail(["", "block", "demote", "ignore", "stop"])}/>'
        return ops

    def primitive(self, name, stateful=False):
        self.primitives.append((name, stateful))
        if self.templates and not stateful and self.chance(.4):
            return f'<primitive id="{name}" template="tmpl">{self.meta(name)}</primitive>'
        utilization = ""
        if "placement-strategy" in self.options and self.chance(.7):
            utilization = f'<utilization id="{name}-u">{nvpairs(name + "-u", {"cpu": self.rng.randint(1, 3)})}</utilization>'
        params = ""
        if self.chance(.3):
            params = f'<instance_attributes id="{name}-ia">{nvpairs(name + "-ia", {"fake": "1"})}</instance_attributes>'
        kind = "Stateful" if stateful else "Dummy"
        return (f'<primitive id="{name}" class="ocf" provider="pacemaker" type="{kind}">{self.meta(name)}{params}'
                f"<operations>{self.operations(name, stateful)}</operations>{utilization}</primitive>")

    def add_resource(self, i):
        rng = self.rng
        kind = rng.choice(["primitive", "primitive", "group", "clone", "promotable", "clone-group", "promotable-group",
                           "bundle", "guest", "remote"])
        name = f"r{i}"
        if kind in ("bundle", "guest", "remote"):
            getattr(self, "add_" + kind)(i)
            return
        top = name if kind == "primitive" else f"{kind[0]}{i}"
        self.names.append(top)
        if kind == "primitive":
            text = self.primitive(name)
        elif kind == "group":
            members = "".join(self.member(f"{name}{c}") for c in "abc"[:rng.randint(1, 3)])
            text = f'<group id="{top}">{self.meta(top)}{members}</group>'
        else:
            text = self.clone(kind, i, top, name)
        self.resources.append(text)

    def member(self, name, stateful=False):
        self.members.append(name)
        return self.primitive(name, stateful)

    def clone(self, kind, i, top, name):
        rng, extra, stateful = self.rng, {}, kind.startswith("promotable")
        for key, values, chance in (("interleave", ["true"], .4), ("clone-max", [1, 2, 3, 4], .3), ("ordered", ["true"], .2),
                                    ("notify", ["true"], .3), ("clone-min", [1, 2], .1)):
            if self.chance(chance):
                extra[key] = rng.choice(values)
        if self.chance(.2) and kind == "clone":
            extra["globally-unique"] = "true"
            extra["clone-node-max"] = 2
        if stateful:
            extra["promotable"] = "true"
            if self.chance(.3):
                extra["promoted-max"] = 2
            self.promotable.append((top, name))
        if kind.endswith("group"):
            members = "".join(self.member(f"{name}{c}", stateful) for c in "abc"[:rng.randint(1, 3)])
            inner = f'<group id="cg{i}">{members}</group>'
        else:
            inner = self.primitive(name, stateful)
        return f'<clone id="{top}">{self.meta(top, extra)}{inner}</clone>'

    def add_bundle(self, i):
        rng, name = self.rng, f"b{i}"
        self.names.append(name)
        replicas = rng.randint(1, 3)
        inner, promoted, network = "", "", ""
        if self.chance(.7):
            inner = (f'<primitive id="b{i}p" class="ocf" provider="pacemaker" type="Stateful">'
                     f'<operations>{self.operations(f"b{i}p", False)}</operations></primitive>')
            network = '<network ip-range-start="192.168.122.131"/>'
            self.special_nodes += [f"b{i}-{n}" for n in range(replicas)]
            if self.chance(.5):
                promoted = f' promoted-max="{rng.randint(1, 2)}"'
                self.promotable.append((name, f"b{i}p"))
        elif self.chance(.3):
            network = '<network ip-range-start="192.168.122.200"/>'
        per_host = ' replicas-per-host="2"' if network and self.chance(.1) else ""
        self.resources.append(f'<bundle id="{name}">{self.meta(name)}<docker image="img" replicas="{replicas}"{per_host}'
                              f"{promoted}/>{network}{inner}</bundle>")

    def add_guest(self, i):
        self.names.append(f"g{i}")
        self.special_nodes.append(f"vm{i}")
        migrate = {"allow-migrate": "true"} if self.chance(.4) else {}
        self.primitives.append((f"g{i}", False))
        self.resources.append(
            f'<primitive id="g{i}" class="ocf" provider="heartbeat" type="VirtualDomain"><meta_attributes id="g{i}-ma">'
            f'{nvpairs(f"g{i}-ma", {"remote-node": f"vm{i}", **migrate})}</meta_attributes>'
            f'<operations><op id="g{i}-m" name="monitor" interval="30s"/></operations></primitive>')

    def add_remote(self, i):
        self.names.append(f"r{i}")
        self.special_nodes.append(f"r{i}")
        interval = '<nvpair id="r%d-ia-r" name="reconnect_interval" value="60"/>' % i if self.chance(.2) else ""
        self.resources.append(
            f'<primitive id="r{i}" class="ocf" provider="pacemaker" type="remote"><instance_attributes id="r{i}-ia">'
            f'<nvpair id="r{i}-ia-s" name="server" value="r{i}"/>{interval}</instance_attributes>'
            f'<operations><op id="r{i}-m" name="monitor" interval="30s"/></operations></primitive>')

    # --- constraints ---

    def role(self, name, attribute):
        if name in [top for top, _ in self.promotable] and self.chance(.5):
            return f' {attribute}="{self.rng.choice(["Master", "Master", "Slave"])}"'
        return ""

    def target(self):
        if self.members and self.chance(.15):
            return self.rng.choice(self.members)
        if self.tags and self.chance(.08):
            return "tag"
        if self.templates and self.chance(.08):
            return "tmpl"
        return self.rng.choice(self.names)

    def any_node(self):
        return self.rng.choice(self.nodes + self.special_nodes) if self.chance(.3) else self.rng.choice(self.nodes)

    def add_constraint(self, i):
        kind = self.rng.choice(["location", "location", "rule", "colocation", "colocation", "order", "order", "order-set",
                                "colocation-set", "location-set", "ticket", "ticket-set", "date"])
        text = getattr(self, "make_" + kind.replace("-", "_"))(i, self.rng.choice(SCORES))
        if text is not None:
            self.constraints.append(text)

    def make_location(self, i, score):
        discovery = self.rng.choice(["", "", "", ' resource-discovery="never"', ' resource-discovery="exclusive"'])
        rsc = self.target()
        if self.chance(.1):
            return f'<rsc_location id="l{i}" rsc-pattern="^{rsc[0]}" node="{self.any_node()}" score="{score}"/>'
        role = self.role(rsc, "role")
        return f'<rsc_location id="l{i}" rsc="{rsc}" node="{self.any_node()}" score="{score}"{role}{discovery}/>'

    def make_rule(self, i, score):
        rng, rsc = self.rng, self.target()
        role = self.role(rsc, "role")
        if self.chance(.1):
            test = (f'<expression id="l{i}-e" attribute="{rng.choice(["#kind", "#id", "#is_dc", "#role", "version"])}" '
                    f'operation="{rng.choice(["eq", "ne", "defined", "lt"])}" type="{rng.choice(["string", "version"])}" '
                    f'value="{rng.choice(["1", "remote", "cluster", "true", "1.10"])}"/>').replace(
                        'operation="defined" type="string" value="1"', 'operation="defined"')
            if 'operation="defined"' in test:
                test = f'<expression id="l{i}-e" attribute="#kind" operation="defined"/>'
        elif self.chance(.05):
            test = (f'<expression id="l{i}-e" attribute="cpus" operation="eq" value="fake" '
                    f'value-source="{rng.choice(["param", "meta"])}"/>')
        elif self.chance(.5):
            test = (f'<expression id="l{i}-e" attribute="#uname" operation="{rng.choice(["eq", "ne"])}" '
                    f'value="{rng.choice(self.nodes)}"/>')
        else:
            test = (f'<expression id="l{i}-e" attribute="site" operation="eq" value="east"/><expression id="l{i}-f" '
                    f'attribute="cpus" operation="{rng.choice(["lt", "gte", "not_defined"])}" type="number" value="4"/>')
            test = test.replace(' type="number" value="4"', "") if "not_defined" in test else test
        if self.chance(.15):
            return (f'<rsc_location id="l{i}" rsc="{rsc}"><rule id="l{i}-r" score-attribute="weight"{role}>{test}</rule>'
                    "</rsc_location>")
        joined = rng.choice(["or", "and"])
        return (f'<rsc_location id="l{i}" rsc="{rsc}"><rule id="l{i}-r" score="{score}" boolean-op="{joined}"{role}>{test}'
                "</rule></rsc_location>")

    def make_date(self, i, score):
        rng = self.rng
        spec = rng.choice(['hours="9-23"', 'weekdays="1-3"', 'months="11"', 'years="2023-2024" monthdays="1-20"'])
        test = rng.choice([
            f'<date_expression id="l{i}-d" operation="date_spec"><date_spec id="l{i}-s" {spec}/></date_expression>',
            f'<date_expression id="l{i}-d" operation="in_range" start="2023-11-14" end="2023-11-15"/>',
            f'<date_expression id="l{i}-d" operation="in_range" start="2023-11-14T22:00:00Z"><duration id="l{i}-s" '
            f'minutes="{rng.choice([10, 20])}"/></date_expression>'])
        return f'<rsc_location id="l{i}" rsc="{self.target()}"><rule id="l{i}-r" score="{score}">{test}</rule></rsc_location>'

    def make_colocation(self, i, score):
        a, b = self.target(), self.target()
        if a == b:
            return None
        extra = self.rng.choice(["", "", "", "", ' node-attribute="site"', ' influence="false"', ' influence="true"'])
        return (f'<rsc_colocation id="c{i}" rsc="{a}" with-rsc="{b}" score="{score}"{self.role(a, "rsc-role")}'
                f'{self.role(b, "with-rsc-role")}{extra}/>')

    def make_order(self, i, _score):
        a, b = self.target(), self.target()
        if a == b:
            return None
        promotable = [top for top, _ in self.promotable]
        extra = ""
        if a in promotable and self.chance(.5):
            extra += f' first-action="{self.rng.choice(["promote", "demote", "stop"])}" then-action="start"'
        elif b in promotable and self.chance(.3):
            extra += f' first-action="start" then-action="{self.rng.choice(["promote", "promote", "demote"])}"'
        elif self.chance(.1):
            extra += self.rng.choice([' first-action="stop" then-action="stop"', ' first-action="stop" then-action="start"',
                                      ' first-action="start" then-action="stop"'])
        if self.chance(.15):
            extra += ' symmetrical="false"'
        if self.chance(.1):
            extra += ' require-all="false"'
        kind = "Mandatory" if "action" in extra else self.rng.choice(["Mandatory", "Mandatory", "Optional", "Serialize"])
        if kind == "Serialize":
            extra = extra.replace(' symmetrical="false"', "")
        return f'<rsc_order id="o{i}" first="{a}" then="{b}" kind="{kind}"{extra}/>'

    def refs(self, count):
        return "".join(f'<resource_ref id="{n}"/>' for n in self.rng.sample(sorted(set(self.names)), count))

    def sets(self, prefix, extra=""):
        """One set or two, of different resources."""
        names = sorted(set(self.names))
        self.rng.shuffle(names)
        if len(names) >= 4 and self.chance(.5):
            parts = [names[:2], names[2:4]]
        elif len(names) >= 2:
            parts = [names[:self.rng.randint(2, min(3, len(names)))]]
        else:
            return None
        text = ""
        for n, part in enumerate(parts):
            refs = "".join(f'<resource_ref id="{name}"/>' for name in part)
            text += (f'<resource_set id="{prefix}-s{n}" sequential="{self.rng.choice(["true", "false"])}"{extra}>{refs}'
                     "</resource_set>")
        return text

    def make_order_set(self, i, _score):
        require = ' require-all="false"' if self.chance(.2) else ""
        text = self.sets(f"os{i}", require)
        if text is not None and require:
            text = text.replace('sequential="true"', 'sequential="false"')
        kind = self.rng.choice(["", ' kind="Optional"', ' kind="Mandatory"'])
        return text and f'<rsc_order id="os{i}"{kind}>{text}</rsc_order>'

    def make_colocation_set(self, i, score):
        text = self.sets(f"cs{i}", self.rng.choice(["", "", ' role="Started"']))
        return text and f'<rsc_colocation id="cs{i}" score="{score}">{text}</rsc_colocation>'

    def make_location_set(self, i, score):
        text = self.sets(f"ls{i}")
        if self.tags and self.chance(.5):
            return f'<rsc_location id="ls{i}" rsc="tag" node="{self.rng.choice(self.nodes)}" score="{score}"/>'
        return text and f'<rsc_location id="ls{i}" node="{self.rng.choice(self.nodes)}" score="{score}">{text}</rsc_location>'

    def make_ticket(self, i, _score):
        policies = ["stop", "freeze", "demote"] + (["fence"] if self.fencing else [])
        rsc = self.target()
        return (f'<rsc_ticket id="t{i}" rsc="{rsc}" ticket="ticketA" loss-policy="{self.rng.choice(policies)}"'
                f'{self.role(rsc, "rsc-role")}/>')

    def make_ticket_set(self, i, _score):
        text = self.sets(f"ts{i}")
        return text and f'<rsc_ticket id="ts{i}" ticket="ticketA" loss-policy="stop">{text}</rsc_ticket>'

    # --- defaults ---

    def ruled_defaults(self):
        if not self.chance(.08):
            return ""
        kind = self.rng.choice(['class="ocf" type="Dummy"', 'provider="pacemaker"', 'type="Stateful"'])
        return (f'<meta_attributes id="rr" score="5"><rule id="rr-r" score="INFINITY"><rsc_expression id="rr-e" {kind}/></rule>'
                f'<nvpair id="rr-1" name="priority" value="{self.rng.randint(1, 5)}"/></meta_attributes>')

    def op_defaults(self):
        if not self.chance(.12):
            return ""
        rule = ""
        if self.chance(.5):
            rule = ('<rule id="od-r" score="INFINITY" boolean-op="and"><op_expression id="od-e" name="monitor"'
                    f'{self.rng.choice(["", " interval=" + chr(34) + "10s" + chr(34)])}/></rule>')
        pair = self.rng.choice([("timeout", "45s"), ("on-fail", "block"), ("on-fail", "stop"), ("start-delay", "3s")])
        return (f'<op_defaults><meta_attributes id="od">{rule}<nvpair id="od-1" name="{pair[0]}" value="{pair[1]}"/>'
                "</meta_attributes></op_defaults>")

    # --- the whole ---

    def node(self, i, name):
        capacity = ""
        if "placement-strategy" in self.options:
            capacity = f'<utilization id="{name}-u">{nvpairs(name + "-u", {"cpu": 3 + i})}</utilization>'
        pairs = {}
        for attribute, values, chance in (("site", ["east", "west"], .5), ("cpus", [2, 8], .3), ("weight", [5, -50], .3),
                                          ("standby", ["on"], .07), ("maintenance", ["true"], .05),
                                          ("#health-disk", ["red", "yellow", "-30"], .1), ("version", ["1.2", "1.10"], .1),
                                          ("terminate", ["true"], .02)):
            if self.chance(chance):
                pairs[attribute] = self.rng.choice(values)
        if pairs:
            pairs = f'<instance_attributes id="{name}-ia">{nvpairs(name + "-ia", pairs)}</instance_attributes>'
        return f'<node id="{i + 1}" uname="{name}">{pairs or ""}{capacity}</node>'

    def text(self, listed):
        """listed: also the remote and guest nodes have an entry in <nodes>."""
        rng = self.rng
        nodes = "".join(self.node(i, n) for i, n in enumerate(self.nodes))
        absent = len(self.nodes) - 1 if len(self.nodes) > 2 and self.chance(.08) else None   # never seen
        states = "".join(f'<node_state id="{i + 1}" uname="{n}" in_ccm="true" crmd="online" join="member" '
                         'expected="member"/>' for i, n in enumerate(self.nodes) if i != absent)
        if listed:
            nodes += "".join(f'<node id="{n}" uname="{n}" type="remote"/>' for n in self.special_nodes)
        defaults = {"resource-stickiness": rng.choice([0, 1, 100, 200])}
        if self.chance(.4):
            defaults["migration-threshold"] = rng.randint(1, 3)
        tags = ""
        if self.tags:
            refs = "".join(f'<obj_ref id="{n}"/>' for n in self.tags)
            tags = f'<tags><tag id="tag">{refs}</tag></tags>'
        quorum = "0" if self.chance(.04) else "1"
        return (f'<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" epoch="1" num_updates="0" admin_epoch="0" '
                f'have-quorum="{quorum}" dc-uuid="1" execution-date="{NOW}"><configuration><crm_config>'
                f'<cluster_property_set id="o">{nvpairs("o", self.options)}</cluster_property_set></crm_config>'
                f'<nodes>{nodes}</nodes><resources>{"".join(self.resources)}</resources>'
                f'<constraints>{"".join(self.constraints)}</constraints><rsc_defaults><meta_attributes id="rd">'
                f'{nvpairs("rd", defaults)}</meta_attributes>{self.ruled_defaults()}</rsc_defaults>{self.op_defaults()}{tags}'
                f'</configuration>'
                f"<status>{states}</status></cib>")


# --- what happens to a running cluster ---

def node_states(root):
    return root.findall("./status/node_state")


def set_transient(state, name, value):
    transient = state.find("transient_attributes")
    if transient is None:
        transient = ET.SubElement(state, "transient_attributes", id=state.get("id"))
    pairs = transient.find("instance_attributes")
    if pairs is None:
        pairs = ET.SubElement(transient, "instance_attributes", id=f"status-{state.get('id')}")
    for pair in pairs.findall("nvpair"):
        if pair.get("name") == name:
            pairs.remove(pair)
    count = len(pairs.findall("nvpair"))
    ET.SubElement(pairs, "nvpair", id=f"status-{state.get('id')}-{count}-{name.replace('#', '.')}", name=name,
                  value=str(value))


def promotion_scores(rng, config, root):
    """The agents of promotable clones ask for promotion."""
    for _, name in config.promotable:
        for state in node_states(root):
            if rng.random() < .7:
                set_transient(state, f"master-{name}", rng.choice([5, 10, 100, -1]))
                if rng.random() < .1:
                    set_transient(state, f"master-{name}a", rng.choice([5, 10]))


def forget_resource(rng, config, root):
    """A resource is no longer in the configuration."""
    resources = root.find("./configuration/resources")
    names = [r for r in resources if r.tag in ("primitive", "group", "clone") and r.get("id") != "fence"]
    if not names:
        return
    victim = rng.choice(names)
    ids = {element.get("id") for element in victim.iter() if element.tag in ("primitive", "group", "clone")}
    resources.remove(victim)
    constraints = root.find("./configuration/constraints")
    for constraint in list(constraints):
        used = {constraint.get(a) for a in ("rsc", "with-rsc", "first", "then")}
        used |= {ref.get("id") for ref in constraint.iter("resource_ref")}
        if used & ids:
            constraints.remove(constraint)
    for tag in root.findall("./configuration/tags/tag"):
        for ref in list(tag):
            if ref.get("id") in ids:
                tag.remove(ref)


def change_parameter(rng, config, root):
    """A parameter or option of a resource is changed."""
    pairs = root.findall("./configuration/resources//instance_attributes/nvpair[@name='fake']")
    if pairs:
        rng.choice(pairs).set("value", "2")


def change_role(rng, config, root):
    pairs = root.findall("./configuration/resources//meta_attributes/nvpair[@name='target-role']")
    if pairs:
        rng.choice(pairs).set("value", rng.choice(["Stopped", "Started", "Slave"]))


def shut_down(rng, config, root):
    set_transient(rng.choice(node_states(root)), "shutdown", NOW)


def old_failure(rng, config, root):
    """Failures that were counted a while ago."""
    if not config.primitives:
        return
    name, _ = rng.choice(config.primitives)
    state = rng.choice(node_states(root))
    task = rng.choice(["monitor_10000", "start_0", "stop_0"])
    set_transient(state, f"fail-count-{name}#{task}", rng.choice([1, 2, 3, "INFINITY"]))
    set_transient(state, f"last-failure-{name}#{task}", NOW - rng.choice([10, 100, 10000]))


def spoil_history(rng, config, root):
    """An operation in the history ended otherwise, is not over yet, or was on two nodes."""
    ops = [op for op in root.findall("./status//lrm_rsc_op")
           if op.get("operation") in ("start", "monitor", "stop", "promote", "demote")]
    if not ops:
        return
    op = rng.choice(ops)
    kind = rng.choice(["rc", "rc", "pending", "status"])
    rc, status = op.get("rc-code"), op.get("op-status")
    if kind == "rc":
        rc = rng.choice(["0", "1", "2", "5", "6", "7", "8", "9"])
    elif kind == "pending":
        rc, status = "193", "-1"
    else:
        rc, status = "1", rng.choice(["2", "3", "4", "7"])
    magic = op.get("transition-magic", "").split(";", 1)
    op.set("rc-code", rc)
    op.set("op-status", status)
    op.set("transition-magic", f"{status}:{rc};{magic[-1]}")
    op.set("last-rc-change", str(NOW - rng.choice([5, 500])))


def node_trouble(rng, config, root):
    """A cluster node is joining, leaving, or not what it should be."""
    state = rng.choice([s for s in node_states(root) if s.get("remote_node") != "true"] or node_states(root))
    for key, value in rng.choice([{"join": "pending"}, {"crmd": "offline"}, {"in_ccm": "false"},
                                  {"in_ccm": "false", "crmd": "offline", "join": "down", "expected": "down"},
                                  {"expected": "down"}, {"join": "down", "crmd": "offline", "in_ccm": "true"}]).items():
        state.set(key, value)


def remote_maintenance(rng, config, root):
    remote = [s for s in node_states(root) if s.get("remote_node") == "true"]
    if remote:
        rng.choice(remote).set("node_in_maintenance", "1")


def in_bundle(entry):
    """What belongs to a bundle runs only where the bundle puts it: no agent can say otherwise."""
    return re.match(r"b\d", entry.get("id")) is not None


def two_places(rng, config, root):
    """What a node's history says is also true on another node."""
    states = [s for s in node_states(root) if s.find("./lrm/lrm_resources") is not None]
    if len(states) < 2:
        return
    source, target = rng.sample(states, 2)
    entries = [e for e in source.findall("./lrm/lrm_resources/lrm_resource") if not in_bundle(e)]
    if not entries:
        return
    entry = rng.choice(entries)
    into = target.find("./lrm/lrm_resources")
    for old in into.findall("lrm_resource"):
        if old.get("id") == entry.get("id"):
            into.remove(old)
    into.append(ET.fromstring(ET.tostring(entry)))


def migrating(rng, config, root):
    """A live migration was under way."""
    states = [s for s in node_states(root) if s.get("remote_node") != "true" and s.find("./lrm/lrm_resources") is not None]
    if len(states) < 2:
        return
    source, target = rng.sample(states, 2)
    entries = [e for e in source.findall("./lrm/lrm_resources/lrm_resource")
               if e.get("class") == "ocf" and not in_bundle(e) and any(op.get("operation") == "start" for op in e)]
    if not entries:
        return
    entry = rng.choice(entries)
    name, call = entry.get("id"), max(int(op.get("call-id", "0")) for op in entry) + 1

    def record(into, task, rc, status, number):
        ET.SubElement(into, "lrm_rsc_op", {
            "id": f"{name}_last_0", "operation_key": f"{name}_{task}_0", "operation": task, "crm_feature_set": "3.16.1",
            "transition-key": f"1:1:0:x", "transition-magic": f"{status}:{rc};1:1:0:x", "call-id": str(number),
            "rc-code": rc, "op-status": status, "interval": "0", "on_node": source.get("uname"),
            "migrate_source": source.get("uname"), "migrate_target": target.get("uname"),
            "last-rc-change": str(NOW - 20)})

    for op in list(entry):
        if op.get("id") == f"{name}_last_0":
            entry.remove(op)
    how = rng.choice(["to pending", "to done", "both done", "from failed", "to failed", "from pending"])
    record(entry, "migrate_to", *{"to pending": ("193", "-1"), "to failed": ("1", "0")}.get(how, ("0", "0")), call)
    if how in ("both done", "from failed", "from pending"):
        into = target.find("./lrm/lrm_resources")
        for old in into.findall("lrm_resource"):
            if old.get("id") == name:
                into.remove(old)
        copy = ET.SubElement(into, "lrm_resource", dict(entry.attrib))
        record(copy, "migrate_from", *{"from failed": ("1", "0"), "from pending": ("193", "-1")}.get(how, ("0", "0")), call)


def reloadable(rng, config, root):
    """Agents that said which parameters need a restart; some have been changed since."""
    histories = [e for e in root.findall("./status//lrm_resource") if e.find("lrm_rsc_op[@operation='start']") is not None]
    for history in rng.sample(histories, min(2, len(histories))):
        needed, digest = rng.choice([" state ", " fake ", " other fake "]), rng.choice(["f2317cad3d54cec5d7d7aa7d0bf35cf8", "0" * 32])
        changed = rng.random() < .4
        for op in history.findall("lrm_rsc_op[@operation='start']"):  # also the entry of its failure
            op.set("op-force-restart", needed)
            op.set("op-restart-digest", digest)
            if changed:
                op.set("op-digest", "1" * 32)


def connection_lost(rng, config, root):
    """The monitor of a remote or guest node's connection failed."""
    entries = [e for e in root.findall("./status//lrm_resource") if e.get("id") in config.special_nodes]
    ops = [op for e in entries for op in e if op.get("operation") == "monitor" and op.get("interval") != "0"]
    if ops:
        op = rng.choice(ops)
        op.set("rc-code", "1")
        op.set("op-status", rng.choice(["2", "4", "8"]))
        op.set("transition-magic", f"{op.get('op-status')}:1;{op.get('transition-magic', '').split(';', 1)[-1]}")
        op.set("last-rc-change", str(NOW - 10))


def unfenced(rng, config, root):
    for state in node_states(root):
        if rng.random() < .5 and state.get("remote_node") != "true":
            set_transient(state, "#node-unfenced", NOW - 1000)


EVENTS = [reloadable, connection_lost, unfenced, forget_resource, change_parameter, change_role, shut_down, old_failure, old_failure, spoil_history, spoil_history,
          node_trouble, remote_maintenance, two_places, migrating]
