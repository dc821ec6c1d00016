"""`python -m field`: the commands."""

from __future__ import annotations

import argparse
import json
import sys

from field import run, score, truth


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m field", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("run", help="install, start, seed and scan one version of a product")
    one.add_argument("product", choices=truth.names())
    one.add_argument("--version", help="default: each version that the truth names")
    commands.add_parser("score", help="print the table of all results")
    hold = commands.add_parser("hold", help="serve a seeded version until Enter is pressed")
    hold.add_argument("product", choices=truth.names())
    hold.add_argument("--version", required=True)
    given = parser.parse_args()
    if given.command == "score":
        sys.stdout.write(f"{score.table()}\n")
    elif given.command == "hold":
        with run.at_work(given.product, given.version) as (place, _, secrets):
            input(json.dumps({"base": place.base, **place.services, **secrets}, indent=1) + "\n")
    else:
        for version in [given.version] if given.version else truth.load(given.product).versions():
            result = run.run(given.product, version)
            for row in score.rows(result):
                sys.stdout.write(f"{' | '.join(row)}\n")
                sys.stdout.flush()


if __name__ == "__main__":
    main()
