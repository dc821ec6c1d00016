"""`oakum observe compare`: fields granted, sent and used, side by side."""

from __future__ import annotations

from pathlib import Path

import click

from oakum.cli import shared
from oakum.cli.observe_options import HTML
from oakum.errors import ExitCode, InputError, Location, Problem


@click.command(
    epilog="Example: oakum observe compare --contract exposure.yaml --traffic observation.json"
    " --use use.json --html compare.html"
)
@click.option(
    "--contract",
    type=shared.PATH,
    required=True,
    metavar="FILE",
    help="the contract: what is granted",
)
@click.option(
    "--traffic", type=shared.PATH, required=True, metavar="FILE",
    help="what is sent: the JSON of `oakum observe traffic`",
)  # fmt: skip
@click.option(
    "--use", "uses", type=shared.PATH, multiple=True, required=True, metavar="FILE",
    help="what is used: the JSON of `oakum observe front-end`; repeatable",
)  # fmt: skip
@click.option("--json", "json_file", type=shared.PATH, metavar="FILE", help="also write JSON")
@HTML
@shared.format_option()
def command(
    contract: Path,
    traffic: Path,
    uses: tuple[Path, ...],
    json_file: Path | None,
    html_file: Path | None,
    form: str,
) -> int:
    """Compare what is granted, sent and used, for each field and each kind of viewer.

    A leak is sent and not granted. Excess is granted, sent and unused on the driven pages. A
    contract is too wide if it grants what is never sent, and too narrow if a page uses what it
    denies. What was not seen is not known.
    """
    from oakum.authz import compile_contract
    from oakum.frontend.compare.contract_grants import ContractGrants
    from oakum.frontend.compare.documents import OBSERVATION, USE, distrust, read
    from oakum.frontend.compare.render_text import document, lines, render
    from oakum.frontend.compare.rows import FieldComparison, compare
    from oakum.policy.contract import load

    held = load(contract)
    shared.warn(held.warnings)
    if held.policy is None:
        hint = "draft one with `oakum observe draft`"
        raise InputError([Problem(Location(str(contract)), "has no policy", hint)])
    grants = ContractGrants(compile_contract(held.document, held.policy))
    observation = read(shared.read_bytes(traffic), str(traffic), OBSERVATION)
    used = [(str(each), read(shared.read_bytes(each), str(each), USE)) for each in uses]
    found = FieldComparison(
        str(contract),
        str(traffic),
        tuple(name for name, _ in used),
        compare(grants, observation, [use for _, use in used]),
        tuple(distrust(observation, str(traffic), used, grants.resources())),
    )
    if json_file is not None:
        shared.write_text(json_file, render(found).decode())
    if html_file is not None:
        from oakum.observe_pages.page_writer import write_comparison

        write_comparison(html_file, document(found))
    if form == "json":
        shared.say(render(found).decode().rstrip("\n"))
    else:
        for line in lines(found):
            shared.line(line)
    if found.distrust:
        return ExitCode.NOT_TRUSTWORTHY
    return ExitCode.FINDINGS if found.leaks else ExitCode.CLEAN
