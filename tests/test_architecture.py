"""ARCHITECTURE.md, executable."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import filterfalse
from pathlib import Path
from re import _parser  # type: ignore[attr-defined]
from typing import Any

import pytest

import oakum
from tests import find

ROOT = Path(__file__).parent.parent
MODULES = sorted(
    file for folder in ("src", "examples", "tools") for file in ROOT.glob(f"{folder}/**/*.py")
)
MAX_MODULE = 600
MAX_FUNCTION = 60
OUTSIDE = {
    "socket", "ssl", "http.client", "http.server", "urllib.request", "httpx2", "subprocess",
    "asyncio", "select", "websockets.sync.client",
}  # fmt: skip
"""What reaches beyond the process."""


def named(file: Path) -> str:
    return str(file.relative_to(ROOT)).removeprefix("src/")


def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def imported(module: ast.AST) -> Iterator[str]:
    """Names of all modules that a module imports when it runs, wherever the import stands."""
    typing_only = {
        id(each)
        for node in ast.walk(module)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for part in node.body
        for each in ast.walk(part)
    }
    for node in ast.walk(module):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def dependencies(files: Iterable[Path], root: Path) -> dict[str, set[str]]:
    """Module → modules of the same tree that it names in any import: at its top, in a function, or
    for type checking alone."""
    names = {
        ".".join(file.relative_to(root).with_suffix("").parts).removesuffix(".__init__"): file
        for file in files
    }
    found: dict[str, set[str]] = {name: set() for name in names}
    for name, file in names.items():
        for node in ast.walk(tree(file)):
            if isinstance(node, ast.Import):
                found[name] |= {alias.name for alias in node.names} & names.keys()
            elif isinstance(node, ast.ImportFrom) and node.module:
                for alias in node.names:
                    inner = f"{node.module}.{alias.name}"
                    found[name] |= {inner if inner in names else node.module} & names.keys()
        found[name].discard(name)
    return found


def cycles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Groups of modules that import each other, directly or through others."""
    reach = {name: set(named) for name, named in graph.items()}
    for middle in graph:  # Warshall, 1962
        for name in graph:
            if middle in reach[name]:
                reach[name] |= reach[middle]
    groups = {
        tuple(sorted(each for each in graph if each in reach[name] and name in reach[each]))
        for name in graph
        if name in reach[name]
    }
    return [list(each) for each in sorted(groups)]


def test_no_module_imports_itself_through_others() -> None:
    """Imports for type checking and imports within functions count: a cycle that is hidden there
    binds the modules together all the same."""
    files = [file for file in MODULES if file.is_relative_to(ROOT / "src")]
    assert cycles(dependencies(files, ROOT / "src")) == []


