#!/usr/bin/env python3
"""Real pages of nine vendors, where the shared folder has them: rows found against rows counted by hand.

usage: check_corpus.py PORTOLAN

The pages are not part of this repository. A row counts once, whatever number of ports it has. Prints one line a page;
fails where a page gives rows that it does not have, or fewer than nine of ten of those it has. Exit status 0, 1, or 77
where the folder is not there.
"""
import sys

from imported import SHARED, Tally, catalog, skip

ROWS = {  # page: requirement rows, ports with their transports
    "antrea-network-requirements.md": 11,
    "centreon-technical.md": 32,
    "netapp-aiqum-ports.adoc": 24,
    "ms-exchange-network-ports.md": 16,
    "jitsi-quickstart.md": 6,
    "st2-system-requirements.rst": 7,
    "redhat-aap-ports.adoc": 39,
    "submariner-nat.md": 0,
    "openshift-commatrix-bm.csv": 18,  # the last has no line end: counting line ends gives 17
}


def main():
    folder = SHARED / "corpus" / "documents"
    if not folder.is_dir():
        skip(f"no {folder}: the pages of other vendors are not here")
    tally = Tally()
    for name, rows in ROWS.items():
        if not (folder / name).is_file():
            print(f"# {name}: not here")
            continue
        data, _ = catalog(sys.argv[1], folder / name)
        found = len({origin for requirement in data["requirements"] for origin in requirement["origin"]})
        print(f"# {name}: {found} of {rows} rows")
        tally.check(found <= rows, f"{name}: no row that the page does not have", found)
        tally.check(found >= 0.9 * rows, f"{name}: its rows are found", found)
    tally.close()


main()
