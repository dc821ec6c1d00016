"""Options and output that several commands share."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from oakum.errors import InputError, Location, Problem, did_you_mean, install_hint
from oakum.finding import Finding, Report

if TYPE_CHECKING:
    from rich.console import Console

    from oakum.memory import Memory, RememberedFinding
    from oakum.scan.transport.connection_options import Connection

F = TypeVar("F", bound=Callable[..., Any])
S = TypeVar("S")

FORMATS = ("text", "json", "html", "sarif", "junit", "gitlab", "github", "markdown")
"""Formats of a report, as in `oakum.report`; listed here so that `--help` need not import it."""

PATH = click.Path(path_type=Path, dir_okay=False)

_WRITTEN = {
    "json": "JSON",
    "html": "HTML",
    "sarif": "SARIF 2.1.0, for code scanning",
    "junit": "JUnit XML, one test case per cell",
    "gitlab": "GitLab's Code Quality",
    "markdown": "Markdown, for a comment",
}
REPORT_FILES = tuple(f"{form}_file" for form in _WRITTEN)
"""Parameter names of `report_options`."""


class Number(click.FloatRange):
    """A number within a range. Rejects `nan`, which lies in every range, and `inf`."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"`{value}` is not a finite number", param, ctx)
        return number


def options(*each: Callable[[F], F]) -> Callable[[F], F]:
    """Several options, in this order, as one decorator."""

    def decorate(command: F) -> F:
        for one in reversed(each):
            command = one(command)
        return command

    return decorate


def format_option(*forms: str) -> Callable[[F], F]:
    """`--format` with these choices, the first by default; text and JSON if none are given."""
    forms = forms or ("text", "json")
    return click.option(
        "--format", "form", type=click.Choice(forms), default=forms[0], show_default=True,
        help="format of standard output",
    )  # fmt: skip


OVERLAYS = click.option(
    "--overlay", "overlays", type=PATH, multiple=True, metavar="FILE",
    help="OpenAPI Overlay to apply to the document; repeatable",
)  # fmt: skip

target_options = options(
    click.argument("contract", type=PATH),
    click.option("--target", required=True, metavar="URL", help="base URL of the running API"),
    click.option(
        "--identities", required=True, type=PATH, metavar="FILE",
        help="the identities file: test accounts and their relations",
    ),
    OVERLAYS,
    click.option(
        "--rate", type=Number(min=0.1), default=10.0, show_default=True,
        help="maximum requests per second",
    ),
    click.option(
        "--budget", type=click.IntRange(min=1), default=500, show_default=True,
        help="maximum requests in total",
    ),
)  # fmt: skip
"""The arguments and options of a scan's target: `CONTRACT --target URL --identities FILE` and so
on."""
connection_options = options(
    click.option("--proxy", metavar="URL", help="send all requests through this HTTP proxy"),
    click.option(
        "--ca", type=PATH, metavar="FILE", help="trust these certificates (PEM) as well",
    ),
    click.option(
        "--header", "headers", multiple=True, metavar="'NAME: VALUE'",
        help="send this header with each request to the target; never printed; repeatable",
    ),
)  # fmt: skip
"""Options for reaching the target: proxy, CA, headers."""
leave_options = options(
    click.option(
        "--allow-own-settings", is_flag=True,
        help="allow changes to the identities' own privacy settings; restored afterwards",
    ),
    click.option(
        "--allow-writes", is_flag=True,
        help="allow creating, changing and deleting the run's own"
             " objects, and registering accounts",
    ),
    click.option(
        "--twins", is_flag=True,
        help="guess endpoints outside the document: older versions, mobile variants",
    ),
    click.option(
        "--twin", multiple=True, metavar="URL",
        help="another address of the same API; repeatable",
    ),
    click.option(
        "--front-end", multiple=True, metavar="URL",
        help="a page whose scripts are searched for paths that the document lacks; repeatable",
    ),
)  # fmt: skip
"""Options that permit a scan more than reading documented endpoints."""
selection_options = options(
    click.option(
        "--include", multiple=True, metavar="PATTERN",
        help="call only these operations; repeatable",
    ),
    click.option(
        "--exclude", multiple=True, metavar="PATTERN",
        help="do not call these operations; repeatable",
    ),
)  # fmt: skip
"""Options that select the operations a scan may call."""
self_test_options = options(
    click.option("--target", metavar="URL", help="self-test: base URL of the running API"),
    click.option("--identities", type=PATH, metavar="FILE", help="self-test: the identities file"),
    click.option(
        "--mutants", type=click.IntRange(min=1), default=40, show_default=True,
        help="self-test: leaks to seed",
    ),
    click.option(
        "--harmless", type=click.IntRange(min=0), default=None,
        help="self-test: harmless changes to make  [default: a quarter of `--mutants`]",
    ),
    click.option(
        "--seed", type=int, default=1, show_default=True,
        help="self-test: random seed of the leaks",
    ),
    click.option(
        "--min-score", type=Number(0, 1), default=0.95, show_default=True,
        help="self-test: fraction of the leaks that must be caught",
    ),
    click.option(
        "--rate", type=Number(min=0.1), default=10.0, show_default=True,
        help="self-test: maximum requests per second",
    ),
    click.option(
        "--budget", type=click.IntRange(min=1), default=500, show_default=True,
        help="self-test: maximum requests per scan",
    ),
    click.option("--quiet", is_flag=True, help="self-test: no progress output on standard error"),
)  # fmt: skip
"""Options of `oakum gate --self-test`: target, identities and so on."""


