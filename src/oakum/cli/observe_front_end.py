"""`oakum observe front-end`: which fields of responses a page uses."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click
import orjson

from oakum.cli import shared
from oakum.cli.observe_options import HTML
from oakum.errors import ExitCode
from oakum.http.origin import origin_of

if TYPE_CHECKING:
    from oakum.cli.driven_page_comparison import PageGrants
    from oakum.frontend import Usage
    from oakum.frontend.drive import Steps
    from oakum.frontend.usage import Find


@click.command(
    epilog="Example: oakum observe front-end --page http://127.0.0.1:8000/  |  oakum observe"
    " front-end --script members.py --target http://127.0.0.1:8000"
)
@click.option(
    "--page", "pages", multiple=True, metavar="URL",
    help="a page to load once; repeatable",
)  # fmt: skip
@click.option(
    "--script", type=shared.PATH, metavar="FILE",
    help="Python script with a function `drive(page)` (Playwright) that logs in"
         " and clicks",
)  # fmt: skip
@click.option(
    "--target", metavar="ORIGIN",
    help="base URL of the API; default: the page's origin",
)  # fmt: skip
@click.option(
    "--quiet-for", "quiet", type=shared.Number(min=0.05, max=60), default=0.5, show_default=True,
    help="seconds without a request or a change after which a page counts as loaded",
)  # fmt: skip
@click.option(
    "--contract", type=shared.PATH, metavar="FILE",
    help="compare with this contract: granted, sent, used, leaked",
)  # fmt: skip
@click.option(
    "--caller", metavar="ID", default="",
    help="id of the logged-in account; default: taken from its token or the API",
)  # fmt: skip
@click.option("--browser", type=shared.PATH, metavar="FILE", help="path of the Chromium to use")
@click.option("--json", "json_file", type=shared.PATH, metavar="FILE", help="also write JSON")
@HTML
@shared.format_option()
def command(
    pages: tuple[str, ...],
    script: Path | None,
    target: str | None,
    quiet: float,
    contract: Path | None,
    caller: str,
    browser: Path | None,
    json_file: Path | None,
    html_file: Path | None,
    form: str,
) -> int:
    """Report which fields of an API's responses the driven pages use.

    Runs each page or script in Chromium twice, plain and watched. No response is changed. A watched
    load that differs from the plain one is discarded.
    """
    from oakum.frontend.render import differences, drives_document, lines, plain

    if caller and contract is None:
        raise click.UsageError(
            "--caller needs --contract: it says whose responses are compared with the contract"
        )
    origin = _origin(pages, script, target)
    held = _load_grants(contract)
    usage, drives = _run_drives(
        _drives(pages, script), origin, quiet, str(browser or ""), held.find if held else None
    )
    viewer = held.caller(usage, caller) if held else None
    rows = held.rows(usage, viewer) if held and viewer else None
    found = plain(usage, rows) | {"drives": drives_document(drives)}
    document = orjson.dumps(found, option=orjson.OPT_INDENT_2).decode()
    if json_file:
        shared.write_text(json_file, f"{document}\n")
    if html_file:
        from oakum.observe_pages.page_writer import write_usage

        write_usage(html_file, found)
    if form == "json":
        shared.say(document)
    else:
        for each in lines(usage):
            shared.line(each)
        for each in differences(rows, viewer.is_known) if rows is not None and viewer else ():
            shared.line(each)
    if not usage.endpoints or usage.discarded:
        return int(ExitCode.NOT_TRUSTWORTHY)
    leaks = any("leak" in row.verdicts for row in rows or ())
    return int(ExitCode.FINDINGS if leaks else ExitCode.CLEAN)


def _load_grants(contract: Path | None) -> PageGrants | None:
    from oakum.cli.driven_page_comparison import PageGrants
    from oakum.policy.contract import load

    if contract is None:
        return None
    found = load(contract)
    shared.warn(found.warnings)
    return PageGrants(found)


def _origin(pages: tuple[str, ...], script: Path | None, target: str | None) -> str:
    if not pages and script is None:
        raise click.UsageError("give a --page to load, or a --script that drives one")
    for page in pages:
        shared.valid_target(page, "--page")
    if target is None:
        origins = {origin_of(page) for page in pages}
        if script is not None or len(origins) > 1:
            raise click.UsageError("give --target, the API whose responses are analysed")
        return origins.pop()
    return origin_of(shared.valid_target(target))


def _drives(pages: tuple[str, ...], script: Path | None) -> list[tuple[str, Steps]]:
    from oakum.frontend.drive import load_address, load_script

    found = [(f"--page {at}", load_address(page)) for at, page in enumerate(pages, 1)]
    return found + ([(str(script), load_script(script))] if script else [])


def _run_drives(
    drives: list[tuple[str, Steps]], origin: str, quiet: float, browser: str, find: Find | None
) -> tuple[Usage, list[tuple[str, Usage]]]:
    """What all drives use together, and what each one uses."""
    from oakum.frontend.drive import open_browser, watch
    from oakum.frontend.usage import Load, judge

    loads, why = list[tuple[str, Load]](), list[tuple[str, str]]()
    with open_browser(browser) as chromium:
        for name, steps in drives:
            watched = watch(chromium, steps, origin, quiet)
            if watched.load is None:
                why.append((name, watched.why))
            else:
                loads.append((name, watched.load))
    usage = judge(sum((load for _, load in loads), Load((), ())), origin, find)
    alone = [(name, judge(load, origin, find)) for name, load in loads]
    return replace(usage, pages=len(loads), discarded=tuple(why)), alone
