"""How many broken lines the tests notice: `python tests/mutation.py [GROUP…]`.

mutmut breaks one expression at a time and runs the tests that reach it. The groups of
`[tool.mutation.groups]` in pyproject.toml name the modules of the core, and the closest tests of
each. Of a module with more mutants than `--sample` a random part is taken, by a seed: a rerun
takes the same. What only rewords a message (a literal with a space in it) is left out: a test
that pins wording is not one of meaning.

It prints a row for each module (mutants, killed, survived, timeouts, score) and each survivor as it
differs from the original, and keeps what became of each mutant in `GROUP.json`. With `--again` only
the survivors kept there are run anew: a test that is added brings no mutant back to life, so that
`--test` may name the added ones alone.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import json
import os
import random
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STATUS = {0: "survived", 1: "killed", 3: "killed", 5: "unreached", 33: "unreached"}
"""Exit codes of mutmut; the others of `TIMEOUTS` and signals."""
TIMEOUTS = {24, -24, 36, 152, 255}


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("groups", nargs="*", help="groups of pyproject.toml; all if none is named")
    parser.add_argument("--sample", type=int, default=60, help="mutants of a module at most")
    parser.add_argument("--module", action="append", help="only this module of the group")
    parser.add_argument("--test", action="append", help="only this file of tests, as a new one")
    parser.add_argument("--seed", type=int, default=1, help="which sample, to score anew")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--into", type=Path, default=ROOT / ".mutation", help="folder to work in")
    parser.add_argument("--again", action="store_true", help="only what survived the last run")
    asked = parser.parse_args()
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mutation"]["groups"]
    for group in asked.groups or settings:
        modules = [m for m in settings[group]["modules"] if asked.module in (None, [m])]
        tests, only = settings[group]["tests"], settings[group].get("only", "")
        run(asked.into / group, modules, asked.test or tests, only, asked)
    return 0


def run(
    place: Path, modules: list[str], tests: list[str], only: str, asked: argparse.Namespace
) -> None:
    """One group: a copy of the tree, broken by mutmut, told of on the screen."""
    kept = place.with_suffix(".json")
    before: dict[str, str] = json.loads(kept.read_text()) if asked.again else {}
    lay_out(place, modules, tests, only)
    chosen = {module: choose(place, module, asked.sample, asked.seed) for module in modules}
    names = [name for taken in chosen.values() for name in taken]
    names = [name for name in names if before.get(name) not in ("killed", "timeout")]
    tool = Path(sys.executable).with_name("mutmut")
    command = [str(tool), "run", "--max-children", str(asked.workers), *names]
    with (place / "log").open("w") as log:
        subprocess.run(command, cwd=place, stdout=log, stderr=subprocess.STDOUT, check=False)
    after = dict(before)
    for module in modules:
        meta = place / "mutants" / f"{module}.meta"
        codes = json.loads(meta.read_text())["exit_code_by_key"] if meta.exists() else {}
        after.update({name: _status(code) for name, code in codes.items() if name in names})
    kept.write_text(json.dumps(after, indent=1))
    for module, changes in chosen.items():
        tell(module, changes, after)


def lay_out(place: Path, modules: list[str], tests: list[str], only: str) -> None:
    """The copy; `only` is for `-k`: which tests of the files are of the language that is broken."""
    shutil.rmtree(place, ignore_errors=True)
    for folder in ("src", "tests", "docs"):
        away = shutil.ignore_patterns("__pycache__", ".hypothesis")
        shutil.copytree(ROOT / folder, place / folder, ignore=away)
    text = (ROOT / "pyproject.toml").read_text()
    more = f"only_mutate = {json.dumps(modules)}\n"
    more += f"pytest_add_cli_args_test_selection = {json.dumps(tests)}\n"
    text = text.replace("[tool.mutmut]\n", "[tool.mutmut]\n" + more)
    if only:
        text = text.replace('"no:xdist"]', f'"no:xdist", "-k", {json.dumps(only)}]')
    (place / "pyproject.toml").write_text(text)


def choose(place: Path, module: str, sample: int, seed: int) -> dict[str, str]:
    """Names of mutants, each with the lines that it changes."""
    from mutmut.mutation.file_mutation import mutate_file_contents

    broken = mutate_file_contents(module, (place / module).read_text())
    bodies = dict(functions(broken.code))
    plain = {name: _blank(tree) for name, tree in bodies.items() if name.endswith("__mutmut_orig")}
    found: dict[str, tuple[str, str]] = {}
    for name in broken.mutant_names:
        original = name.rpartition("__mutmut_")[0] + "__mutmut_orig"
        if _blank(bodies[name]) == plain[original]:
            continue  # it differs in nothing but words of a text with spaces
        dotted = module.removeprefix("src/").removesuffix(".py").replace("/", ".")
        found[f"{dotted}.{name}".replace(".__init__.", ".")] = original, name
    taken = sorted(found)
    if len(found) > sample:
        taken = sorted(random.Random(f"{seed}:{module}").sample(taken, sample))
    pairs = {key: found[key] for key in taken}
    return {
        key: difference(ast.unparse(bodies[before]), ast.unparse(bodies[after]))
        for key, (before, after) in pairs.items()
    }


def functions(code: str) -> Iterator[tuple[str, ast.AST]]:
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and "__mutmut_" in node.name:
            yield node.name, node


def _blank(tree: ast.AST) -> str:
    """A function without its name and the words of its texts: what only rewords has the same."""
    copy = ast.parse(ast.unparse(tree)).body[0]
    for node in ast.walk(copy):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            node.value = " "
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            node.name = "same" if "__mutmut_" in node.name else node.name
    return ast.dump(copy)


def difference(before: str, after: str) -> str:
    rows = list(difflib.ndiff(before.splitlines()[1:], after.splitlines()[1:]))
    return "\n".join(row for row in rows if row[:2] in ("- ", "+ "))


def tell(module: str, changes: dict[str, str], outcomes: dict[str, str]) -> None:
    status = {key: outcomes.get(key, "unchecked") for key in changes}
    count = Counter(status.values())
    counted = len(changes) - count["unchecked"]
    survived = count["survived"] + count["unreached"]
    # A timeout may be an endless loop, or a busy machine: it decides nothing.
    score = count["killed"] / max(count["killed"] + survived, 1)
    row = (counted, count["killed"], survived, count["timeout"], f"{score:.2f}")
    print(f"| `{module}` | " + " | ".join(map(str, row)) + " |", flush=True)
    if count["unchecked"]:
        print(f"  {count['unchecked']} were not run: see the log")
    for key, outcome in status.items():
        if outcome not in ("killed", "timeout", "unchecked"):
            print(f"  {outcome}: {key}\n    " + changes[key].replace("\n", "\n    "))


def _status(code: int | None) -> str:
    if code is None:
        return "unchecked"
    if code in TIMEOUTS or code < 0:
        return "timeout"
    return STATUS.get(code, "unchecked")


if __name__ == "__main__":
    sys.exit(main())
