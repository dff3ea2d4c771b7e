#!/usr/bin/env python3
"""Hold the built-in catalog against the facts of the documents, in both directions.

usage: check_facts.py PORTOLAN [FACTS]

facts.tsv beside this file lists what the documents say. The catalog is read as a user reads it, through
`PORTOLAN catalog show PRODUCT --format json`. Each fact, transport x port by transport x port, must be carried by
the requirements that the table names, between the same roles or to the same domain; and each requirement, port and
domain of the catalog must come from a fact. Where the folder $PORTOLAN_SHARED (by default ../shared beside the
source tree) holds seed-facts.tsv, the table itself is held against that file as well.

Prints one line a check and closes with `N passed, N failed`. Exit status 0 when nothing failed, else 1.
"""
import json
import os
import pathlib
import re
import subprocess
import sys

COLUMNS = "row product kind from to domain transport ports requirements means".split()
HERE = pathlib.Path(__file__).resolve().parent
DOCUMENT = {  # the products that each document speaks of
    "xcpng": {"xcp-ng", "xen-orchestra"},
    "xenserver": {"xenserver", "xencenter", "citrix-provisioning"},
    "qumulo": {"qumulo-core"},
}
FEWEST_FACTS = 109  # 93 rows of tables and 16 notes: losing a line of facts.tsv must not pass unseen
FEWEST_ITEMS = 128  # transport x port of the rows of tables


class Tally:
    """Counts checks and prints one line for each."""

    def __init__(self):
        self.passed = self.failed = 0

    def check(self, holds, name, why=""):
        if holds:
            self.passed += 1
            print(f"ok {self.passed + self.failed} - {name}")
        else:
            self.failed += 1
            print(f"not ok {self.passed + self.failed} - {name}" + (f": {why}" if why else ""))
        return holds


def split(text, separator=","):
    return [part.strip() for part in text.split(separator) if part.strip()]


def domain_name(text):
    """`@registry example.org` is the name `registry` directly under `example.org`."""
    if text.startswith("@"):
        host, under = text[1:].split()
        return host + "." + under
    return text


def read_facts(path):
    facts = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("#") or not line.strip():
            continue
        cells = line.split("\t")
        if len(cells) != len(COLUMNS):
            sys.exit(f"{path}:{number}: {len(cells)} columns, expected {len(COLUMNS)}")
        facts.append(dict(zip(COLUMNS, cells)))
    return facts


def read_catalog(program, product):
    argv = [program, "catalog", "show", product, "--format", "json"]
    done = subprocess.run(argv, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(argv)}: exit status {done.returncode}")
    return json.loads(done.stdout)


def named(section):
    """A section of the JSON is an object keyed by name or a list of objects with a name."""
    if isinstance(section, dict):
        return {name: value if isinstance(value, dict) else {} for name, value in section.items()}
    return {entry["name"]: entry for entry in section or []}


def items_of_requirement(requirement, parameters):
    """The set of (transport, port) of a requirement; a parameter stands as its default where it has one."""
    items = set()
    for entry in requirement["ports"]:
        port, slash, transport = entry.rpartition("/")
        if not slash:
            items.add({"any": ("any", "any"), "unstated": ("", "unstated")}.get(entry, ("", entry)))
            continue
        match = re.fullmatch(r"\{(.+)\}", port)
        if match:
            default = parameters.get(match.group(1), {}).get("default")
            port = str(default) if default not in (None, "") else port
        items.add((transport, port))
    return items


def items_of_fact(fact):
    transports = split(fact["transport"]) or [""]
    return {(transport, port) for port in split(fact["ports"]) for transport in transports}


def ends_of_fact(fact):
    """Every (from, to, domain) that has to be there; domain is None for rows about ports."""
    domains = [domain_name(text) for text in split(fact["domain"])] or [None]
    return [(source, target, domain) for source in split(fact["from"]) or [None]
            for target in split(fact["to"]) or [None] for domain in domains]


def carries(requirement, parameters, end, item):
    source, target, domain = end
    return ((source is None or requirement["from"] == source)
            and (target is None or requirement["to"] == target)
            and (domain in (requirement.get("domains") or []) if domain else True)
            and item in items_of_requirement(requirement, parameters))


def describe(end, item):
    source, target, domain = end
    transport, port = item
    return f"{source or '*'} > {domain or target or '*'} {port}{'/' if transport else ''}{transport}"


def words(expression):
    return set(re.findall(r"[\w-]+", expression or "")) - {"and", "or", "not"}


class Catalog:
    def __init__(self, shown):
        self.requirements = {entry["id"]: entry for entry in shown["requirements"]}
        self.parameters = named(shown.get("parameters"))
        self.features = named(shown.get("features"))
        self.notes = shown.get("notes") or []
        self.duplicates = len(shown["requirements"]) - len(self.requirements)

    def places_of_notes(self):
        found = set()
        for note in self.notes:
            origins = note["origin"] if isinstance(note["origin"], list) else [note["origin"]]
            found.update(origin.partition("#")[2].strip('"') for origin in origins)
        return found


