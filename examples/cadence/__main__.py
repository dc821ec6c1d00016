"""`python -m cadence`: run one stage."""

from __future__ import annotations

import argparse

from cadence.app import bound, serve


def main() -> None:
    parser = argparse.ArgumentParser(prog="cadence", description=__doc__)
    parser.add_argument("--stage", choices=("1", "2", "fixed"), default="1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--members", type=int, default=200, help="size of the made-up crowd")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    try:
        listening = bound(chosen.port)
    except OSError as error:
        parser.error(f"port {chosen.port}: {error.strerror}; give another with --port")
    serve(chosen.stage, listening, chosen.members, chosen.seed)


if __name__ == "__main__":
    main()