report_options = options(
    *(
        click.option(
            f"--{form}", f"{form}_file", type=PATH, metavar="FILE", help=f"also write {words}"
        )
        for form, words in _WRITTEN.items()
    )
)  # fmt: skip
"""Options that write reports to files, besides the one on standard output."""


def refuse_idle(mode: str, idle: Collection[str], form: str) -> None:
    """Raises `UsageError` for options given on the command line that have no effect with the option
    `mode`, and for a format that only whole reports have."""
    context = click.get_current_context()
    for each in context.command.params:
        typed = context.get_parameter_source(each.name or "") is not ParameterSource.DEFAULT
        if typed and each.name in idle:
            raise click.UsageError(f"`{each.opts[0]}` does nothing with `{mode}`")
    if form not in ("text", "json"):
        raise click.UsageError(f"`{mode}` has no format `{form}`; use text or json")


def valid_target(target: str, option: str = "--target") -> str:
    """Checks that a URL has a scheme and a host; otherwise raises a usage error. A trailing slash
    is removed, since paths are appended, except for the page of `--front-end`, to which the
    addresses of its scripts are relative (RFC 3986, 5.2.3)."""
    from urllib.parse import urlsplit

    if "@" in target:
        hint = "write them into the identities file" if option == "--target" else "leave them out"
        raise click.BadParameter(f"contains a user name or a password; {hint}", param_hint=option)
    try:
        parts = urlsplit(target)
    except ValueError:  # unbalanced brackets
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise click.BadParameter(
            f"`{target}` is not a URL such as https://api.example.com", param_hint=option
        )
    return target if option == "--front-end" else target.rstrip("/")


def connection(proxy: str | None, ca: Path | None, headers: Sequence[str]) -> Connection:
    """The connection of `connection_options`. Usage errors do not repeat header values or the
    proxy, which may hold secrets."""
    from oakum.scan.transport.connection_options import Connection, header_of, proxy_of

    def check_value(read: Callable[[str], S], text: str, option: str) -> S:
        try:
            return read(text)
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint=option) from None

    return Connection(
        check_value(proxy_of, proxy, "--proxy") if proxy is not None else "",
        ca,
        dict(check_value(header_of, each, "--header") for each in headers),
    )


def heed_sigterm() -> None:
    """Makes SIGTERM raise `KeyboardInterrupt`, so that a scan killed by a pipeline's time limit
    still restores settings."""
    import signal

    signal.signal(signal.SIGTERM, signal.default_int_handler)


