"""What is kept adds up, both engines answer alike to the byte, and no value comes to a disk."""

from __future__ import annotations

import gzip
import json
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import astuple
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oakum.errors import InputError
from oakum.traffic.call import Hasher
from oakum.traffic.calls_from_exchanges import Endpoints, calls
from oakum.traffic.observation_model import SourceCounts
from oakum.traffic.path_templates import id_form
from oakum.traffic.store import access_logs, parquet_reader, sql_counts, sql_queries
from oakum.traffic.store.engine import Duck, QueryEngine, ResultTooLarge
from oakum.traffic.store.layout import KeptRun, open_runs, run_sheet
from oakum.traffic.store.spark import Spark, start_session
from oakum.traffic.survey import Surveyor
from oakum.traffic.traffic_files import records, sources
from tests.cadence.play import Play
from tests.observe.test_traffic import CONTRACT, STATES, made_of, observe

HASHED = Hasher(b"k" * 32)
KEY = "6b" * 32
MARK = "zqmark"
"""Stands in every value of a person."""


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A session of Spark, which the engine then uses, and where its temporary files lie."""
    folder = tmp_path_factory.mktemp("spark")
    with pytest.MonkeyPatch.context() as patch:
        # Few lines are not worth much compilation, nor many tasks.
        patch.setenv("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
        patch.setattr("os.cpu_count", lambda: 1)
        session = start_session(folder, 1_000_000_000, folder / "spill")
    yield folder / "spill"
    session.stop()


def line(path: str, **more: Any) -> dict[str, Any]:
    return {"method": "GET", "path": path, "status": 200, "sub": f"{MARK}-{len(path)}"} | more


LINES = [
    *(line(f"/api/v2/members/{n}/rides?near={MARK}{n}", status=200 + n % 2) for n in range(60)),
    *(line(f"/api/v2/members/{MARK}{name}") for name in ("ann", "bobs", "me")),
    line("/api/v2/members/me"), line("/api/v2/members", method="HEAD"),
    line("/api/v2/members", method="POST", status="201"), line("/api/v1.2/health/"),
    line("/api/v2/photos/cdaffcdfdddecfe3"), line("/api/v2/photos/%7Eann", status=404),
    line("/pages/logo.PNG"), line("/members.json"), line("/members", method="OPTIONS"),
    line("/wp-login.php", status=404), line(f"/{MARK}/nowhere", status=404),
    line("https://user@other.example/api/v2/members/7#top", host="-"), line("/x"),
    line("//x", host="a.example"),
    {"request": f"GET /api/v2/orders/{MARK}@mail.example HTTP/1.1", "status": "200", "user": "-"},
    {"request": "GET /api/v2/orders/7 HTTP/2.0", "status": "304", "remote_user": f"{MARK}"},
    {"op": "getMember", "removed": {"Member.email": 2}, "method": "GET", "status": 200,
     "who": "00112233445566ff"},
    {"op": "", "removed": {}, "method": "GET", "status": 404}, line("nowhere"),
    line("/x", method="get"), line("/x", status=None), line("/x", status=1200), {"other": MARK},
    line("/x", status=99), line("/x", method=7), line(["/x"]), line("/x", status=True), {},
]  # fmt: skip
BROKEN = [
    b"", b"   ", b"no JSON", b"[1]", b"7", b"null", b'{"method": "GET", "path": "/cut', b"\r",
    b'{"method": "GET", "path": "/x", "status": 200} tail', b"{'method': 'GET'}",
    b'{"method": "GET", "path": "/\xff\xfe", "status": 200}',
    b'{"method": "GET", "path": "/\\ud800", "status": 200}',
    b'[{"method": "GET", "path": "/x", "status": 200}]',
    b'{"method": "GET", "path": "/x", "status": 200}{"method": "GET"}',
]  # fmt: skip


@pytest.fixture(scope="module")
def two_logs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("logs")
    plain, packed = folder / "a log.json", folder / "b.json.gz"
    plain.write_bytes(
        b"".join(b"%b\n" % each for each in [*(json.dumps(e).encode() for e in LINES), *BROKEN])
    )
    packed.write_bytes(gzip.compress(b"\n".join(json.dumps(e).encode() for e in LINES[:20])))
    return plain, packed


def told(*arguments: object, code: int = 0) -> Any:
    return json.loads(observe("traffic", *arguments, "--format", "json", code=code))


def unparted(found: Any) -> Any:
    """Without the parts of GraphQL endpoints, which are not kept."""
    for each in found["operations"]:
        each["parts"] = []
    return found


def test_both_engines_give_the_same_bytes_and_the_pass_in_python_the_same_counts(
    two_logs: tuple[Path, Path], spark: Path
) -> None:
    arguments = ("traffic", *two_logs, "--format", "json", "--engine")
    duck = observe(*arguments, "duckdb", code=0)
    assert observe(*arguments, "spark", code=0) == duck
    counted, passed = json.loads(duck), told(*two_logs, "--engine", "python")
    skipped = [sum(each.pop("skipped").values()) for each in counted["sources"]]
    assert skipped == [sum(each.pop("skipped").values()) for each in passed["sources"]]
    assert counted == passed
    assert f"{MARK}ann" not in duck


def test_a_document_makes_no_difference_between_engines(tmp_path: Path, spark: Path) -> None:
    log, api = tmp_path / "log.json", tmp_path / "api.json"
    paths = {each: {"get": {"responses": {}}} for each in (
        "/2fa/setup", "/members/{id}", "/members/me", "/reports/year.pdf", "/stats.txt", "/never",
    )}  # fmt: skip
    api.write_text(json.dumps({"openapi": "3.1.0", "info": {}, "paths": paths}))
    asked = ("/2fa/setup", "/members/7", f"/members/{MARK}", "/members/me", "/stats.txt", "/new/9")
    log.write_text("".join(json.dumps(line(each)) + "\n" for each in (*asked, "/MEMBERS/7")))
    passed, *others = (
        told(log, "--openapi", api, "--engine", engine, code=1)
        for engine in ("python", "duckdb", "spark")
    )
    assert others == [passed, passed]
    assert passed["summary"]["operations"] == {
        "documented": 4, "shadow": 2, "zombie": 2, "seen": 0,
    }  # fmt: skip


@settings(max_examples=100)
@given(st.from_regex(r"(/[a-zA-Z0-9_.~%@-]{1,44}){1,3}", fullmatch=True))
def test_a_shape_has_an_id_where_the_templates_have_one(path: str) -> None:
    if sql_queries.is_file(path):
        return
    wanted = ["0" if id_form(each) else each for each in path[1:].split("/")]
    assert sql_queries.shape(path)[1:].split("/") == wanted


def test_the_engine_makes_the_hashes_and_shapes_that_python_makes(spark: Path) -> None:
    paths = ["/v1/a/7", "/v1.2/b", "/v123/x.y", "/x/f.PNG", "/a2b", "/ab12", "/ab123/~x", "/é"]
    for engine in (Duck(HASHED), Spark(HASHED, 0)):
        with engine as running:
            values = ", ".join(f"('{each}')" for each in paths)
            rows = running.rows(
                f"SELECT path, digest(path), {sql_queries._shape(('a2b',))}, sealed(path)"
                f" FROM (VALUES {values}) AS t(path)"
            )
            for path, mark, shape, sealed in rows:
                assert mark == HASHED(path)
                assert shape == sql_queries.shape(path, ("a2b",))
                assert path[1:] not in sealed
                assert running.unseal(sealed) == path


# ---------------------------------------------------------------- kept


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, list[Path]]:
    """Traffic of cadence, whole and in halves, and two folders that hold it."""
    folder = tmp_path_factory.mktemp("stage")
    whole = made_of(Play("1", members=8), STATES, folder / "whole.ndjson").file
    lines = whole.read_text(encoding="utf-8").splitlines(keepends=True)
    (folder / "key").write_text(KEY)
    (folder / "key").chmod(0o600)
    kept = [folder / "kept", folder / "halves"]
    observe("keep", whole, "-o", kept[0], "--contract", CONTRACT, "--key", folder / "key", code=0)
    for number, some in enumerate((lines[: len(lines) // 2], lines[len(lines) // 2 :])):
        half = folder / f"half{number}.ndjson"
        half.write_text("".join(some), encoding="utf-8")
        observe("keep", half, "-o", kept[1], "--openapi", CONTRACT.with_name("openapi.yaml"),
                "--key", folder / "key", code=0)  # fmt: skip
    return whole, folder, kept


def test_what_is_kept_tells_what_a_pass_over_the_traffic_tells(
    stage: tuple[Path, Path, list[Path]], spark: Path
) -> None:
    whole, _, (kept, _) = stage
    assert told(kept, "--engine", "duckdb") == unparted(told(whole, "--engine", "python"))
    against = ("--contract", CONTRACT, "--engine")
    passed = unparted(told(whole, *against, "python", code=1))
    for engine in ("duckdb", "spark"):
        assert told(kept, *against, engine, code=1) == passed


def test_halves_that_are_kept_add_up(stage: tuple[Path, Path, list[Path]]) -> None:
    whole, _, (_, halves) = stage
    document = ("--openapi", CONTRACT.with_name("openapi.yaml"))
    passed, added = unparted(told(whole, *document)), told(halves, *document)
    assert len(added.pop("sources")) == 2
    del passed["sources"]
    assert added == passed


def test_a_file_of_a_folder_is_no_source_by_itself(stage: tuple[Path, Path, list[Path]]) -> None:
    _, _, (kept, _) = stage
    for file in (str(next(kept.rglob("*.parquet"))), f"{kept}/calls/*/*.parquet"):
        for command in ("traffic", "abuse"):
            with pytest.raises(InputError, match="give the whole folder"):
                observe(command, file, code=2)


def test_calls_come_back_as_they_were_in_the_order_of_time(tmp_path: Path) -> None:
    file, key = tmp_path / "log.json", tmp_path / "key"
    key.write_text(KEY)
    key.chmod(0o600)
    said = [line(f"/members/{n}", time=1_795_640_000 + n % 7 * 40_000) for n in range(50)]
    file.write_text("".join(json.dumps(each) + "\n" for each in [*said, line("/members/x")]))
    observe("keep", file, "-o", tmp_path / "kept", "--key", key, code=0)
    found = list(parquet_reader.calls([tmp_path / "kept"]))
    surveyor = Surveyor(b"")
    for passed in records(sources([str(file)])[0]):
        surveyor.take(passed)
    wanted = calls(sources([str(file)]), Endpoints(surveyor.finish()), Hasher(KEY.encode()))
    assert sorted(map(astuple, found)) == sorted(map(astuple, wanted))
    assert [each.at for each in found] == sorted(each.at for each in found)
    days = {each.parent.name for each in (tmp_path / "kept" / "calls").rglob("*.parquet")}
    assert {"date=unknown", "date=2026-11-25"} < days


def test_a_run_that_fails_leaves_nothing(tmp_path: Path) -> None:
    file = tmp_path / "log.json"
    file.write_text(json.dumps(line("/a")) + "\n")
    (tmp_path / "kept" / "runs").mkdir(parents=True)
    (tmp_path / "kept" / "calls").write_text("in the way")
    with pytest.raises(InputError, match="cannot be written"):
        observe("keep", file, "-o", tmp_path / "kept", code=0)
    assert not list((tmp_path / "kept" / "runs").iterdir())
    assert not list((tmp_path / "kept").rglob("*.parquet"))


# ---------------------------------------------------------------- nobody's value on a disk


class Watch:
    """Reads what lies in folders as long as it is entered."""

    def __init__(self, *folders: Path) -> None:
        self._folders, self._ends = folders, False
        self.bytes, self.found = 0, set[str]()

    def look(self) -> None:
        for folder in self._folders:
            for each in folder.rglob("*"):
                try:
                    data = each.read_bytes() if each.is_file() else b""
                except OSError:
                    continue
                self.bytes += len(data)
                if MARK.encode() in data or MARK.encode("utf-16-le") in data:
                    self.found.add(each.name)

    def _run(self) -> None:
        while not self._ends:
            self.look()
            time.sleep(0.05)

    def __enter__(self) -> Watch:
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends = True
        self._thread.join()
        self.look()


def surveyed(engine: QueryEngine, log: Path) -> list[tuple[str, int, int | None]]:
    survey, _ = access_logs.survey(
        engine, sources([str(log)]), lambda: Surveyor(b""), lambda _: None, (), HASHED
    )
    return [(each.path, each.counts.seen, each.counts.told) for each in survey.templates]


def marked(many: int, file: Path) -> Path:
    """Lines in which every value of a person holds the mark."""
    with file.open("w") as out:
        for n in range(many):
            name = MARK + "".join(chr(97 + n // 100 // 26**at % 26) for at in range(3))
            out.write(
                f'{{"method":"GET","path":"/members/{name}/rides/{n}{MARK}?token={MARK}{n}",'
                f'"status":200,"sub":"{MARK}-{n}@mail.example","remote_addr":"{MARK}{n}"}}\n'
            )
    return file


def test_what_does_not_fit_into_memory_is_asked_in_parts_and_no_value_comes_to_a_disk(
    tmp_path: Path, spark: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, empty = marked(6_000, tmp_path / "log.json"), tmp_path / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    monkeypatch.setattr(tempfile, "tempdir", str(empty))
    answers = []
    with Watch(empty) as watch:
        for parts in (1, 8):
            monkeypatch.setattr(sql_counts, "PARTS", (parts,))
            with Duck(HASHED, 500_000_000) as engine:
                answers.append(surveyed(engine, log))
    assert answers == [[("/members/{memberId}/rides/{rideId}", 6_000, 6_000)]] * 2
    assert not watch.bytes
    monkeypatch.setattr(sql_counts, "PARTS", (1,))
    monkeypatch.setattr(access_logs, "_LINES", 50)  # most shapes are sealed, not known
    few = marked(1_000, tmp_path / "few.json")
    with Watch(spark) as watch, Spark(HASHED, 0) as other:
        assert surveyed(other, few) == [("/members/{memberId}/rides/{rideId}", 1_000, 1_000)]
    assert watch.bytes
    assert not watch.found


class Once(Duck):
    """Has no room for anything at first."""

    full = True

    def table(self, name: str, question: str) -> None:
        if self.full:
            self.full = False
            raise ResultTooLarge
        super().table(name, question)


def test_an_answer_that_does_not_fit_is_asked_again_in_parts(tmp_path: Path) -> None:
    log = marked(500, tmp_path / "log.json")
    with Once(HASHED) as engine:
        assert surveyed(engine, log) == [("/members/{memberId}/rides/{rideId}", 500, 500)]
        assert "reached7" in {name for (name,) in engine.rows("SHOW TABLES")}


def test_too_little_memory_is_told_by_the_name_of_the_option(tmp_path: Path) -> None:
    log = marked(1_000, tmp_path / "log.json")
    with Duck(HASHED, 20_000_000) as engine, pytest.raises(InputError, match="--memory: is too"):
        surveyed(engine, log)


def test_no_value_of_a_person_is_in_anything_that_is_kept_or_told(
    tmp_path: Path, spark: Path
) -> None:
    import duckdb

    file = tmp_path / "traffic.ndjson"
    rows = (
        {
            "at": 1_795_644_000 + n,
            "request": {
                "method": "GET", "url": f"https://a.example/members/{MARK}{n}?near={MARK}",
                "headers": {"authorization": f"Bearer {MARK}.{n}.x", "cookie": f"sid={MARK}"},
                "peer": f"{MARK}{n}",
            },
            "response": {"status": 200, "headers": {"content-type": "application/json"}, "body": {
                "id": f"{MARK}{n}", "email": f"{MARK}@mail.example", f"{MARK}{n}": {"note": MARK},
            }},
        }
        for n in range(40)
    )  # fmt: skip
    file.write_text("".join(json.dumps(each) + "\n" for each in rows))
    kept = tmp_path / "kept"
    with Watch(kept) as watch:
        said = observe("keep", file, "-o", kept, code=0)
    assert watch.bytes
    assert not watch.found
    for engine in ("duckdb", "spark"):
        said += observe("traffic", kept, "--engine", engine, "--format", "json", code=0)
    for each in sorted(kept.rglob("*.parquet")):
        read = duckdb.sql(f"SELECT * FROM read_parquet('{each}', hive_partitioning = false)")
        said += repr(read.fetchall())
    assert "/members/{memberId}" in said
    assert MARK not in said


@settings(max_examples=60)
@given(st.data())
def test_a_sheet_that_is_not_whole_is_an_error_of_ours_and_names_no_file_elsewhere(
    data: st.DataObject,
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "runs").mkdir()
        read = SourceCounts("a.json", "lines", 1, {"a line": 1}, "")
        said = json.loads(run_sheet(KeptRun("r", "k", (read,), files={"calls": ("calls/a",)})))
        member = data.draw(st.sampled_from([*sorted(said), "name", "read", "skipped"]))
        wrong = data.draw(st.sampled_from([None, 7.5, [1], {"x": "y"}, "../../x", True]))
        where = said if member in said else said["sources"][0]
        same = wrong in ([], {}, "../../x") and isinstance(where[member], str)
        where[member] = wrong
        (folder / "runs" / "r.json").write_text(json.dumps(said))
        if not same:
            with pytest.raises(InputError):
                open_runs([folder])


@pytest.mark.parametrize("elsewhere", ["../part.parquet", "/etc/hosts", "calls/../../part.parquet"])
def test_a_sheet_leads_to_no_file_outside_its_folder(tmp_path: Path, elsewhere: str) -> None:
    (tmp_path / "runs").mkdir()
    sheet = run_sheet(KeptRun("r", "k", (), files={"calls": (elsewhere,)}))
    (tmp_path / "runs" / "r.json").write_bytes(sheet)
    with pytest.raises(InputError, match=r"r\.json:\d+:\d+: .*below the folder"):
        open_runs([tmp_path])
