"""Finds the tests of a module: `python tests/find.py scan/evaluation/cells`.

First come tests of its name (`tests/unit` mirrors `src`, then those of other folders), then tests
that import it, also by its package, then those of the modules that import it. Commands and Lua are
tested by running them: where none of these is found, it says so. Without a module
it lists the modules that no unit test has the name of.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
SRC = ROOT / "src/oakum"
UNIT = ROOT / "tests/unit"


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


def module_of(test: Path) -> Path | None:
    """The module whose name a unit test has: `test_table.py`, `test_table_laws.py` of `table`."""
    folder, name = test.parent.relative_to(UNIT), test.stem.removeprefix("test_")
    here = [each for each in modules() if each.parent == folder]
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


def imported(file: Path) -> set[str]:
    """Dotted names of what a file imports."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{each.name}" for each in node.names)}
    return found


def passed_on(module: str) -> set[str]:
    """Names of a module that the `__init__` of its package gives, too: `oakum.memory.learn`."""
    package, _, own = module.rpartition(".")
    init = SRC.parent.joinpath(*package.split("."), "__init__.py")
    found = set()
    for node in ast.walk(ast.parse(init.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == module:
            found |= {f"{package}.{each.asname or each.name}" for each in node.names}
    return found - {f"{package}.{own}"}


def tests_of(module: Path) -> Iterator[tuple[Path, bool]]:
    """The tests of a module, the closest first, and whether they only use what imports it."""
    yield from ((each, False) for each in named().get(module, ()))
    others = sorted((ROOT / "tests").rglob(f"test_{module.name}.py"))
    yield from ((each, False) for each in others if UNIT not in each.parents)
    tests = {each: imported(each) for each in sorted((ROOT / "tests").rglob("test_*.py"))}
    sources = {each: imported(each) for each in SRC.rglob("*.py") if each.stem != "__init__"}
    dotted = ".".join(("oakum", *module.parts))
    asked = {dotted} | passed_on(dotted)
    for turn in range(3):
        found = [each for each, names in tests.items() if names & asked]
        yield from ((each, turn > 0) for each in found)
        if found:
            return
        asked = {
            ".".join(("oakum", *each.relative_to(SRC).with_suffix("").parts))
            for each, names in sources.items()
            if names & asked
        }


def main() -> None:
    """Prints paths of tests, or of modules without one."""
    if len(sys.argv) < 2:
        print(*(each for each in modules() if each not in named()), sep="\n")
        return
    said = sys.argv[1].removeprefix("src/").removesuffix(".py").removesuffix(".lua")
    module = Path(said.replace(".", "/").removeprefix("oakum/"))
    if module.name in ("__init__", "__main__"):
        sys.exit(f"`{module.name}` has no test of its own: name a module that it imports.")
    if module not in modules():
        sys.exit(f"There is no module `{module}` in src/oakum.")
    found = dict[str, bool]()
    for each, indirect in tests_of(module):
        found.setdefault(str(each.relative_to(ROOT)), indirect)
    for path, indirect in found.items():
        print(f"{path}  (of what imports it)" if indirect else path)
    if not found:
        sys.exit(f"No test has the name of `{module}` or imports it: search for what it does.")


if __name__ == "__main__":
    main()