def check_items(tally, fact, catalog):
    """Forward: all that the fact says is carried, and no requirement is named for nothing."""
    named_here = split(fact["requirements"], " ")
    missing = [name for name in named_here if name not in catalog.requirements]
    if missing:
        tally.check(False, f"{fact['row']} requirements exist", "missing " + " ".join(missing))
    found = [catalog.requirements[name] for name in named_here if name in catalog.requirements]
    items, used = items_of_fact(fact), set()
    for end in ends_of_fact(fact):
        for item in sorted(items):
            by = [entry["id"] for entry in found if carries(entry, catalog.parameters, end, item)]
            used.update(by)
            tally.check(by, f"{fact['row']} {describe(end, item)}", "carried by none of " + " ".join(named_here))
    idle = [entry["id"] for entry in found if items and entry["id"] not in used]
    if idle:
        tally.check(False, f"{fact['row']} names only requirements that carry it", "idle " + " ".join(idle))
    return found


def check_meaning(tally, fact, catalog, found):
    """A note is in the catalog as what it means."""
    kind, _, name = fact["means"].partition(":")
    label = f"{fact['row']} means {fact['means']}"
    if kind == "feature":
        tally.check(name in catalog.features and found and all(name in words(entry.get("when")) for entry in found), label)
    elif kind == "parameter":
        tally.check(name in catalog.parameters
                    and any(port.startswith("{" + name + "}") for entry in found for port in entry["ports"]), label)
    elif kind == "replaces":
        tally.check(found and all(sorted(entry.get("replaces") or []) == sorted(split(name))
                                  and set(split(name)) <= set(catalog.requirements) for entry in found), label)
    elif kind == "family":
        tally.check(found and all(entry.get("family") in ("ipv4", "ipv6") and entry.get("scope") == "subnet"
                                  for entry in found), label)
    elif kind == "review":
        tally.check(bool((catalog.requirements.get(name) or {}).get("review")), label)
    elif kind == "note":
        tally.check(name in catalog.places_of_notes(), label)
    else:
        tally.check(fact["means"] == "requirement" and found, label)


def check_invented(tally, product, catalog, facts):
    """Backward: every requirement, port, end and domain of the catalog comes from a fact."""
    tally.check(not catalog.duplicates, f"{product} ids are used once")
    for name, entry in catalog.requirements.items():
        behind = [fact for fact in facts if name in split(fact["requirements"], " ") and split(fact["ports"])]
        if not tally.check(behind, f"{product}/{name} comes from a fact", "no fact names it"):
            continue
        known = {(end[0] or entry["from"], end[1] or entry["to"], item)
                 for fact in behind for end in ends_of_fact(fact) for item in items_of_fact(fact)}
        extra = [item for item in items_of_requirement(entry, catalog.parameters)
                 if (entry["from"], entry["to"], item) not in known]
        tally.check(not extra, f"{product}/{name} has no port that no fact has", str(extra))
        domains = {domain_name(text) for fact in behind for text in split(fact["domain"])}
        extra = set(entry.get("domains") or []) - domains
        tally.check(not extra, f"{product}/{name} has no domain that no fact has", " ".join(sorted(extra)))
        tally.check(entry.get("origin"), f"{product}/{name} has an origin")
    places = {fact["means"].partition(":")[2] for fact in facts if fact["means"].startswith("note:")}
    extra = catalog.places_of_notes() - places
    tally.check(not extra, f"{product} has no note that no fact has", "; ".join(sorted(extra)))


# Roles that stand for an end as the documents name it. What is not here is compared as a domain or not at all.
ENDS = {
    "XCP-ng hosts": {"host"}, "XenServer hosts": {"host", "coordinator"}, "XenServer": {"host"},
    "XenServer pool coordinator": {"coordinator"}, "XenServer hosts (management interface)": {"host"},
    "XenServer components": {"host"}, "Xen Orchestra": {"appliance"}, "XenCenter": {"console"},
    "Windows VMs": {"windows-vm"}, "Virtual Machine": {"linux-vm", "windows-vm"}, "Other clients": {"client"},
    "Workload Balancing virtual appliance": {"wlb"}, "NTP Service": {"ntp-server"}, "NTP server": {"ntp-server"},
    "DNS Service": {"dns-server"}, "DNS server": {"dns-server"}, "name service": {"dns-server"},
    "Domain Controller": {"domain-controller"}, "domain controllers": {"domain-controller"},
    "Active Directory": {"domain-controller"}, "Kerberos KDC / domain controller": {"kdc"},
    "Active Directory or standalone LDAP server": {"domain-controller", "ldap-server"},
    "FileServer (with SMB storage)": {"smb-server"}, "SAN Controller": {"san-controller"},
    "NAS Head/File Server": {"nfs-server"}, "Syslog": {"syslog-server"}, "Rsyslog server": {"syslog-server"},
    "Clustering": {"host"}, "Citrix License Server": {"license-server"},
    "proxy server (site-supplied)": {"proxy"}, "internal web server (site-supplied)": {"update-mirror"},
    "Provisioning server": {"server"}, "target device": {"target-device"}, "clients": {"client"},
    "Qumulo cluster": {"node"}, "Qumulo cluster node": {"node"}, "Qumulo cluster node (local subnet)": {"node"},
    "another Qumulo cluster": {"peer-cluster"}, "NFS clients": {"nfs-client"}, "Amazon S3": {"s3-endpoint"},
    "*": {""}, "": {""}, "any": {""},
}


