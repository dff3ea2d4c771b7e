"""Rulesets made to be slow, each in a few hundred kilobytes; names -> makers of (file name, text).

Nothing here is wrong with a kernel: they load. What blows up is any proof that takes their packets apart: parts double
at every jump, negated rules leave slivers in every field, unknowns are true or false one by one, marks are written in
every combination. The flow that tests ask about is tcp 10.0.0.0/8 > 10.0.0.0/8.
"""
import random


def iptables(chains, rules, table="filter"):
    lines = [f"*{table}", ":INPUT ACCEPT [0:0]", ":FORWARD DROP [0:0]", ":OUTPUT ACCEPT [0:0]"]
    lines += [f":{chain} - [0:0]" for chain in chains]
    return "\n".join(lines + rules + ["COMMIT", ""])


def doubling_jumps(depth=40):
    """Each chain calls the next one twice, and nothing is decided before the end."""
    rules = ["-A FORWARD -j C0", "-A FORWARD -p tcp -j ACCEPT"]
    for i in range(depth - 1):
        rules += [f"-A C{i} -j C{i + 1}"] * 2
    rules.append(f"-A C{depth - 1} -p udp -j DROP")
    return "doubling_jumps.rules", iptables([f"C{i}" for i in range(depth)], rules)


def cutting_jumps(depth=24):
    """Each chain calls the next with both halves of the ports, by one bit of them more."""
    rules = ["-A FORWARD -p tcp -j C0", "-A FORWARD -j ACCEPT"]
    for i in range(depth - 1):
        rules += [f"-A C{i} -s 10.{i}.0.0/{17 + i % 8} -j C{i + 1}", f"-A C{i} -d 10.0.{i}.0/{24 + i % 8} -j C{i + 1}",
                  f"-A C{i} -p tcp --dport {i * 100 + 1}:{i * 100 + 50} -j C{i + 1}", f"-A C{i} -j C{i + 1}"]
    rules.append(f"-A C{depth - 1} -p tcp --sport 7 -j DROP")
    return "cutting_jumps.rules", iptables([f"C{i}" for i in range(depth)], rules)


def negations(n=4000):
    """Rules that except a little in each field: what is left of a packet set has a sliver in each of them."""
    rng = random.Random(1)
    rules = []
    for _ in range(n):
        a, b = rng.randrange(1 << 24), rng.randrange(1 << 24)
        rules.append("-A FORWARD ! -s 10.%d.%d.%d ! -d 10.%d.%d.%d -p tcp -m tcp ! --sport %d ! --dport %d -j %s" % (
            a >> 16, a >> 8 & 255, a & 255, b >> 16, b >> 8 & 255, b & 255, rng.randrange(1, 65536),
            rng.randrange(1, 65536), rng.choice(("X", "Y"))))
    chains = [f"-A X -p tcp -m tcp --tcp-flags ALL SYN -s 10.0.0.0/9 -j RETURN", "-A Y -d 10.0.0.0/9 -j RETURN"]
    return "negations.rules", iptables(["X", "Y"], rules + chains)


def grid(n=120):
    """Stripes in four fields, none of which decides: n to the fourth boxes."""
    rules = []
    for i in range(n):
        rules.append(f"-A FORWARD -s 10.{i}.0.0/17 -j NOTHING")
        rules.append(f"-A FORWARD -d 10.{i}.0.0/17 -j NOTHING")
        rules.append(f"-A FORWARD -p tcp -m tcp --dport {i * 500}:{i * 500 + 99} -j NOTHING")
        rules.append(f"-A FORWARD -p tcp -m tcp --sport {i * 500}:{i * 500 + 99} -j NOTHING")
    rules.append("-A FORWARD -p tcp -j ACCEPT")
    rules.append("-A NOTHING -p udp -j RETURN")
    return "grid.rules", iptables(["NOTHING"], rules)


