"""The documentation says what is so: examples run, names exist, nothing is left out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from shutil import copy2
from types import ModuleType

import click
import pytest

from oakum.cli.demo import STAGES
from oakum.cli.main import COMMANDS, main
from oakum.errors import ExitCode, Problem
from oakum.exposure.checks import CHECKS
from oakum.openapi.source import parse
from oakum.policy.parser import parse_policy
from oakum.report import FORMATS
from oakum.scan.identities.identities_file import load_identities
from tests import shell

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
CLI = ROOT / "docs/reference/cli.md"
TEXTS = {page: page.read_text(encoding="utf-8") for page in PAGES}
_CODE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_IMAGE_OR_LINK = re.compile(r"\]\(([^)\s]+)\)")


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


def prose(page: Path) -> str:
    """A page without its fences."""
    return _CODE.sub("", TEXTS[page])


@cache
def sources() -> tuple[str, ...]:
    folders = ("src", "examples", "tools")
    files = [file for folder in folders for file in ROOT.glob(f"{folder}/**/*.py")]
    return tuple(file.read_text(encoding="utf-8") for file in files)


def said(words: str) -> bool:
    """Whether any page holds these words."""
    return any(words in text for text in TEXTS.values())


# ------------------------------------------------------------ examples

PLAYED_ON = ["docs/how-to/seal-from-traffic.md"]
"""Whose examples another test runs and goes on from: `browser/test_sealed_from_traffic.py`."""
WITH_EXAMPLES = [
    page for page in PAGES if "```console" in TEXTS[page] and named(page) not in PLAYED_ON
]


@pytest.fixture(scope="module")
def somebodys_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """`https://api.example.com` of the pages, and what its owner has of it."""
    folder = tmp_path_factory.mktemp("kit")
    with shell.cadence(folder, "oakum demo cadence --stage 2 --kit .") as address:
        yield address, folder


@pytest.mark.long
@pytest.mark.server
@pytest.mark.parametrize("page", WITH_EXAMPLES, ids=named)
def test_examples_do_what_the_page_shows(
    page: Path, tmp_path: Path, somebodys_api: tuple[str, Path]
) -> None:
    remote, kit = somebodys_api
    for file in kit.glob("[!.]*") if shell.REMOTE in TEXTS[page] else ():
        copy2(file, tmp_path)
    with shell.played(TEXTS[page], tmp_path, {shell.REMOTE: remote}):
        pass


def test_an_example_that_lies_is_found_out() -> None:
    (step,) = shell.steps("$ oakum x\nfound 3 things\n…\nend …\n$ echo $?\n1\n")
    assert (step.command, step.code) == ("oakum x", 1)
    assert shell.agrees(step.shown, ["found 3 things", "a", "b", "end 1.5 s"])
    assert not shell.agrees(step.shown, ["found 4 things", "a", "end 1.5 s"])
    assert not shell.agrees(step.shown, ["found 3 things", "a"])


FILES = [
    pytest.param(fence, id=f"{named(page)}:{text[: text.index(fence)].count(chr(10)) + 1}")
    for page, text in TEXTS.items()
    for fence in re.findall(r"^```yaml\n(.*?)^```$", text, re.M | re.S)
    if re.search(r"^identities:$", fence, re.M)
]


@pytest.mark.parametrize("fence", FILES)
def test_an_identities_file_on_a_page_can_be_read(fence: str, tmp_path: Path) -> None:
    file = tmp_path / "identities.yaml"
    file.write_text(fence, encoding="utf-8")
    file.chmod(0o600)
    environ = dict.fromkeys(re.findall(r"[A-Z]+_[A-Z_]+", fence), "made-up")
    environ |= {name: "MADEUPAA" for name in environ if name.endswith("TOTP")}  # base32
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets/bob").write_text("made-up", encoding="utf-8")
    found = load_identities(
        file,
        environ=environ,
        run=lambda _argv, _folder: "made-up",
        keys=lambda _service, _user: "made-up",
    )
    assert found.items


def test_the_contract_of_the_readme_can_be_read() -> None:
    (fence,) = re.findall(r"^    ```yaml\n(.*?)^    ```$", TEXTS[ROOT / "README.md"], re.M | re.S)
    head = "exposure: 1\napi: openapi.yaml\nrelations:\n  member: {authenticated: true}\n"
    head += "  owner: {is: owner}\n  follower: {in: listFollowers, id: /data/*/id}\nresources:\n"
    problems: list[Problem] = []
    policy = parse_policy(parse(head + fence, "README.md"), problems)
    assert problems == []
    assert policy and policy.resources["Member"].fields


# ------------------------------------------------------------ nothing is left out


def commands() -> Iterator[tuple[str, click.Command]]:
    group = click.Context(main)
    for name, _ in COMMANDS:
        command = main.get_command(group, name)
        assert command is not None
        yield from below(name, command)


def below(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    yield name, command
    for more, each in getattr(command, "commands", {}).items():
        yield from below(f"{name} {more}", each)


@pytest.mark.parametrize("name", [name for name, _ in COMMANDS])
def test_each_command_is_in_the_index(name: str) -> None:
    assert f"| `oakum {name}` |" in TEXTS[ROOT / "docs/README.md"]


def test_the_readme_is_short_and_shows_before_it_tells() -> None:
    text = TEXTS[ROOT / "README.md"]
    assert len(text.split()) <= 1000
    first = text.split("```console\n")[1]
    assert first.startswith("$ ./do demo\n")
    assert len(text.split("```console")[0].split()) < 120
    assert "```console\n$ ./do test\n```" in text
    excerpt = first.split("```")[0]
    assert STAGES[0][1] in excerpt
    rules = {module.RULE.id for module in CHECKS if isinstance(module, ModuleType)}
    assert set(re.findall(r"\d+ x ([a-z-]+)$", excerpt, re.M)) <= rules


@pytest.mark.parametrize(
    "option",
    sorted(
        {
            text
            for _, command in commands()
            for parameter in command.params
            for text in parameter.opts
            if text.startswith("--")
        }
    ),
)
def test_each_option_is_explained_beside_its_help(option: str) -> None:
    pattern = re.compile(re.escape(option) + r"(?![\w-])")
    assert any(pattern.search(text) for page, text in TEXTS.items() if page != CLI)


def test_the_page_of_the_command_line_is_current() -> None:
    place = spec_from_file_location("generate", ROOT / "docs/generate.py")
    assert place and place.loader
    generate = module_from_spec(place)
    place.loader.exec_module(generate)
    for page, draw in generate.PAGES.items():
        # White space is left to the version of the library that lays out the help.
        assert page.read_text(encoding="utf-8").split() == draw().split(), (
            f"{named(page)} is not current: run `./do fix`"
        )


def test_the_table_of_exit_codes_is_that_of_the_code() -> None:
    text = TEXTS[ROOT / "docs/reference/exit-codes.md"]
    rows = {int(code): name for code, name in re.findall(r"^\| (\d+) \| ([\w ]+) \|", text, re.M)}
    interrupted = {130: "interrupted"}
    assert rows == {int(c): c.name.lower().replace("_", " ") for c in ExitCode} | interrupted
    index = TEXTS[ROOT / "docs/README.md"]
    assert all(f"| {int(code)} |" in index for code in ExitCode)


def test_each_format_is_described() -> None:
    report = TEXTS[ROOT / "docs/reference/report.md"]
    assert all(f"| `{name}` |" in report for name, _ in FORMATS)
    scan = dict(commands())["scan"]
    (choice,) = (p.type for p in scan.params if p.name == "form")
    assert isinstance(choice, click.Choice)
    assert sorted(choice.choices) == sorted(name for name, _ in FORMATS)


@pytest.mark.parametrize(
    ("pattern", "described"),
    [
        (r'"(oakum\.\w+/\d+)"', "| `{}` |"),
        (r'Event\(\s*"(\w+)"', "| `{}` |"),
        (r'environ\.get\("(OAKUM_\w+)"', "`{}=1`"),
        (r'(?:_tell|GuardEvent)\(\s*"(\w+)"', "| `{}` |"),
        (r'^    "(\w+_total)": "', "`oakum_guard_{}"),
        (r'(?:Denied|absent)\(\w+, "([a-z-]+)"', "`{}`"),
    ],
    ids=["schemas", "events", "variables", "events of the guard", "metrics", "denials"],
)
def test_each_name_that_others_rely_on_is_described(pattern: str, described: str) -> None:
    names = {name for text in sources() for name in re.findall(pattern, text, re.M)}
    assert names
    assert [name for name in sorted(names) if not said(described.format(name))] == []


def test_the_rules_of_the_semantics_are_the_laws_that_are_tested() -> None:
    page = TEXTS[ROOT / "docs/explanation/semantics.md"]
    laws = (ROOT / "tests/properties/test_laws.py").read_text(encoding="utf-8")
    tested = set(re.findall(r"^def (test_\w+)", laws, re.M))
    assert tested - set(re.findall(r"`(test_\w+)`", page)) == set()
    for file, name in re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", page):
        assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8"), f"{file}::{name}"
    numbers = re.findall(r"^(\d+)\.(\d+)\. ", page, re.M)
    assert {int(law) for law, _ in numbers} == {1, 2, 3, 6, 7, 10}
    assert numbers == sorted(set(numbers), key=lambda pair: (int(pair[0]), int(pair[1])))


# ------------------------------------------------------------ what is named exists


def anchors(page: Path) -> set[str]:
    """Fragments of a page's headings, as code hosts make them."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.M)
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_lead_somewhere(page: Path) -> None:
    for link in _IMAGE_OR_LINK.findall(prose(page)):
        if link.startswith(("https://", "http://", "mailto:")):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{link} leads nowhere"
        if anchor:
            assert anchor in anchors(target), f"{link} names no heading"


