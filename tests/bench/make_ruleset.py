#!/usr/bin/env python3
"""A flat ruleset of any size as iptables-save would print it, and flows to ask of it, for measurements.

    make_ruleset.py STYLE RULES SEED [--flows N FILE] [--v6]

Styles differ in how much their rules leave open, like the seed families of ClassBench:
    acl   exact: hosts and small networks, one destination port
    fw    open: many rules without a source, a destination or a port, and wide networks
    ipc   in the middle
The ruleset is one FORWARD chain that drops by default and accepts replies first. The same arguments give the same text.
Flows are CSV (id,source,destination,transport,ports): the even ones lie in a rule's box, the odd ones anywhere.
"""
import argparse
import random
import sys
from dataclasses import dataclass


@dataclass(frozen=True)
class Style:
    """Chances, each of a rule's part; `*_open` that the part is left out."""
    source_open: float
    destination_open: float
    protocol_open: float
    source_port_open: float
    port_open: float
    host: float  # an address is one host
    span: float  # a port is a range


STYLES = {
    'acl': Style(0.02, 0.02, 0.03, 1.0, 0.08, 0.65, 0.15),
    'fw': Style(0.33, 0.32, 0.20, 0.82, 0.42, 0.35, 0.30),
    'ipc': Style(0.13, 0.12, 0.10, 0.92, 0.28, 0.45, 0.25),
}

WELL_KNOWN = (20, 21, 22, 23, 25, 53, 80, 88, 110, 123, 143, 161, 389, 443, 445, 636, 2049, 3306, 5432, 8080)
WIDTHS = (1, 2, 8, 64, 100, 1024, 10000, 32768)

# Networks are cut out of these: family -> bits of an address, bits that all share, their value, lengths of networks.
SPACES = {
    4: (32, 8, 10 << 24, (9, 12, 14, 16, 18, 21, 23, 24, 24, 24, 25, 27, 29, 30)),
    6: (128, 32, 0xfd00_0bad << 96, (40, 48, 52, 56, 64, 64, 64, 80, 112)),
}

ENOUGH = 20  # bits that a rule must fix: one that fixes fewer would decide everything behind it


def show(value, length, family):
    if family == 4:
        text = '.'.join(str(value >> shift & 255) for shift in (24, 16, 8, 0))
    else:
        text = ':'.join('%x' % (value >> shift & 0xffff) for shift in range(112, -1, -16))
    return '%s/%d' % (text, length)


class Maker:
    def __init__(self, style, seed, family):
        self.style, self.family = style, family
        self.bits, self.shared, self.base, self.lengths = SPACES[family]
        self.random = random.Random(seed)

    def chance(self, probability):
        return self.random.random() < probability

    def network(self, host):
        length = self.bits if self.chance(host) else self.random.choice(self.lengths)
        low = self.bits - length
        value = self.base | self.random.getrandbits(self.bits - self.shared)
        return value >> low << low, length

    def ports(self, span):
        if self.chance(span):
            first = self.random.randint(1, 64000)
            return first, min(first + self.random.choice(WIDTHS), 65535)
        one = self.random.choice(WELL_KNOWN) if self.chance(0.9) else self.random.randint(1, 65535)
        return one, one

    def fixed(self, box):
        source, destination, protocol, source_ports, ports = box
        bits = sum(network[1] - self.shared for network in (source, destination) if network)
        bits += 3 if protocol else 0
        return bits + sum(16 - (high - low).bit_length() for low, high in filter(None, (source_ports, ports)))

    def box(self):
        style = self.style
        while True:
            source = None if self.chance(style.source_open) else self.network(style.host)
            destination = None if self.chance(style.destination_open) else self.network(style.host)
            protocol = None if self.chance(style.protocol_open) else 'udp' if self.chance(0.3) else 'tcp'
            source_ports = ports = None
            if protocol:
                source_ports = None if self.chance(style.source_port_open) else self.ports(style.span)
                ports = None if self.chance(style.port_open) else self.ports(style.span)
            box = source, destination, protocol, source_ports, ports
            if self.fixed(box) >= ENOUGH:
                return box

    def rule(self, box):
        source, destination, protocol, source_ports, ports = box
        words = ['-A FORWARD']
        if source:
            words.append('-s ' + show(*source, self.family))
        if destination:
            words.append('-d ' + show(*destination, self.family))
        if protocol:
            words.append('-p ' + protocol)
        if source_ports or ports:
            words.append('-m ' + protocol)
        for option, pair in (('--sport', source_ports), ('--dport', ports)):
            if pair:
                words.append('%s %d' % (option, pair[0]) if pair[0] == pair[1] else '%s %d:%d' % (option, *pair))
        words.append('-j ACCEPT' if self.chance(0.7) else '-j DROP')
        return ' '.join(words)

    def host_in(self, network):
        value, length = network
        return value + self.random.randrange(1 << min(self.bits - length, 8)), self.bits

    def flow(self, box):
        source, destination, protocol, _, ports = box
        source = source or self.network(0.7)
        destination = destination or self.network(0.7)
        if self.chance(0.7):
            source, destination = self.host_in(source), self.host_in(destination)
        low, high = ports or self.ports(0.1)
        return (show(*source, self.family), show(*destination, self.family),
                protocol or self.random.choice(('tcp', 'udp')), str(self.random.randint(low, high)))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('style', choices=STYLES)
    parser.add_argument('rules', type=int)
    parser.add_argument('seed', type=int)
    parser.add_argument('--flows', nargs=2, metavar=('N', 'FILE'))
    parser.add_argument('--v6', action='store_true')
    options = parser.parse_args()
    maker = Maker(STYLES[options.style], 'ruleset %s %d %d' % (options.style, options.rules, options.seed),
                  6 if options.v6 else 4)
    boxes = []
    out = sys.stdout
    out.write('*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n'
              '-A FORWARD -m state --state RELATED,ESTABLISHED -j ACCEPT\n')
    for _ in range(options.rules):
        box = maker.box()
        boxes.append(box)
        out.write(maker.rule(box) + '\n')
    out.write('COMMIT\n')
    if options.flows:
        with open(options.flows[1], 'w', encoding='ascii') as stream:
            stream.write('id,source,destination,transport,ports\n')
            for number in range(int(options.flows[0])):
                box = (None,) * 5 if number % 2 or not boxes else maker.random.choice(boxes)
                stream.write('flow%d,%s\n' % (number, ','.join(maker.flow(box))))


main()