def overlaps(n=3000):
    """Wide boxes over each other, now dropped, now accepted."""
    rng = random.Random(2)
    rules = []

    def some(most):
        a, b = sorted((rng.randrange(most), rng.randrange(most)))
        return a, b

    for _ in range(n):
        sources, destinations, froms, tos = some(1 << 24), some(1 << 24), some(65536), some(65536)
        text = "-A FORWARD -p tcp -m iprange --src-range %s --dst-range %s -m tcp --sport %d:%d --dport %d:%d -j %s" % (
            *("-".join("10.%d.%d.%d" % (v >> 16, v >> 8 & 255, v & 255) for v in pair)
              for pair in (sources, destinations)), *froms, *tos, rng.choice(("ACCEPT", "DROP")))
        rules.append(text)
    return "overlaps.rules", iptables([], rules)


def unknowns(n=300):
    """Matches that nobody can know, each its own: every one may return, accept or drop."""
    rules = [f"-A FORWARD -m recent --rcheck --name r{i} -s 10.{i % 250}.0.0/16 -j {('A', 'B')[i % 2]}" for i in range(n)]
    chains = ["-A A -m recent --update --seconds 9 --name a -j RETURN", "-A A -p tcp --dport 22 -j ACCEPT",
              "-A B -m recent --update --seconds 9 --name b -j ACCEPT", "-A B -d 10.7.0.0/16 -j DROP"]
    return "unknowns.rules", iptables(["A", "B"], rules + chains)


def marks(n=31):
    """Unknowns that each set a bit of the mark, and rules that ask for some of the marks."""
    lines = ["*mangle", ":PREROUTING ACCEPT [0:0]"]
    lines += [f"-A PREROUTING -m recent --rcheck --name r{i} -j MARK --set-xmark {1 << i:#x}/{1 << i:#x}"
              for i in range(n)]
    lines += ["COMMIT", "*filter", ":FORWARD DROP [0:0]"]
    lines += [f"-A FORWARD -m mark --mark {1 << i:#x}/{1 << i:#x} -j DROP" for i in range(n - 1)]
    return "marks.rules", "\n".join(lines + ["-A FORWARD -j ACCEPT", "COMMIT", ""])


def verdict_maps(n=1500):
    """Maps to verdicts over two fields, whose chains ask the other two, and exceptions of sets in between."""
    rng = random.Random(3)
    elements = ", ".join(f"10.{i % 250}.{i // 250}.0/25 . {i * 40 + 1}-{i * 40 + 20} : jump c{i % 40}" for i in range(n))
    excepted = ", ".join(f"10.{i % 250}.{i // 250}.7 . {rng.randrange(1, 65536)}" for i in range(n))
    lines = ["table ip filter {",
             f"  map m {{ type ipv4_addr . inet_service : verdict; flags interval; elements = {{ {elements} }} }}",
             f"  set s {{ type ipv4_addr . inet_service; flags interval; elements = {{ {excepted} }} }}"]
    for i in range(40):
        lines.append(f"  chain c{i} {{ ip saddr . tcp sport != @s tcp dport != {i * 100 + 1} return; "
                     f"ip daddr 10.{i}.0.0/17 tcp sport {i * 100 + 1}-{i * 100 + 50} drop; }}")
    lines.append("  chain forward { type filter hook forward priority 0; policy drop;")
    lines.append("    ip saddr . tcp dport vmap @m")
    lines.append("    ip daddr . tcp dport vmap @m")
    lines.append("    ip daddr . tcp sport vmap @m")
    lines.append("    tcp dport 1-65535 accept")
    return "verdict_maps.nft", "\n".join(lines + ["  }", "}", ""])


def products(n=1200, rules=12):
    """Rules that ask two sets of pairs: each is n times n alternatives."""
    def pairs(first, second):
        return ", ".join(f"10.{first}.{i // 250}.{i % 250} . {second + i * 3}" for i in range(n))

    lines = ["table ip filter {"]
    for i in range(rules):
        lines.append(f"  set s{i} {{ type ipv4_addr . inet_service; elements = {{ {pairs(i, 100 + i)} }} }}")
    lines.append("  chain forward { type filter hook forward priority 0; policy accept;")
    for i in range(rules):
        lines.append(f"    ip saddr . tcp sport @s{i} ip daddr . tcp dport @s{(i + 1) % rules} drop")
    return "products.nft", "\n".join(lines + ["  }", "}", ""])


MAKERS = (doubling_jumps, cutting_jumps, negations, grid, overlaps, unknowns, marks, verdict_maps, products)