def test_every_page_can_be_found_from_the_readme() -> None:
    found, waiting = set[Path](), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        found.add(page)
        for link in _IMAGE_OR_LINK.findall(prose(page)):
            target = (page.parent / link.partition("#")[0]).resolve()
            inside = target.glob("*.md") if target.is_dir() else [target]
            waiting += [each for each in inside if each in TEXTS and each not in found]
    assert [named(page) for page in PAGES if page not in found] == []


def test_every_page_is_in_the_navigation_of_the_site() -> None:
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").split("\nnav:\n")[1]
    listed = re.findall(r"^ +- (?:[^:\n]+: )?(\S+\.md)$", navigation, re.M)
    assert sorted(listed) == sorted(named(page) for page in PAGES)


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", "ARCHITECTURE.md"])
def test_paths_that_are_named_exist(name: str) -> None:
    bases = (ROOT, ROOT / "src/oakum", ROOT / "src")
    for word in re.findall(r"`([^`\s]+)`", prose(ROOT / name)):
        if word.startswith((".venv", "dist/")):
            continue  # made on the machine of whoever works here
        if re.fullmatch(r"[\w./<>-]+", word) and ("/" in word or word.endswith((".py", ".md"))):
            known = re.split(r"/?[^/]*<", word)[0].removeprefix("./")
            assert any((base / known).exists() for base in bases), f"`{word}` does not exist"


