#!/usr/bin/env python3
"""What is printed is right, for random sites: `render` in each dialect, judged by the dialect's own program in a network
namespace of its own (nft -c, iptables-restore --test, ipset restore), read back, and proved equal to the flows and the
baseline: every flow permitted there and back, no excess, no warning, the site's tests hold. Rendered twice, the bytes
are the same. With a permit taken out, the proof says so.

    render.py PORTOLAN [N] [SEED]        N sites from SEED on (PORTOLAN_SITES, PORTOLAN_SEED)

Without namespaces the judges are skipped, loudly, and all else is still tested.
"""
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

import sites

DAY = sites.DAY
PATH = os.environ.get('PATH', '') + ':/usr/sbin:/sbin'


def unshare():
    """The words that run a program in a namespace of its own; None where the machine does not allow one."""
    for words in (['unshare', '-n'], ['unshare', '-rn']):
        if subprocess.run(words + ['true'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0:
            return words
    return None


class Failure(Exception):
    pass


class Judge:
    def __init__(self, portolan, namespace):
        self.portolan, self.namespace = portolan, namespace

    def inside(self, script, *words):
        """A shell script with arguments, in a namespace."""
        return subprocess.run(self.namespace + ['sh', '-euc', script, 'sh', *words], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=60, env=dict(os.environ, PATH=PATH))

    def accepts(self, dialect, files):
        if self.namespace is None:
            return
        if dialect == 'nftables':
            for path in files:
                done = self.inside('nft -c -f "$1"', path)
                if done.returncode != 0:
                    raise Failure('nft refuses %s:\n%s' % (path, done.stdout))
            return
        for stem in sorted({re.sub(r'\.(v4\.rules|v6\.rules|ipset)$', '', path) for path in files}):
            mine = [stem + end if stem + end in files else '' for end in ('.ipset', '.v4.rules', '.v6.rules')]
            done = self.inside('if [ -n "$1" ]; then ipset restore < "$1"; fi\n'
                               'if [ -n "$2" ]; then iptables-restore --test "$2"; fi\n'
                               'if [ -n "$3" ]; then ip6tables-restore --test "$3"; fi\n', *mine)
            if done.returncode != 0:
                raise Failure('the kernel\'s tools refuse %s:\n%s' % (stem, done.stdout))

    def render(self, path, dialect, out):
        os.makedirs(out)
        done = sites.run(self.portolan, 'render', path, '--to', dialect, '--on', DAY, '-o', out)
        if done.returncode != 0:
            raise Failure('render exits %d:\n%s' % (done.returncode, done.stderr))
        return sorted(os.listdir(out))

    def check(self, site, dialect, out, folder, files):
        """The site pointed at what was rendered, checked."""
        pointed = json.loads(json.dumps(site))
        for name, firewall in pointed['firewalls'].items():
            firewall['dialect'] = dialect
            firewall['ruleset'] = [os.path.join(folder, file) for file in files
                                   if re.fullmatch(re.escape(name) + r'\.(nft|v4\.rules|v6\.rules|ipset)', file)]
        path = os.path.join(out, '%s-%s.yaml' % (os.path.basename(folder), dialect))
        sites.write(pointed, path)
        return sites.run(self.portolan, 'check', path, '--format', 'json', '--on', DAY)

    def holds(self, done):
        if done.returncode != 0:
            raise Failure('check exits %d\n%s\n%s' % (done.returncode, done.stderr, shorten(done.stdout)))
        result = json.loads(done.stdout)
        wrong = [one for one in result['verdicts'] if one['verdict'] != 'permitted']
        wrong += result['findings'] + [one for one in result['tests'] if not one['holds']]
        if wrong or result['summary']['excess'] or result['summary']['permitted'] != result['summary']['flows']:
            raise Failure('the proof does not hold: %s' % json.dumps((wrong[:5], result['summary']), indent=1))
        return result

    def notices(self, site, dialect, out, files, rng):
        """A rule of some flow taken out; whether the proof says so. None where there is no such rule."""
        folder = os.path.join(out, dialect)
        broken = os.path.join(out, 'broken')
        shutil.copytree(folder, broken + '-' + dialect)
        candidates = []
        for file in files:
            with open(os.path.join(folder, file), encoding='utf-8') as text:
                lines = text.read().split('\n')
            for at, line in enumerate(lines):
                if re.match(r'-A .*--comment', line) or re.match(r'\s.* accept comment "', line):
                    candidates.append((file, lines, at))
        if not candidates:
            return None
        file, lines, at = rng.choice(candidates)
        with open(os.path.join(broken + '-' + dialect, file), 'w', encoding='utf-8') as text:
            text.write('\n'.join(lines[:at] + lines[at + 1:]))
        return self.check(site, dialect, out, broken + '-' + dialect, files).returncode == 1


def shorten(text):
    try:
        result = json.loads(text)
    except ValueError:
        return text[:2000]
    bad = [one for one in result['verdicts'] if one['verdict'] != 'permitted'][:4]
    return json.dumps({'verdicts': bad, 'findings': result['findings'][:4],
                       'tests': [one for one in result['tests'] if not one['holds']], 'summary': result['summary']},
                      indent=1)


def one_site(judge, products, seed, keep):
    """(flows, rules removed, removals noticed); raises Failure."""
    out = tempfile.mkdtemp(prefix='portolan-sites-')
    try:
        site = sites.Maker(seed, products).make()
        path = os.path.join(out, 'site.yaml')
        flows = sites.settle(judge.portolan, site, path)
        removed = noticed = 0
        if flows is None:
            raise Failure('the plan fails')
        for dialect in ('nftables', 'iptables'):
            folder = os.path.join(out, dialect)
            files = judge.render(path, dialect, folder)
            again = judge.render(path, dialect, folder + '-again')
            for file in files:
                with open(os.path.join(folder, file), 'rb') as a, open(os.path.join(folder + '-again', file), 'rb') as b:
                    if files != again or a.read() != b.read():
                        raise Failure('%s: rendered twice, %s differs' % (dialect, file))
            judge.accepts(dialect, [os.path.join(folder, file) for file in files])
            judge.holds(judge.check(site, dialect, out, folder, files))
            seen = judge.notices(site, dialect, out, files, random.Random(seed))
            removed += seen is not None
            noticed += bool(seen)
        return len(flows), removed, noticed
    except (Failure, subprocess.TimeoutExpired, ValueError, KeyError) as error:
        where = os.path.join(keep, 'site-%d' % seed)
        shutil.rmtree(where, ignore_errors=True)
        shutil.copytree(out, where)
        with open(os.path.join(out, 'site.yaml'), encoding='utf-8') as text:
            site = text.read()
        raise Failure('%s\nsite %d, kept in %s:\n%s' % (error, seed, where, site if len(site) < 6000 else '(long)'))
    finally:
        shutil.rmtree(out)


def main():
    portolan = os.path.abspath(sys.argv[1])
    n = int(sys.argv[2] if len(sys.argv) > 2 else os.environ.get('PORTOLAN_SITES', 60))
    first = int(sys.argv[3] if len(sys.argv) > 3 else os.environ.get('PORTOLAN_SEED', 1))
    namespace = unshare()
    judge = Judge(portolan, namespace)
    products = sites.Products(portolan)
    keep = os.environ.get('PORTOLAN_KEEP', os.path.join(tempfile.gettempdir(), 'portolan-failed'))
    flows = removed = noticed = 0
    failures = []

    def attempt(seed):
        try:
            return one_site(judge, products, seed, keep)
        except Failure as failure:
            return failure

    with ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as pool:
        for result in pool.map(attempt, range(first, first + n)):
            if isinstance(result, Failure):
                failures.append(result)
            else:
                flows, removed, noticed = flows + result[0], removed + result[1], noticed + result[2]
    for failure in failures:
        print(failure)
    if removed > 20 and noticed * 2 < removed:
        failures.append('few')
        print('of %d rules taken out the proof noticed %d only' % (removed, noticed))
    print('%d sites with %d flows in 2 dialects: %d failed; of %d rules taken out %d were noticed' %
          (n, flows, len(failures), removed, noticed))
    if namespace is None:
        print('SKIP of the judges nft, iptables-restore and ipset: no network namespace can be made here')
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
