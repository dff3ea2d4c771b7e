#!/usr/bin/env python3
"""Certificates over rulesets of a maker (tests/bench/make_ruleset.py, and $PORTOLAN_SHARED/bench/make-ruleset where it is).

    recheck.py RECHECK [RULES [FLOWS]]
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
OWN = ROOT / 'tests' / 'bench' / 'make_ruleset.py'
SHARED = pathlib.Path(os.environ.get('PORTOLAN_SHARED') or ROOT.parent / 'shared') / 'bench' / 'make-ruleset'


def recheck(program, maker, folder, style, rules, flows, options):
    """One ruleset and its flows; how many certificates held and failed."""
    asked, text = folder / 'flows.csv', folder / 'text.rules'
    command = [sys.executable, maker, style, str(rules), '1', '--flows', str(flows), asked, *options]
    with open(text, 'wb') as out:
        subprocess.run(command, stdout=out, check=True)
    done = subprocess.run([program, '--flows', asked, text], stdout=subprocess.PIPE, text=True, check=False)
    counts = re.search(r'^(\d+) passed, (\d+) failed$', done.stdout, re.M)
    if done.returncode > 1 or counts is None or int(counts[1]) == 0:
        sys.exit('%s: exit status %d: %s' % (style, done.returncode, done.stdout))
    print('%s %s: %s' % (style, ' '.join(options), done.stdout.splitlines()[-2]))
    return int(counts[1]), int(counts[2])


def main():
    program = sys.argv[1]
    rules = int(sys.argv[2]) if len(sys.argv) > 2 else 600
    flows = int(sys.argv[3]) if len(sys.argv) > 3 else 200
    held = failed = 0
    makers = [OWN]
    if SHARED.exists():
        makers.append(SHARED)
    else:
        print('%s is not there: only rulesets of our own maker' % SHARED)
    with tempfile.TemporaryDirectory() as folder:
        for maker in makers:
            for style in ('acl', 'fw', 'ipc'):
                for options in ([], ['--v6']):
                    one = recheck(program, maker, pathlib.Path(folder), style, rules, flows, options)
                    held, failed = held + one[0], failed + one[1]
    print('%d passed, %d failed' % (held, failed))
    sys.exit(failed > 0)


main()
