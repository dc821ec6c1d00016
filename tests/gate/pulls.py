"""cadence's own repository, and four pull requests to it: code, document and contract.

Each is what somebody would send: it changes the running API, and the contract where its author
thought of it.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copytree, ignore_patterns
from socket import create_connection

import cadence
from tests.patience import patient, tries
from tests.pipelines.act import environment, git
from tests.ports import free_port

CONTRACT = "cadence/exposure.yaml"

_CALENDAR = """\
async def get_calendar(world: Here, request: Request, user_id: UserId) -> Shown:
    owner = open_history(world, world.visitor(request), user_id)
"""
_UNCHECKED = """\
async def get_calendar(world: Here, request: Request, user_id: UserId) -> Shown:
    world.member(request)
    owner = world.owner(user_id)  # one query less
"""
_CONTACT = '''

@router.get("/api/user/{userId}/contact", **says("getContact", schemas.Member, 404, public=True))
async def get_contact(world: Here, user_id: UserId) -> Shown:
    """For the card that is sent with an invitation."""
    owner = world.owner(user_id)
    return {key: owner[key] for key in ("id", "username", "email", "phone_number")}
'''
_BIRTHDAY = """\
      birthday:
        - {see: [owner, follower], set: [owner]}
        - {see: [member], when: {private: false}}
      weight, height, first_name, last_name, email, phone_number:
"""
_DAYS = """\
    return {"user_id": owner["id"], "active_days": owner["active_days"]}
"""
_DAYS_APART = """\
    return _days(owner)


def _days(owner: sqlite3.Row) -> Shown:
    return {"user_id": owner["id"], "active_days": owner["active_days"]}
"""
_COUNTS = """\
      workout_counts, streaks:
        - see: [owner, follower]
        - {see: [member], when: {private: false}}
"""
_COUNTS_APART = """\
      # What a profile page says below the name.
      streaks:
        - {see: [member], when: {private: false}}
        - see: [follower, owner]
      workout_counts:
        - {see: [follower, owner]}
        - {see: [member], when: {private: false}}
"""


def changed(file: Path, *pairs: tuple[str, str]) -> None:
    """Replace texts in a file, each of which must be there."""
    text = file.read_text(encoding="utf-8")
    for before, after in pairs:
        assert before in text, f"{file.name}: {before}"
        text = text.replace(before, after)
    file.write_text(text, encoding="utf-8")


def widens_a_field(code: Path) -> None:
    """Followers see a birthday, of an open profile every member: in code and contract."""
    changed(
        code / "rules.py", ("birthday age", "age"), ("counts streaks", "counts streaks birthday")
    )
    people = code / "endpoints/people.py"
    changed(people, ('    "birthday",\n    "age",', '    "age",'))
    changed(people, ('    "streaks",\n', '    "streaks",\n    "birthday",\n'))
    line = "      birthday, weight, height, first_name, last_name, email, phone_number:\n"
    changed(code / "exposure.yaml", (line, _BIRTHDAY))


def forgets_a_check(code: Path) -> None:
    """The calendar of a private member is shown to whoever has logged in."""
    changed(code / "endpoints/people.py", (_CALENDAR, _UNCHECKED))


def adds_an_endpoint(code: Path) -> None:
    """A new operation that asks nobody to log in; the document is written anew."""
    people = code / "endpoints/people.py"
    people.write_text(people.read_text(encoding="utf-8") + _CONTACT, encoding="utf-8")
    write = [sys.executable, "-m", "cadence.document"]
    subprocess.run(write, cwd=code.parent, env=environment(), check=True)


def only_refactors(code: Path) -> None:
    """A schema gets another name, a function is split, lines are put in another order."""
    for name in ("schemas.py", "openapi.yaml", "exposure.yaml"):
        changed(code / name, ("MemberCard", "MemberBrief"))
    changed(code / "endpoints/people.py", (_DAYS, _DAYS_APART))
    changed(code / "exposure.yaml", (_COUNTS, _COUNTS_APART))


Pull = Callable[[Path], None]
PULLS: tuple[Pull, ...] = (
    widens_a_field,
    forgets_a_check,
    adds_an_endpoint,
    only_refactors,
)


def repository(folder: Path, criteria: str = "") -> Path:
    """cadence as it should be, on `main`, its contract with these criteria; each pull request on a
    branch of its name."""
    folder.mkdir()
    code = folder / "cadence"
    copytree(Path(cadence.__file__).parent, code, ignore=ignore_patterns("__pycache__", "*.pyc"))
    contract = code / "exposure.yaml"
    text = contract.read_text(encoding="utf-8")
    contract.write_text(f"{text}\n{criteria}".rstrip() + "\n", encoding="utf-8")
    (folder / ".gitignore").write_text("__pycache__/\noakum-report/\n", encoding="utf-8")
    git(folder, "init", "--quiet", "-b", "main")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "cadence")
    for pull in PULLS:
        git(folder, "checkout", "--quiet", "-b", pull.__name__, "main")
        pull(code)
        git(folder, "commit", "--quiet", "-a", "-m", pull.__doc__ or "")
    git(folder, "checkout", "--quiet", "main")
    return folder


def checked_out(origin: Path, branch: str, folder: Path) -> Path:
    """A clone as a pipeline makes it: one commit deep."""
    where = f"file://{origin}"
    git(origin, "clone", "--quiet", "--depth=1", "--branch", branch, where, str(folder))
    return folder


@contextmanager
def served(folder: Path, members: int = 20) -> Iterator[str]:
    """The API of a checkout, its own code, ended afterwards; its address."""
    port = free_port()
    command = [sys.executable, "-m", "cadence", "--stage", "fixed", "--port", str(port)]
    server = subprocess.Popen(
        [*command, "--members", str(members)], cwd=folder, env=environment(),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        for _ in tries(60):
            assert server.poll() is None, "the API did not start"
            try:
                create_connection(("127.0.0.1", port), patient(1)).close()
                break
            except OSError:
                continue
        else:
            raise AssertionError("the API does not listen")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(patient(20))
