#!/usr/bin/env python3
"""Every built-in catalog as a user writes it out and imports it again, in every format of documents.

usage: check_written.py PORTOLAN

`catalog show PRODUCT --format FORMAT` and then `import` must give the catalog that `catalog show` gives, and the YAML
of it must pass `catalog lint`. Exit status 0 when all do.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

from imported import Tally

SUFFIX = {"yaml": "yaml", "html": "html", "markdown": "md", "asciidoc": "adoc", "csv": "csv"}


def output(*argv):
    done = subprocess.run(argv, capture_output=True, text=True)
    return done.stdout, done.stderr, done.returncode


def main():
    portolan = sys.argv[1]
    tally = Tally()
    products = [c["product"] for c in json.loads(output(portolan, "catalog", "list", "--format", "json")[0])["catalogs"]]
    tally.check(len(products) >= 6, "there are built-in catalogs", products)
    for product in products:
        wanted = json.loads(output(portolan, "catalog", "show", product, "--format", "json")[0])
        for name, suffix in SUFFIX.items():
            with tempfile.TemporaryDirectory() as folder:
                path = str(pathlib.Path(folder) / f"written.{suffix}")
                output(portolan, "catalog", "show", product, "--format", name, "-o", path)
                if name == "yaml":
                    text, said, status = output(portolan, "catalog", "show", path, "--format", "json")
                    status = status or output(portolan, "catalog", "lint", path)[2]
                else:
                    text, said, status = output(portolan, "import", path, "--format", "json")
            same = status == 0 and json.loads(text) == wanted
            tally.check(same, f"{product} as {name} comes back", said)
    tally.close()


main()