def test_parts_of_the_engine_that_are_named_exist() -> None:
    code = "\n".join(each.read_text() for each in ROOT.glob("src/oakum/scan/**/*.py"))
    named_parts = re.findall(r"`engine\.([a-z_.]+)", prose(ROOT / "CONTRIBUTING.md"))
    assert len(named_parts) > 8
    for part in {each for name in named_parts for each in name.split(".") if each}:
        assert re.search(rf"\bdef {part}\(|^    {part}: ", code, re.M), f"`{part}` does not exist"


# ------------------------------------------------------------ what must not be in the repository

_FOREIGN = re.compile(
    r"(?<![\w.])/(?:root|home|Users|work)/(?!ann/)\w"  # a machine that is not the made-up ann's
    r"|(?:pypi|pythonhosted|npmjs|rubygems|crates|deb\.debian)\.(?:org|com|io)\b"  # a registry
)
_KINDS = (".py", ".md", ".toml", ".yaml", ".yml", ".json", ".graphql", ".css", ".js", ".j2", "")


def test_no_machine_and_no_registry_is_named() -> None:
    files = [ROOT / "do", *ROOT.glob("*.*"), *ROOT.glob(".ci/*")]
    for folder in ("src", "examples", "tools", "tests", "docs", "benchmarks", "templates"):
        files += ROOT.glob(f"{folder}/**/*")
    found = [
        f"{named(file)}: {match[0]}"
        for file in files
        if file.is_file() and file.suffix in _KINDS and file != Path(__file__)
        if ".hypothesis" not in file.parts  # what a test library remembers
        if file != ROOT / ".git"  # of a work tree beside the repository
        for match in _FOREIGN.finditer(file.read_text(encoding="utf-8"))
    ]
    assert found == []
