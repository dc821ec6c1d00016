"""`python -m oakum`."""

from oakum.cli.main import run

run()
