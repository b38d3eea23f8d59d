"""Larger and stranger random clusters than randomcib's, for tests/sched/differential --wide.

What is rarer in the field, and all of it together: more nodes and resources; other agent classes; groups without
order or without colocation; options of operations in their own blocks; all parts of bundles; two tickets;
attributes, capacities and standby of remote nodes; sets with roles, actions and their own scores; dates in all their
spellings, rules of defaults by agent, rules of options by attributes.
"""
import randomcib
from randomcib import nvpairs


class Config(randomcib.Config):
    most_nodes, most_resources, most_constraints = 8, 9, 10

    # --- resources ---

    def meta(self, name, extra=None):
        extra = dict(extra or {})
        if name.startswith("g") and self.chance(.15):
            extra[self.rng.choice(["ordered", "collocated"])] = "false"
        return super().meta(name, extra)

    def operations(self, name, stateful):
        ops = super().operations(name, stateful)
        if self.chance(.5):
            ops = ops.replace('role="Master"', 'role="Promoted"')
        if self.chance(.1):
            ops += (f'<op id="{name}-x" name="monitor" interval="70s"><meta_attributes id="{name}-xm">'
                    f'{nvpairs(name + "-xm", {"on-fail": self.rng.choice(["ignore", "block", "stop"])})}</meta_attributes>'
                    f'<instance_attributes id="{name}-xi">{nvpairs(name + "-xi", {"OCF_CHECK_LEVEL": "10"})}'
                    "</instance_attributes></op>")
        if self.chance(.05):
            ops += f'<op id="{name}-z" name="monitor" interval="0" timeout="50s"/>'
        return ops

    def primitive(self, name, stateful=False):
        text = super().primitive(name, stateful)
        if not stateful and self.chance(.2):
            agent = self.rng.choice(['class="systemd" type="thing"', 'class="lsb" type="thing"', 'class="service" type="thing"',
                                     'class="ocf" provider="heartbeat" type="IPaddr2"'])
            text = text.replace('class="ocf" provider="pacemaker" type="Dummy"', agent, 1)
        if self.chance(.1):
            text = text.replace("<operations>", '<instance_attributes id="%s-ir" score="3"><rule id="%s-irr" score="0">'
                                '<expression id="%s-ire" attribute="site" operation="eq" value="east"/></rule>%s'
                                "</instance_attributes><operations>" % (name, name, name, nvpairs(name + "-ir", {"where": "east"})), 1)
        return text

    def add_bundle(self, i):
        rng, name = self.rng, f"b{i}"
        super().add_bundle(i)
        text = self.resources.pop()
        if self.chance(.5):
            text = text.replace("<docker ", "<podman ")
        for extra, chance in ((' options="--log-driver=none"', .3), (' run-command="/bin/run"', .3), (' network="host"', .2)):
            if self.chance(chance):
                text = text.replace(' image="img"', f' image="img"{extra}', 1)
        if self.chance(.3):
            text = text.replace("<network ", f'<network {rng.choice(["control-port=" + chr(34) + "9999" + chr(34), "host-netmask=" + chr(34) + "24" + chr(34), "host-interface=" + chr(34) + "eth0" + chr(34), "add-host=" + chr(34) + "false" + chr(34)])} ', 1)
        if self.chance(.3):
            mapping = rng.choice(['port="80"', 'port="81" internal-port="80"', 'range="80-82"'])
            text = text.replace("/><primitive", f'><port-mapping id="{name}-port" {mapping}/></network><primitive', 1) \
                if '<network' in text else text
        if self.chance(.4):
            storage = (f'<storage><storage-mapping id="{name}-st" {rng.choice(["source-dir", "source-dir-root"])}="/srv" '
                       f'target-dir="/var/www"{rng.choice(["", " options=" + chr(34) + "rw" + chr(34)])}/></storage>')
            at = text.find("<primitive")
            text = text[:at] + storage + text[at:] if at >= 0 else text.replace("</bundle>", storage + "</bundle>")
        self.resources.append(text)

    # --- rules ---

    TIMES = ["2023-11-14", "2023-11-14 22:13:20Z", "20231114T221321Z", "2023-318", "2023-W46-2", "2023-11-14T23:13:20+01:00",
             "2023-11-14T24:00:00Z", "2023-1-5", "2023-11-14 9:05", "2023-20", "2022-12-31T23"]
    SPECS = {"years": (2022, 2024), "months": (10, 12), "monthdays": (12, 16), "hours": (20, 23), "minutes": (10, 16),
             "seconds": (18, 22), "yeardays": (316, 320), "weekyears": (2022, 2024), "weeks": (45, 47), "weekdays": (1, 3)}
    DURATIONS = {"years": (0, 1), "months": (0, 14), "weeks": (0, 3), "days": (0, 40), "hours": (0, 30), "minutes": (0, 90)}

    def some(self, ranges, most, value):
        return "".join(f' {key}="{value(*ranges[key])}"' for key in self.rng.sample(sorted(ranges), self.rng.randint(1, most)))

    def spec_range(self, low, high):
        one, other = sorted((self.rng.randint(low, high), self.rng.randint(low, high)))
        return self.rng.choice([f"{one}", f"{one}-{other}", f"{one}-"])

    def date(self, prefix):
        rng, when = self.rng, self.rng.choice(self.TIMES)
        kind = rng.choice(["gt", "lt", "in_range", "duration", "date_spec", "date_spec"])
        start = f'<date_expression id="{prefix}-d" operation='
        if kind == "gt":
            return f'{start}"gt" start="{when}"/>'
        if kind == "lt":
            return f'{start}"lt" end="{when}"/>'
        if kind == "in_range":
            return f'{start}"in_range" start="{when}" end="{rng.choice(self.TIMES)}"/>'
        if kind == "duration":
            return (f'{start}"in_range" start="{when}"><duration id="{prefix}-s"{self.some(self.DURATIONS, 2, rng.randint)}/>'
                    "</date_expression>")
        return (f'{start}"date_spec"><date_spec id="{prefix}-s"{self.some(self.SPECS, 3, self.spec_range)}/>'
                "</date_expression>")

    def make_date(self, i, score):
        if self.chance(.3):
            return super().make_date(i, score)
        inner = self.date(f"l{i}")
        if self.chance(.3):
            inner = (f'<rule id="l{i}-n" score="0" boolean-op="{self.rng.choice(["or", "and"])}">{inner}{self.date(f"l{i}-n")}'
                     "</rule>")
        return f'<rsc_location id="l{i}" rsc="{self.target()}"><rule id="l{i}-r" score="{score}">{inner}</rule></rsc_location>'

    def ruled_defaults(self):
        text = super().ruled_defaults()
        if self.chance(.1):
            agent = self.rng.choice(['class="ocf"', 'type="Dummy"', 'class="systemd"', 'provider="heartbeat" type="IPaddr2"'])
            text += (f'<meta_attributes id="rw" score="6"><rule id="rw-r" score="INFINITY"><rsc_expression id="rw-e" {agent}/>'
                     f'</rule>{nvpairs("rw", {"resource-stickiness": 7})}</meta_attributes>')
        return text

    # --- constraints ---

    def make_ticket(self, i, score):
        text = super().make_ticket(i, score)
        return text.replace("ticketA", "ticketB") if self.chance(.4) else text

    def sets(self, prefix, extra=""):
        text = super().sets(prefix, extra)
        if text is None:
            return None
        if prefix.startswith("os") and self.chance(.2):
            text = text.replace("<resource_set ", f'<resource_set action="{self.rng.choice(["stop", "promote", "start"])}" ', 1)
        if prefix.startswith("cs") and self.chance(.2):
            text = text.replace("<resource_set ", f'<resource_set score="{self.rng.choice([5, 100, "INFINITY", "-INFINITY"])}" ', 1)
        if prefix.startswith(("cs", "ls", "ts")) and self.promotable and self.chance(.2) and " role=" not in text:
            text = text.replace("<resource_set ", '<resource_set role="Promoted" ', 1)
        return text

    def role(self, name, attribute):
        text = super().role(name, attribute)
        return text.replace("Master", "Promoted").replace("Slave", "Unpromoted") if self.chance(.5) else text

    # --- the whole ---

    def node(self, i, name):
        text = super().node(i, name)
        return text.replace(' uname=', f' score="{self.rng.choice([-100, 20, 500])}" uname=', 1) if self.chance(.08) else text

    def text(self, listed):
        text = super().text(listed)
        for name in self.special_nodes if listed else ():
            pairs = {}
            for attribute, values, chance in (("site", ["east", "west"], .4), ("cpus", [2, 8], .2), ("standby", ["on"], .08),
                                              ("maintenance", ["true"], .04)):
                if self.chance(chance):
                    pairs[attribute] = self.rng.choice(values)
            inner = f'<instance_attributes id="{name}-na">{nvpairs(name + "-na", pairs)}</instance_attributes>' if pairs else ""
            if "placement-strategy" in self.options and self.chance(.6):
                inner += f'<utilization id="{name}-nu">{nvpairs(name + "-nu", {"cpu": self.rng.randint(1, 4)})}</utilization>'
            old = f'<node id="{name}" uname="{name}" type="remote"/>'
            text = text.replace(old, old[:-2] + f">{inner}</node>") if inner else text
        return text