def test_a_cycle_is_seen_wherever_its_imports_stand(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    for name, text in {
        "__init__": "",
        "a": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from p.b import B\n",
        "b": "def f():\n    from p import c\n",
        "c": "import p.a\n",
        "d": "from p.a import A\n",
    }.items():
        (tmp_path / "p" / f"{name}.py").write_text(text)
    graph = dependencies(sorted(tmp_path.glob("p/*.py")), tmp_path)
    assert cycles(graph) == [["p.a", "p.b", "p.c"]]
    assert cycles({**graph, "p.c": set()}) == []


def test_layers_go_downwards_only() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_the_layers_that_are_checked_are_those_of_the_page() -> None:
    config = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    layers = config.split("layers = [")[1].split("]")[0]
    wanted = [line.strip(' ",').replace("oakum.", "") for line in layers.strip().splitlines()]
    page = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    drawn = [line.split("   ")[0].strip() for line in page.split("```text\n")[1].splitlines()]
    assert drawn[: len(wanted)] == wanted


FLOORS = {
    "exposure": {"scan", "pytest_plugin", "traffic"},
    "routing": {"guard", "exposure"},
}
"""Package of what others share → packages that own what they alone use."""


@pytest.mark.parametrize("floor", FLOORS)
def test_a_floor_holds_only_what_several_packages_share(floor: str) -> None:
    """What a single one of them uses is in that package. A module of a floor counts for all that
    reach it through other modules of the floor."""
    source = ROOT / "src"
    needs = dependencies([file for file in MODULES if file.is_relative_to(source)], source)

    @cache
    def reaching(module: str) -> frozenset[str]:
        users = [name for name, found in needs.items() if module in found]
        packages = {name: name.split(".")[1] for name in users}
        inner = (reaching(name) for name, package in packages.items() if package == floor)
        return frozenset().union({*packages.values()} - {floor}, *inner)

    rooms = {name.rpartition(".")[0] for name in needs}  # an `__init__.py` of a docstring alone
    modules = [
        name
        for name, found in needs.items()
        if name.startswith(f"oakum.{floor}.") and (found or name not in rooms)
    ]
    alone = {name: reaching(name) for name in modules if len(reaching(name)) < 2}
    assert {name: found for name, found in alone.items() if found <= FLOORS[floor]} == {}


def rows(page: str) -> list[str]:
    """The folder or file of each row under "Where things are"."""
    table = page.split("## Where things are\n")[1].split("\n## ")[0]
    return re.findall(r"^\| `([^`]+)` \|", table, re.M)


def covered(path: str) -> set[Path]:
    """Modules of a row: its file, or those of its folder without subfolders. `*` is any text."""
    beside = path.startswith(("examples/", "tools/"))
    base = ROOT if beside else ROOT / "src" if path.startswith("oakum/") else ROOT / "src/oakum"
    found = base.glob(f"{path}*.py" if path.endswith("/") else path)
    return {file for file in found if file.suffix == ".py"}


def test_each_module_stands_on_one_row_of_the_page() -> None:
    found = Counter(
        module
        for path in rows((ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8"))
        for module in covered(path)
    )
    assert [named(module) for module in MODULES if module not in found] == []
    assert [named(module) for module, times in found.items() if times > 1] == []


def test_each_row_covers_something() -> None:
    for path in rows((ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")):
        assert covered(path), f"`{path}` is not a folder or file with modules"


@pytest.mark.parametrize(
    "path",
    ["exposure/leak_severity.py", "exposure/checks/", "examples/oakum_catalogue/p*/", "oakum/"],
)
def test_a_row_covers_its_own_folder_only(path: str) -> None:
    found = covered(path)
    assert found
    assert all(module.parent.match(path.rpartition("/")[0]) for module in found)


def test_each_folder_of_tests_stands_on_one_row_of_the_page() -> None:
    page = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    table = page.split("\n## Tests\n")[1].split("\n## ")[0]
    listed = [name for row in re.findall(r"^\| (`.+?) \|", table, re.M)
              for name in re.findall(r"`tests/(\w+)/`", row)]  # fmt: skip
    assert sorted(listed) == sorted(each.parent.name for each in ROOT.glob("tests/*/__init__.py"))


@pytest.mark.parametrize("file", MODULES, ids=named)
def test_modules_and_functions_can_be_read_in_one_sitting(file: Path) -> None:
    assert len(file.read_text(encoding="utf-8").splitlines()) <= MAX_MODULE
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            if node.name == "app" and "oakum_catalogue" in file.parts:
                continue  # a whole small API: its handlers, one after another
            length = (node.end_lineno or 0) - node.lineno + 1
            assert length <= MAX_FUNCTION, f"`{node.name}` has {length} lines"


_FIXED = re.compile(
    r"(monotonic|perf_counter)\(\) [+] [\d.]+\b"
    r"|timeout ?= ?[1-9]\d+(\.\d*)?[,)\n]|settimeout\([1-9]|wait_for\(.*, [1-9][\d.]*\)\)*$"
    r"|\.(join|wait)\((timeout=)?[1-9][\d.]*\)|set_default_timeout\([\d_.]+\)",
    re.M,
)
_LET_GO = re.compile(r"create_server\(.*\) as probe\b")


def test_no_test_waits_until_a_time_of_its_own() -> None:
    """What was to come in ten seconds came later on a machine with more to do. A limit below ten,
    of what is to be given up, is no such wait."""
    tests = {file for file in ROOT.glob("tests/**/*.py") if file != Path(__file__)}
    late = [named(file) for file in tests if _FIXED.search(file.read_text(encoding="utf-8"))]
    assert not late, "`tests.patience` has waits for a busy machine"


@pytest.mark.parametrize(
    "line",
    [
        "end = time.monotonic() + 5",
        "subprocess.run(x, timeout=60)",
        "HTTPConnection(host, timeout=60)",
        "connection.settimeout(5)",
        "thread.join(timeout=5)",
        "gone.wait(5)",
        "asyncio.run(asyncio.wait_for(story(), 60))",
        "page.set_default_timeout(10_000)",
    ],
)
def test_a_wait_of_a_fixed_time_is_seen(line: str) -> None:
    assert _FIXED.search(f"{line}\n")
    assert not _FIXED.search(f"{re.sub('[0-9][0-9_]*', 'patient(5)', line)}\n")


def test_no_test_lets_go_of_a_port_that_something_is_to_listen_at() -> None:
    """Another took it meanwhile. `tests.ports` has ports that nobody else is given, and a server
    that is given 0 chooses one itself."""
    tests = {file for file in ROOT.glob("tests/**/*.py") if file != Path(__file__)}
    assert not [named(file) for file in tests if _LET_GO.search(file.read_text(encoding="utf-8"))]


def test_what_ci_leaves_out_of_the_tests_is_part_of_the_check() -> None:
    left_out = set(re.findall(r"--ignore (\S+)", (ROOT / ".ci/run").read_text(encoding="utf-8")))
    check = re.search(
        r"\ncheck\(\) \{\n(.*?)\n\}\n", (ROOT / "do").read_text(encoding="utf-8"), re.S
    )
    assert check and "./do check" in (ROOT / ".ci/run").read_text(encoding="utf-8")
    assert left_out <= set(re.findall(r"tests/\w+\.py", check[1])) - {"tests/test_docs.py"}


def thawed(modules: Iterable[ast.Module]) -> list[str]:
    """Data classes that are not frozen although nothing writes to an attribute of such a name, nor
    they themselves to any."""
    modules = list(modules)
    nodes = [node for module in modules for node in ast.walk(module)]
    written = {
        node.attr
        for node in nodes
        if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load)
    }
    return [
        node.name
        for node in nodes
        if isinstance(node, ast.ClassDef)
        and any(
            ast.unparse(each).startswith("dataclass") and "frozen=True" not in ast.unparse(each)
            for each in node.decorator_list
        )
        and not written
        & {ast.unparse(each.target) for each in node.body if isinstance(each, ast.AnnAssign)}
        and not node.bases
        and not any(
            isinstance(each, ast.Attribute)
            and isinstance(each.ctx, ast.Store)
            and ast.unparse(each.value) == "self"
            for each in ast.walk(node)
        )
    ]


def test_a_data_class_to_which_nothing_writes_is_frozen() -> None:
    assert thawed(tree(file) for file in MODULES) == []


def test_a_write_to_an_attribute_is_seen() -> None:
    text = "@dataclass\nclass A:\n    n: int = 0\n"
    assert thawed([ast.parse(text)]) == ["A"]
    assert thawed([ast.parse(text), ast.parse("a.n += 1")]) == []
    assert thawed([ast.parse(text.replace("dataclass", "dataclass(frozen=True)"))]) == []


def test_the_transports_of_the_scanner_reach_outside_and_nothing_else_does() -> None:
    reaching = {
        named(file): sorted(OUTSIDE & set(imported(tree(file))))
        for file in MODULES
        if file.is_relative_to(ROOT / "src/oakum")
    }
    assert {name for name, found in reaching.items() if found} == {
        "oakum/scan/transport/client.py",
        "oakum/scan/transport/login_command.py",  # runs a command that an identity names
        "oakum/scan/identities/loopback_login.py",  # waits for a browser at a loopback port
        "oakum/scan/transport/certificates.py",  # loads a client certificate; opens nothing
        # what stays open; asks through the governor of the other
        "oakum/scan/transport/feeds.py",
        "oakum/asgi.py",  # ends look-ups in time, by tasks; opens nothing
        # waits for a body that a test's own client fetches; opens nothing
        "oakum/pytest_plugin/network_hooks.py",
        "oakum/cli/revision.py",  # asks git for a file as it was
        "oakum/cli/run_linters.py",  # runs a linter that was asked for
        "oakum/cli/demo_scans.py",  # starts cadence in a process of its own
        "oakum/draft_review/server.py",  # serves the page of a review at a loopback port
        "oakum/guard/engine_admin_client.py",  # speaks to that engine at its own socket
        "oakum/guard/health_endpoints.py",  # serves health and metrics
        "oakum/guard/run.py",  # keeps an engine running; carries no request
        "oakum/guard/engine_protocol.py",  # lets an engine judge its files
    }


def test_the_pytest_plugin_loads_nothing_of_the_scan() -> None:
    """It names findings as the scan does: rules are below both."""
    code = "import sys, oakum.pytest_plugin.session; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert [name for name in loaded.stdout.split() if name.startswith("oakum.scan")] == []


@pytest.mark.parametrize("file", sorted(ROOT.glob("benchmarks/*.py")), ids=named)
def test_a_benchmark_imports_what_there_is(file: Path) -> None:
    """Nothing else runs them but a person who wants a figure."""
    ours = {"oakum", "cadence", "oakum_catalogue"}
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in ours:
            module = importlib.import_module(node.module or "")
            inner = {each.name for each in pkgutil.iter_modules(getattr(module, "__path__", ()))}
            named = {each.name for each in node.names}
            assert named <= {*vars(module), *inner}, named - {*vars(module), *inner}


def test_an_import_is_seen_wherever_it_stands() -> None:
    module = ast.parse(
        "if TYPE_CHECKING:\n    import ssl\ndef f():\n    import socket\nfrom urllib import request"
    )
    assert OUTSIDE & set(imported(module)) == {"socket", "urllib.request"}


def test_a_unit_test_has_the_name_of_a_module_at_the_same_place() -> None:
    beside = {"field", "selftest"}
    tests = [each for each in find.UNIT.rglob("test_*.py") if not beside & {*each.parts}]
    assert [str(each) for each in tests if find.module_of(each) is None] == []


def test_a_new_module_has_a_unit_test_of_its_name() -> None:
    """Those that have none yet are listed, and are tested under other names."""
    without = {str(each) for each in find.modules() if each not in find.named()}
    listed = set((find.UNIT / "without.txt").read_text(encoding="utf-8").split())
    assert sorted(without - listed) == [], "write `tests/unit/<folder>/test_<module>.py`"
    assert sorted(listed - without) == [], "take these out of tests/unit/without.txt"


def test_the_modules_and_tests_that_are_broken_on_purpose_are_there() -> None:
    """A file that was renamed would leave its group of `tests/mutation.py` without a score."""
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mutation"]["groups"]
    named = [each for group in groups.values() for each in (*group["modules"], *group["tests"])]
    assert [each for each in named if not (ROOT / each).exists()] == []


# ------------------------------------------------------------ patterns


def repeats_loosely(tree: Any) -> bool:
    """Whether a pattern repeats possessively what is neither one character nor an atomic group:
    before Python 3.11.5 `re` then takes up what it had given back (CPython issue 106052)."""
    one = ("IN", "LITERAL", "NOT_LITERAL", "ANY", "ATOMIC_GROUP")
    for op, details in tree:
        if str(op) == "POSSESSIVE_REPEAT":
            body = details[2]
            if len(body) != 1 or str(body[0][0]) not in one:
                return True
        parts = details if isinstance(details, tuple | list) else (details,)
        below = [each for part in parts for each in (part if isinstance(part, list) else [part])]
        if any(repeats_loosely(each) for each in below if isinstance(each, _parser.SubPattern)):
            return True
    return False


def test_a_group_is_repeated_possessively_only_if_it_is_atomic() -> None:
    for module in pkgutil.walk_packages(oakum.__path__, "oakum."):
        if module.name.endswith("__main__"):
            continue
        for name, value in vars(importlib.import_module(module.name)).items():
            if isinstance(value, re.Pattern):
                tree = _parser.parse(value.pattern, value.flags & ~re.DEBUG)
                assert not repeats_loosely(tree), f"{module.name}.{name}: write (?>…)*+"


@pytest.mark.parametrize(
    ("pattern", "loose"),
    [
        ("(?:a|bc)*+", True), ("x(?:y(?:a|bc)*+|z)", True), ("(?:ab)++", True), ("(a|bc)?+", True),
        ("(?:a|b)*+", False), ("(?>a|bc)*+", False), ("[ab]*+a++", False), ("(?:a|b)*", False),
        (r"(?>\\(?:n|u[0-9]{4}))*+", False),
    ],
)  # fmt: skip
def test_a_loose_repeat_is_seen(pattern: str, loose: bool) -> None:
    assert repeats_loosely(_parser.parse(pattern)) is loose


def modules_named(text: str) -> Iterator[str]:
    """Modules and packages that a text names, as `oakum.scan.technique` or `scan/technique.py`."""
    tops = {each.name for each in (ROOT / "src/oakum").iterdir() if each.is_dir()}
    for name in re.findall(r"`((?:[a-z_]+[./])+[a-z_]+)`", text):
        first, *rest = re.split(r"[./]", name.removesuffix(".py"))
        if name.endswith((".lua", ".json")):
            continue
        if first == "oakum" or (first in tops and "/" in name):
            yield "/".join(rest if first == "oakum" else (first, *rest))


def is_there(module: str) -> bool:
    """Whether it is a module, a package, or a name in one of them."""
    path = ROOT / "src/oakum" / module
    if path.is_dir() or path.with_suffix(".py").is_file():
        return True
    for file in (path.parent.with_suffix(".py"), path.parent / "__init__.py"):
        if file.is_file() and re.search(rf"\b{path.name}\b", file.read_text(encoding="utf-8")):
            return True
    return False


@pytest.mark.parametrize("file", MODULES, ids=named)
def test_a_module_that_a_text_names_is_there(file: Path) -> None:
    assert [*filterfalse(is_there, modules_named(file.read_text(encoding="utf-8")))] == []


def test_a_module_that_was_moved_is_seen() -> None:
    text = (
        "as in `oakum.scan.moved`, `scan/moved.py` and `oakum.scan.technique.moved`, not in `a.b`"
    )
    moved = [*modules_named(text)]
    assert moved == ["scan/moved", "scan/moved", "scan/technique/moved"]
    assert not any(map(is_there, moved))
    assert is_there("scan/technique") and is_there("errors/OakumError")
