"""What `oakum init`, `check` and `scan --dry-run` make of public OpenAPI documents.

    python benchmarks/documents.py --sources FOLDER [--every 1] [--seconds 120] [--out FILE]
        [--against FILE] [--only TEXT]

`documents.txt` beside this file lists the documents. They are not part of this repository: FOLDER
has a subfolder for each of its sources, an unpacked npm package or a git repository (a work
tree is not needed), under the name that the list gives it.

Each document is read in a process of its own, from files alone: nothing is fetched and no address
is called. *Parse* is what the bare reader takes (orjson, or the C reader of PyYAML without places);
*init* is a whole `oakum init` without starting Python. Of a document of a megabyte or more, neither
*init* nor *check* may take more than `BOUND` times *parse*: what does is listed. A *crash* is an
exception that no user may see; *closed* are operations that were left out because of a mistake in
the document. `--against` puts an earlier result of `--out` beside this one.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import re
import select
import signal
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from statistics import median
from typing import Any

import orjson
import yaml

from oakum.cli.main import main as oakum
from oakum.errors import OakumError

LIST = Path(__file__).with_suffix(".txt")
IDENTITIES = "identities:\n  ann: {header: 'x-ann: a'}\n  bob: {header: 'x-bob: b'}\n"
LARGE = 3_000_000
BOUND = 250
"""Times the bare parse. The most that was measured are 202 (DocuSign, 2.8 MB of schemas that lead
to each other), and 157 (Stripe); walks from every answer took 675. Microsoft Graph (20 MB, 47 MB)
is above it: it does not end in three minutes."""


def listed(sources: Path, work: Path) -> Iterator[tuple[str, Path]]:
    """Name and file of each document of the list."""
    folder, name = sources, ""
    for line in LIST.read_text().splitlines():
        if line.startswith("= "):
            name, kind, _, version = line[2:].split(" ")
            folder = (sources / name).resolve()
            if kind == "git":
                folder = _checked_out(folder, version, work / name)
        elif line and not line.startswith("#"):
            yield f"{name}/{line}", folder / line


def _checked_out(repository: Path, commit: str, into: Path) -> Path:
    """The descriptions of a commit as files, since they refer to each other; without files that
    the copy of the repository lacks."""
    into.mkdir()
    (into / ".git").touch()  # the files below belong together, as in a clone
    git = ["git", "-C", str(repository)]
    tree = subprocess.run([*git, "ls-tree", "-r", "-z", "--name-only", commit], check=True,
                          capture_output=True, text=True).stdout  # fmt: skip
    names = [name for name in tree.split("\0") if re.search(r"\.(json|ya?ml)$", name)]
    asked = "".join(f"{commit}:{name}\n" for name in names).encode()
    packed = io.BytesIO(subprocess.run([*git, "cat-file", "--batch"], check=True, input=asked,
                                       capture_output=True).stdout)  # fmt: skip
    for name in names:
        *_, kind, size = packed.readline().split()
        if kind == b"blob":
            data = packed.read(int(size) + 1)[:-1]
            (into / name).parent.mkdir(parents=True, exist_ok=True)
            (into / name).write_bytes(data)
    return into


def run(*arguments: str) -> tuple[int, str, str]:
    """Exit code, output and message of one command; 70 is a crash."""
    out, err = io.StringIO(), io.StringIO()
    try:
        with redirect_stdout(out), redirect_stderr(err):
            code = int(oakum(list(arguments), standalone_mode=False) or 0)
    except OakumError as error:
        code, said = int(error.exit_code), str(error)
        return code, out.getvalue(), said
    except Exception as error:  # noqa: BLE001 (a crash is what is looked for)
        at = error.__traceback__
        while at is not None and at.tb_next is not None:
            at = at.tb_next
        place = f"{Path(at.tb_frame.f_code.co_filename).name}:{at.tb_lineno}" if at else ""
        return 70, out.getvalue(), f"{error!r:.200} at {place}"
    return code, out.getvalue(), err.getvalue()


def parsed(file: Path) -> tuple[Any, float]:
    """The plain value, and the seconds of a bare parse."""
    data = file.read_bytes()
    began = time.process_time()
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError:
        try:
            value = yaml.load(data, Loader=yaml.CSafeLoader)
        except Exception:  # noqa: BLE001 (what it cannot read has no time)
            value = None
    return value, time.process_time() - began


def measured(file: Path, folder: Path) -> Iterator[tuple[str, Any]]:
    """What is measured of one document, as it becomes known."""
    value, bare = parsed(file)
    root = value if isinstance(value, dict) else {}
    yield "version", f"{root.get('openapi') or root.get('swagger') or 'none'}"[:3]
    yield "bytes", file.stat().st_size
    yield "parse", bare
    began = time.process_time()
    code, text, said = run("init", str(file))
    yield "init", time.process_time() - began
    yield "init code", code
    yield "said", said.replace(str(file.parent), "")[:300]
    if code:
        return
    yield "lines", text.count("\n")
    yield "resources", len(re.findall(r"^    draft: true$", text, re.MULTILINE))
    yield "warnings", said.count("warning: ")
    contract, identities = folder / "exposure.yaml", folder / "identities.yaml"
    contract.write_text(text.replace("api: ", f"api: {Path.cwd()}/", 1))
    identities.write_text(IDENTITIES)
    began = time.process_time()
    code, _, said = run("check", str(contract))
    yield "check", time.process_time() - began
    yield "check code", code
    yield "check said", said[:300] if code == 70 else ""
    target = ("--target", "http://127.0.0.1:9", "--identities", str(identities), "--dry-run")
    began = time.process_time()
    code, text, said = run("scan", str(contract), *target)
    yield "scan", time.process_time() - began
    yield "scan code", code
    yield "scan said", said[:300] if code not in (0, 1) else ""


def apart(file: Path, seconds: float) -> dict[str, Any]:
    """The measurements of one document, by a child that may not take longer."""
    inlet, outlet = os.pipe()
    child = os.fork()
    if not child:
        os.close(inlet)
        with os.fdopen(outlet, "w") as wire, tempfile.TemporaryDirectory() as folder:
            for name, value in measured(file, Path(folder)):
                wire.write(json.dumps([name, value]) + "\n")
                wire.flush()
        os._exit(0)
    os.close(outlet)
    end, text = time.monotonic() + seconds, b""
    while (left := end - time.monotonic()) > 0 and select.select([inlet], [], [], left)[0]:
        if not (piece := os.read(inlet, 1 << 16)):
            break
        text += piece
    else:
        os.kill(child, signal.SIGKILL)
    os.close(inlet)
    _, status = os.waitpid(child, 0)
    found = dict(json.loads(line) for line in text.decode().splitlines() if line.endswith("]"))
    if status:
        found["slow" if os.WIFSIGNALED(status) else "died"] = status
    return found


def verdict(found: dict[str, Any]) -> str:
    """One word for what became of a document."""
    codes = [found.get(f"{each} code") for each in ("init", "check", "scan")]
    if 70 in codes or "died" in found:
        return "crash"
    if "slow" in found:
        return "slow"
    return "reads" if codes[0] == 0 and codes[1] == 0 else "refused"


def tell(results: dict[str, dict[str, Any]]) -> None:
    """A table by version, and what stands out."""
    kinds = ("reads", "refused", "crash", "slow")
    print(f"{'version':8} {'n':>5}" + "".join(f"{each:>9}" for each in kinds))
    counted = Counter((each.get("version", ""), verdict(each)) for each in results.values())
    for version in sorted({version for version, _ in counted}):
        row = [counted[version, kind] for kind in kinds]
        print(f"{version:8} {sum(row):5}" + "".join(f"{each:9}" for each in row))
    read = [each for each in results.values() if verdict(each) == "reads"]
    long = [each for each in read if each["bytes"] >= 100_000]
    times = sorted(each["init"] / each["parse"] for each in long)
    lines = sorted(each["lines"] for each in read)
    if long:
        print(
            f"init / parse, 100 kB or more: median {median(times):.1f},"
            f" p90 {times[len(times) * 9 // 10]:.1f}"
        )
        print(
            f"lines: median {median(lines):.0f}, p90 {lines[len(lines) * 9 // 10]},"
            f" most {lines[-1]}"
        )
        print(
            f"no resource: {sum(not each['resources'] for each in read)},"
            f" with warnings: {sum(each['warnings'] > 0 for each in read)}"
        )
        codes = Counter(each.get("scan code") for each in read)
        print(f"scan --dry-run, exit codes: {dict(codes)}")
    for name, each in results.items():
        if each.get("bytes", 0) >= LARGE:
            ratio = each.get("init", 0) / max(each["parse"], 1e-4)
            print(
                f"{each['bytes'] / 1e6:6.1f} MB parse {each['parse']:6.2f} init"
                f" {each.get('init', 0):6.2f} ({ratio:4.1f}) check {each.get('check', -1):6.2f}"
                f" scan {each.get('scan', -1):6.2f} {verdict(each)} {name}"
            )
    for name, each in results.items():
        most = max(each.get("init", 0), each.get("check", 0)) / max(each.get("parse", 0), 1e-4)
        if each.get("bytes", 0) >= 1_000_000 and most > BOUND:
            print(f"above {BOUND} times the bare parse: {most:.0f} {name}")
    for name, each in results.items():
        if verdict(each) in ("crash", "slow"):
            said = [each.get(key, "") for key in ("said", "check said", "scan said")]
            print(f"{verdict(each)}: {name}: {next(filter(None, said), '')}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--sources", type=Path)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--against", type=Path)
    parser.add_argument("--only", default="")
    asked = parser.parse_args()
    if asked.sources is None:
        print("the documents are no part of this repository: give --sources")
        return
    results: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for index, (name, file) in enumerate(listed(asked.sources.resolve(), Path(folder))):
            if index % asked.every == 0 and asked.only in name and file.is_file():
                os.chdir(file.parent)
                results[name] = apart(file, asked.seconds)
        os.chdir("/")
    if asked.out is not None:
        asked.out.write_text(json.dumps(results, indent=1))
    if asked.against is not None:
        print(f"before ({asked.against.name}):")
        tell(json.loads(asked.against.read_text()))
        print("now:")
    tell(results)


if __name__ == "__main__":
    main()
