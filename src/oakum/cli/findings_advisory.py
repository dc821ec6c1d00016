"""`oakum findings advisory`: drafts of reports to a vendor or an authority."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
import orjson

from oakum.cli import shared
from oakum.errors import InputError, Location, Problem

if TYPE_CHECKING:
    from oakum.advisory import Contact
    from oakum.finding import Report


@click.command(
    short_help="draft a report of a finding for a vendor or an authority",
    epilog="Example: oakum findings advisory 4f4e24eb841bb0fa --report scan.json"
    " --memory findings.json",
)
@click.argument("finding")
@click.option(
    "--report", "file", type=shared.PATH, required=True, metavar="FILE",
    help="JSON report with the finding",
)  # fmt: skip
@click.option(
    "--memory", type=shared.PATH, metavar="FILE",
    help="memory file of `oakum findings`: timeline and progress of the fix",
)  # fmt: skip
@click.option(
    "--security-txt", type=shared.PATH, metavar="FILE",
    help="the owner's security.txt with the contact  [default: as in the report]",
)  # fmt: skip
@click.option("--fetch-contact", is_flag=True, help="request the target's security.txt, once")
@click.option(
    "--to", type=click.Choice(["vendor", "authority"]), default="vendor", show_default=True,
    help="recipient: the owner of the API, or a data protection authority",
)  # fmt: skip
@shared.format_option("markdown", "csaf", "json")
def command(
    finding: str,
    file: Path,
    memory: Path | None,
    security_txt: Path | None,
    fetch_contact: bool,
    to: str,
    form: str,
) -> int:
    """Draft a report of FINDING for the owner of the API, or for an authority.

    FINDING is a fingerprint of the report, or its first digits; the draft covers all findings of
    the same rule and resource. `<…>` marks what Oakum cannot know. Sends nothing, except the one
    request of `--fetch-contact`. This is a draft and no legal advice.
    """
    from oakum.advisory import Draft, csaf, json_document, statement, vendor

    if security_txt is not None and fetch_contact:
        raise click.UsageError("`--security-txt` or `--fetch-contact`, not both")
    if form == "csaf" and to == "authority":
        raise click.UsageError("CSAF is for the owner of the API; leave out `--to authority`")
    report = shared.sound_report(file)
    found = shared.finding_of(report, finding, file)
    shared.known_rule(report, found, file)
    if found.verdict == "over_blocked":
        said = f"finding `{found.fingerprint}` is an over-block, not a leak"
        raise InputError([Problem(Location(str(file)), said, "there is nobody to report it to")])
    now = datetime.now(UTC)
    known = shared.read_memory(memory) if memory is not None else None
    draft = Draft(report, found, _contact(report, security_txt, fetch_contact, now), now, known)
    if form == "csaf":
        shared.say(orjson.dumps(csaf(draft), option=orjson.OPT_INDENT_2).decode())
        return 0
    text = vendor(draft) if to == "vendor" else statement(draft)
    if form == "json":
        content = json_document(draft, text, to)
        shared.say(orjson.dumps(content, option=orjson.OPT_INDENT_2).decode())
    else:
        shared.say(text.rstrip("\n"))
    return 0


def _contact(report: Report, file: Path | None, fetch: bool, now: datetime) -> Contact:
    from oakum.advisory import read_contact, told_contact

    if file is not None:
        text = shared.read_bytes(file).decode("utf-8", "replace")
        return read_contact(text, now, f"the file {file.name}")
    if fetch:
        return read_contact(
            _fetch_security_txt(report), now, "the target's security.txt, read today"
        )
    return told_contact(report.notes, now)


def _fetch_security_txt(report: Report) -> str:
    """Fetches the target's security.txt, with one request through the scanner's transport."""
    from oakum.http.security_txt import WELL_KNOWN
    from oakum.scan.discovery.security_contact import request_contact
    from oakum.scan.transport.client import HttpTransport

    target = shared.valid_target(report.target, "the target of the report")
    with HttpTransport(target, run_id=report.run) as transport:
        answer, text = request_contact(transport.send, target)
    if text is None:
        kind = f"`{answer.media_type}`" if answer.media_type else "no media type"
        said = f"answered {answer.status} with {kind}, not 200 with `text/plain`"
        said += ": this is not a security.txt"
        hint = "omit `--fetch-contact`, and look for another contact"
        raise InputError([Problem(Location(WELL_KNOWN), said, hint)])
    return text