def console(stderr: bool = False) -> Console:
    """A console without colours under NO_COLOR or in a pipe."""
    from rich.console import Console

    class Pipe(Console):
        """Reports a closed pipe as `BrokenPipeError`, instead of exiting with rich's own code."""

        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

    file = sys.stderr if stderr else sys.stdout
    return Pipe(file=file, highlight=False, soft_wrap=False, width=None if file.isatty() else 80)


def warn(problems: Iterable[Problem]) -> None:
    """Writes warnings to standard error, one line each."""
    for problem in problems:
        click.echo(f"warning: {problem}", err=True)


def write(report: Report, path: Path, form: str) -> None:
    """Write a report to a file, whole or not at all."""
    from oakum.cli import ci_environment
    from oakum.report import write as write_report

    if form in ci_environment.FORMS:
        write_report(
            ci_environment.from_repository_root(report), path, form, ci_environment.facts()
        )
    else:
        write_report(report, path, form)


def show(report: Report, form: str) -> None:
    """Writes a report to standard output. A closed pipe (`| head`) does not change the exit
    code."""
    try:
        _show(report, form)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def say(text: str) -> None:
    """Writes text to standard output; a closed pipe does not change the exit code."""
    try:
        click.echo(text)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def line(words: str, style: str = "") -> None:
    """Writes a styled line to standard output, with control characters escaped, since it may
    contain names from an API."""
    from rich.text import Text

    from oakum.output.terminal_text import visible

    console().print(Text(visible(words), style), soft_wrap=True)


def _show(report: Report, form: str) -> None:
    from oakum.cli import ci_environment
    from oakum.report import html, json_document, terminal

    if form == "json":
        click.echo(json_document.render(report).decode(), nl=False)
    elif form == "html":
        click.echo(html.render(report), nl=False)
    elif form in ci_environment.FORMS:
        click.echo(ci_environment.render_for_ci(report, form).decode(), nl=False)
    else:
        terminal.render(report, console())


def read_report(path: Path) -> Report:
    """Reads the JSON report of an earlier scan; raises `InputError` for another file."""
    from oakum.report.json_document import read

    return read(report_bytes(path), str(path))


def sound_report(path: Path) -> Report:
    """Reads a JSON report; raises `InputError` if it is incomplete or was changed."""
    from oakum.report.integrity import faults
    from oakum.report.json_document import read

    data = report_bytes(path)
    report = read(data, str(path))
    if problems := faults(data, report, str(path)):
        raise InputError(problems)
    return report


def read_memory(path: Path, *, missing: bool = False) -> Memory:
    """Reads the findings file; an empty memory if it does not exist yet and may be `missing`."""
    from oakum.memory import Memory, read

    if missing and not path.exists():
        return Memory()
    return read(read_bytes(path), str(path))


def remembered_of(memory: Memory, name: str, file: Path) -> RememberedFinding:
    """The remembered finding whose fingerprint begins with `name`; raises `InputError` if there is
    none, or several."""
    digits = name.removeprefix("finding-").lower()
    found = [each for each in memory.findings if digits and each.matches(digits)]
    exact = [each for each in found if digits in (each.fingerprint, *each.also)]
    if len(exact or found) == 1:
        return (exact or found)[0]
    raise _none_or_several(name, [each.fingerprint for each in memory.findings], found, file)


def report_bytes(path: Path) -> bytes:
    """Reads a file; raises `InputError` if it certainly is no JSON report."""
    data = read_bytes(path)
    hint = "give the file that `--json` wrote"
    if not data.strip():
        raise InputError([Problem(Location(str(path)), "the file is empty", hint)])
    if data.lstrip().startswith(b"<"):
        raise InputError([Problem(Location(str(path)), "is HTML", hint)])
    return data


def finding_of(report: Report, name: str, file: Path) -> Finding:
    """The finding whose fingerprint begins with `name`; the anchor `finding-…` of the HTML report
    is accepted too. Raises `InputError` if there is none, or several."""
    digits = name.removeprefix("finding-").lower()
    found = [each for each in report.findings if digits and each.fingerprint.startswith(digits)]
    exact = [each for each in found if each.fingerprint == digits]
    if len(exact or found) == 1:
        return (exact or found)[0]
    marks = [each.fingerprint for each in report.findings]
    raise _none_or_several(name, marks, found, file)