def same_ends(ours, theirs):
    if theirs == "external domain":
        return True  # a role that is a domain; the domain itself is compared
    roles = set(split(ours)) or {""}
    return theirs in ENDS and roles <= ENDS[theirs]


def same_domains(ours, theirs, kind):
    if kind != "table":
        return ours == ""  # notes speak of no domain that a rule could name
    mine = split(ours)
    other = split(theirs, ";")
    if len(mine) == 1 and mine[0].startswith("@"):  # the host that is written differently on purpose
        host, under = mine[0][1:].split()
        return len(other) == 1 and other[0].startswith(f"{host}.{under.split('.')[0]}.")
    return sorted(mine) == sorted(other)


def same_items(ours, theirs):
    ports = [port.lower() for port in split(theirs["ports"])]
    if any("unspecified" in port for port in ports):
        ports = ["unstated"]
    transports = split(theirs["transport"])
    if ours["kind"] == "note" and not ports:  # nothing stated: a parameter of the site, or left open
        open_ports = all(port == "unstated" or port.startswith("{") for port in split(ours["ports"]))
        return open_ports and (not transports or sorted(transports) == sorted(split(ours["transport"])))
    return sorted(split(ours["ports"])) == sorted(ports) and sorted(split(ours["transport"])) == sorted(transports)


def check_against_seed(tally, facts, path):
    lines = path.read_text(encoding="utf-8").splitlines()
    names = lines[0].split("\t")
    seed = {}
    for line in lines[1:]:
        cells = line.split("\t")
        entry = dict(zip(names, cells + [""] * (len(names) - len(cells))))
        seed[entry["row-id"]] = entry
    ours = {fact["row"]: fact for fact in facts}
    tally.check(len(ours) == len(facts), "each row of the facts stands once")
    tally.check(set(ours) == set(seed), "the facts have the rows of the documents",
                " ".join(sorted(set(ours) ^ set(seed))))
    for row in sorted(set(ours) & set(seed)):
        mine, theirs = ours[row], seed[row]
        wrong = []
        if not set(split(mine["product"])) <= DOCUMENT[theirs["seed"]]:
            wrong.append("product")
        if (mine["kind"] == "table") != (theirs["kind"] == "table"):
            wrong.append("kind")
        if not same_ends(mine["from"], theirs["source"]):
            wrong.append("from")
        if not same_ends(mine["to"], theirs["destination"]):
            wrong.append("to")
        if not same_domains(mine["domain"], theirs["domain"], theirs["kind"]):
            wrong.append("domain")
        if not same_items(mine, theirs):
            wrong.append("transport or ports")
        tally.check(not wrong, f"{row} is as in the documents", "differs in " + ", ".join(wrong))


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    facts = read_facts(pathlib.Path(sys.argv[2]) if len(sys.argv) == 3 else HERE / "facts.tsv")
    tally = Tally()
    tally.check(len(facts) >= FEWEST_FACTS, f"{len(facts)} facts", f"expected at least {FEWEST_FACTS}")
    items = sum(len(items_of_fact(fact)) for fact in facts if fact["kind"] == "table")
    tally.check(items >= FEWEST_ITEMS, f"{items} transport x port of tables", f"expected at least {FEWEST_ITEMS}")
    products = sorted({product for fact in facts for product in split(fact["product"])})
    catalogs = {product: Catalog(read_catalog(sys.argv[1], product)) for product in products}
    for fact in facts:
        for product in split(fact["product"]):
            found = check_items(tally, fact, catalogs[product])
            check_meaning(tally, fact, catalogs[product], found)
    for product in products:
        check_invented(tally, product, catalogs[product], [f for f in facts if product in split(f["product"])])
    root = HERE.parent.parent
    shared = pathlib.Path(os.environ.get("PORTOLAN_SHARED") or root.parent / "shared")
    seed = shared / "seed-facts.tsv"
    if seed.is_file():
        check_against_seed(tally, facts, seed)
    else:
        print(f"SKIP: no {seed}: the table of facts was NOT compared with the documents")
    print(f"{tally.passed} passed, {tally.failed} failed")
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main())
