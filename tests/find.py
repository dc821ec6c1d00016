"""Finds the tests of a module: `python tests/find.py scan/evaluation/cells`.

First come tests of its name (`tests/unit` mirrors `src`, then those of other folders), then tests
that import it, also by its package, then those of the modules that import it: tests of their name
first, then those in the folder of its package, then what imports little else. Commands are tested
by running them: of one that no test imports, it lists the tests that call it. Lua has tests of its
name, or none that it finds. Without a module it lists the modules that no unit test has the name
of.
"""

from __future__ import annotations

import ast
import re
import signal
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
SRC = ROOT / "src/oakum"
TESTS = ROOT / "tests"
UNIT = TESTS / "unit"


@cache
def modules() -> tuple[Path, ...]:
    """Modules of `src`, in Python and Lua, relative to `src/oakum` and without their suffix."""
    found = [*SRC.rglob("*.py"), *SRC.rglob("*.lua")]
    return tuple(
        sorted(
            each.relative_to(SRC).with_suffix("")
            for each in found
            if each.stem not in ("__init__", "__main__")
        )
    )


@cache
def siblings() -> dict[Path, list[Path]]:
    """Modules by their folder."""
    found: dict[Path, list[Path]] = {}
    for each in modules():
        found.setdefault(each.parent, []).append(each)
    return found


def module_of(test: Path) -> Path | None:
    """The module whose name a unit test has: `test_table.py`, `test_table_laws.py` of `table`."""
    folder, name = test.parent.relative_to(UNIT), test.stem.removeprefix("test_")
    here = siblings().get(folder, ())
    fitting = [each for each in here if name == each.stem or name.startswith(f"{each.stem}_")]
    return max(fitting, key=lambda each: len(each.stem), default=None)


@cache
def named() -> dict[Path, list[Path]]:
    """Unit tests by the module whose name they have."""
    found: dict[Path, list[Path]] = {}
    for test in sorted(UNIT.rglob("test_*.py")):
        if (module := module_of(test)) is not None:
            found.setdefault(module, []).append(test)
    return found


@cache
def text(file: Path) -> str:
    """What a file says."""
    return file.read_text(encoding="utf-8")


@cache
def imported(file: Path) -> frozenset[str]:
    """Dotted names of what a file imports."""
    found = set()
    for node in ast.walk(ast.parse(text(file))):
        if isinstance(node, ast.Import):
            found |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{each.name}" for each in node.names)}
    return frozenset(found)


def passed_on(module: str) -> set[str]:
    """Names of a module that the `__init__` of its package exports, too: `oakum.memory.learn`."""
    package, _, own = module.rpartition(".")
    init = SRC.parent.joinpath(*package.split("."), "__init__.py")
    found = set()
    for node in ast.walk(ast.parse(text(init))):
        if isinstance(node, ast.ImportFrom) and node.module == module:
            found |= {f"{package}.{each.asname or each.name}" for each in node.names}
    return found - {f"{package}.{own}"}


def importing(files: Iterable[Path], asked: Collection[str]) -> Iterator[Path]:
    """Files that import one of these names. Parsing is slow: only what has the package of one on a
    line of its import, and its last word anywhere, is parsed."""
    packages = "|".join(sorted({re.escape(each.rpartition(".")[0]) for each in asked}))
    words = "|".join(sorted({re.escape(each.rpartition(".")[2]) for each in asked}))
    package = re.compile(rf"^\s*(?:from|import) (?:{packages})\b", re.MULTILINE)
    word = re.compile(rf"\b(?:{words})\b")
    for file in files:
        said = text(file)
        if package.search(said) and word.search(said) and imported(file) & set(asked):
            yield file


def dotted(module: Path) -> str:
    """What an import calls a module."""
    return ".".join(("oakum", *module.parts))


def closeness(test: Path, module: Path, asked: Mapping[str, int]) -> tuple[object, ...]:
    """Sorts tests: first those with the name of a module asked for, and of these the one that uses
    most of it. Then by how much of a module's folder theirs has, then by what share of their
    imports from Oakum are the names asked for."""
    of = module_of(test) if UNIT in test.parents else None
    used = asked.get(dotted(of), 0) if of else 0
    itself = of is not None and test.stem == f"test_{of.name}"
    folder = test.parent.relative_to(UNIT if UNIT in test.parents else TESTS).parts
    alike = 0
    for theirs, own in zip(folder, module.parent.parts, strict=False):
        if theirs != own:
            break
        alike += 1
    of_oakum = {each for each in imported(test) if each.startswith("oakum.")}
    share = len(of_oakum & set(asked)) / max(1, len(of_oakum))
    return not (used and itself), not used, -used, -alike, -share, test


def calling(module: Path) -> list[Path]:
    """Tests that call a command: `cli/observe_keep` is `oakum observe keep`. Each ends as a word
    does, or a list of words."""
    words = ["-m", "oakum"] if module.name == "__main__" else re.split("_", module.name)
    call = re.compile(r"[\"' ]" + r"[\W_]+".join(map(re.escape, words)) + r"[\"' ]")
    return [each for each in sorted(TESTS.rglob("test_*.py")) if call.search(text(each))]


def tests_of(module: Path) -> Iterator[tuple[Path, str]]:
    """The tests of a module, the closest first, and what they have to do with it, if they do not
    import it."""
    yield from ((each, "") for each in named().get(module, ()))
    tests = sorted(TESTS.rglob("test_*.py"))
    yield from (
        (each, "")
        for each in tests
        if each.name == f"test_{module.name}.py" and UNIT not in each.parents
    )
    sources = [each for each in SRC.rglob("*.py") if each.stem != "__init__"]
    asked = dict.fromkeys({dotted(module)} | passed_on(dotted(module)), 1)
    for turn in range(3):
        found = list(importing(tests, asked))
        found.sort(key=lambda test: closeness(test, module, asked))
        yield from ((each, "of what imports it" if turn else "") for each in found)
        if found:
            return
        before = tuple(asked)
        asked = {
            dotted(file.relative_to(SRC).with_suffix("")): sum(
                each.startswith(before) for each in imported(file)
            )
            for file in importing(sources, asked)
        }
        if not asked:
            break
    if module.parent.name == "cli" or module.name == "__main__":
        yield from ((each, "calls it") for each in calling(module))


def main() -> None:
    """Prints paths of tests, or of modules without one."""
    if len(sys.argv) < 2:
        print(*(each for each in modules() if each not in named()), sep="\n")
        return
    said = sys.argv[1].removeprefix("src/").removesuffix(".py").removesuffix(".lua")
    module = Path(said.replace(".", "/").removeprefix("oakum/"))
    if module.name == "__init__":
        sys.exit("`__init__` has no test of its own: name a module that it imports.")
    if module not in (*modules(), Path("__main__")):
        sys.exit(f"There is no module `{module}` in src/oakum.")
    found = dict[str, str]()
    for each, why in tests_of(module):
        found.setdefault(str(each.relative_to(ROOT)), why)
    for path, why in found.items():
        print(f"{path}  ({why})" if why else path)
    if not found:
        sys.exit(f"No test has the name of `{module}`, imports or calls it: search what it does.")


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `| head` closes the pipe
    main()