def known_rule(report: Report, finding: Finding, file: Path) -> None:
    """Raises `InputError` for a rule that this version does not know."""
    from oakum.exposure.checks import STORIES

    if finding.rule not in STORIES:
        hint = (
            f"`{finding.rule}` belongs to another version of Oakum, {report.version or 'unknown'}"
        )
        raise InputError(
            [Problem(Location(str(file)), "a rule that this version does not know", hint)]
        )


def _none_or_several(
    name: str, marks: list[str], found: Sequence[Finding | RememberedFinding], file: Path
) -> InputError:
    if found:
        those = ", ".join(sorted(each.fingerprint for each in found)[:4])
        problem = Problem(Location(str(file)), f"`{name}` begins several fingerprints", those)
    else:
        hint = did_you_mean(name.removeprefix("finding-").lower(), marks) or (
            f"it has {len(marks)}, and the first is `{marks[0]}`" if marks else "it has none at all"
        )
        problem = Problem(Location(str(file)), f"no finding `{name}`", hint)
    return InputError([problem])


def read_bytes(path: Path) -> bytes:
    """The content of a file that the user names; raises `InputError` if it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        why = (error.strerror or "cannot be read").lower()
        raise InputError([Problem(Location(str(path)), why)]) from None


def write_text(path: Path, text: str) -> None:
    """Writes a file that the user names; raises `InputError` if it cannot be written."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        why = (error.strerror or "cannot be written").lower()
        raise InputError([Problem(Location(str(path)), why)]) from None


def require_cadence() -> Any:
    """Imports cadence, or raises an error that says what to install."""
    try:
        import fastapi  # noqa: F401
        import uvicorn  # noqa: F401

        import cadence
        from cadence import serve  # noqa: F401 - a folder of that name may be anybody's
    except ImportError as error:
        raise _missing_extra("demo", error, "demo", _EXAMPLES) from None
    return cadence


def require_catalogue() -> Any:
    """Imports the catalogue of leaking APIs, or raises an error that says what to install."""
    try:
        import graphql  # noqa: F401
        import starlette  # noqa: F401
        import uvicorn  # noqa: F401

        import oakum_catalogue
        from oakum_catalogue import entries  # noqa: F401
    except ImportError as error:
        raise _missing_extra("catalogue", error, "demo", _EXAMPLES) from None
    return oakum_catalogue


def require_selftest() -> None:
    """Raises `InputError` with the install command if the tool of `gate --self-test` is missing."""
    try:
        from oakum_selftest import loop  # noqa: F401
    except ImportError as error:
        raise _missing_extra("--self-test", error, beside="./tools") from None


def require_sketches(command: str) -> None:
    """Raises `InputError` with the install command if the sketches library for estimating numbers
    of callers is missing."""
    try:
        import datasketches  # type: ignore[import-untyped]  # noqa: F401
        import numpy  # noqa: F401
    except ImportError as error:
        raise _missing_extra(command, error, "observe") from None


def require_editor() -> None:
    """Raises `InputError` with the install command if the language server's library is missing."""
    try:
        import pygls  # noqa: F401
    except ImportError as error:
        raise _missing_extra("language-server", error, "editor") from None


_EXAMPLES = "./examples"
"""Folder of the example APIs, which are a separate package."""


def _missing_extra(what: str, error: ImportError, extra: str = "", beside: str = "") -> InputError:
    hint = install_hint(extra, beside)
    return InputError([Problem(Location(what), f"needs `{error.name}`", hint)])


def listen(bound: Callable[[int], S], port: int) -> S:
    """Returns `bound(port)`; raises `InputError` if the port is taken."""
    try:
        return bound(port)
    except OSError as error:
        why = (error.strerror or "cannot be served on").lower()
        hint = "give another with `--port`; 0 picks a free one"
        raise InputError([Problem(Location(f"port {port}"), why, hint)]) from None
