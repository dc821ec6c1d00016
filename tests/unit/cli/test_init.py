"""`oakum init`: a draft to finish, never over somebody's work."""

from __future__ import annotations

import http.client
import io
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from oakum.draft_review.policy_edits import Confirm
from oakum.draft_review.server import ReviewServer
from tests.patience import patient
from tests.scan.clinic import DOCUMENT
from tests.unit.cli.shell import oakum
from tests.unit.draft_review import world


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "openapi.yaml"
    path.write_text(DOCUMENT)
    return path


def test_a_draft_goes_to_standard_output_and_can_be_checked(
    document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = oakum("init", document.name)
    assert (done.code, done.err) == (0, "")
    assert "exposure: 1" in done.out and "#" in done.out
    (tmp_path / "exposure.yaml").write_text(done.out)
    assert oakum("check", "exposure.yaml").code == 0


def test_a_draft_goes_to_a_file_that_names_its_document(document: Path, tmp_path: Path) -> None:
    folder = tmp_path / "policy"
    folder.mkdir()
    place = folder / "exposure.yaml"
    done = oakum("init", document, "--output", place)
    assert (done.code, done.out) == (0, "")
    assert f"oakum check {place}" in done.err
    checked = oakum("check", place)
    assert checked.code == 0, checked.out


def test_a_file_that_is_there_is_not_replaced_unless_forced(document: Path, tmp_path: Path) -> None:
    place = tmp_path / "exposure.yaml"
    place.write_text("my own work")
    done = oakum("init", document, "-o", place)
    assert done.code == 2
    assert done.err == f"error: {place}: is there already; give another name, or --force\n"
    assert place.read_text() == "my own work"
    assert oakum("init", document, "-o", place, "--force").code == 0
    assert "exposure: 1" in place.read_text()


@pytest.mark.parametrize("content", ["", "openapi: 2.0", "[]", "{", "swagger: '2.0'"])
def test_what_is_no_document_is_answered_in_words(tmp_path: Path, content: str) -> None:
    path = tmp_path / "openapi.yaml"
    path.write_text(content)
    done = oakum("init", path)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"error: {path}")


@pytest.mark.parametrize("address", ["http://localhost:8000/openapi.json", "https://a.example/d"])
def test_an_address_is_to_be_downloaded_first(address: str) -> None:
    done = oakum("init", address)
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        f"error: {address}: is an address, not a file;"
        f" download it first: `curl -o openapi.json {address}`\n"
    )


def test_a_place_that_cannot_be_written(document: Path, tmp_path: Path) -> None:
    done = oakum("init", document, "-o", tmp_path / "no" / "exposure.yaml")
    assert done.code == 2
    assert "no such file or directory" in done.err


def test_a_mistake_in_the_document_is_a_warning(document: Path) -> None:
    document.write_text(
        document.read_text().replace("paths:", "paths:\n  /wrong: {get: {$ref: '#/no'}}", 1)
    )
    done = oakum("init", document)
    assert done.code == 0
    assert f"warning: {document}:" in done.err
    assert "`#/no` points to nothing: there is no `no`; closed: `GET /wrong`" in done.err
    assert "wrong" not in done.out


def test_a_draft_names_the_schema_that_is_beside_it(document: Path, tmp_path: Path) -> None:
    place, beside = tmp_path / "exposure.yaml", tmp_path / "contract.schema.json"
    beside.write_text(oakum("schema", "contract").out)
    assert oakum("init", document, "-o", place).code == 0
    assert place.read_text().startswith("# yaml-language-server: $schema=contract.schema.json\n# D")
    assert oakum("check", place).code == 0


@pytest.mark.parametrize("content", [None, b"{}", b"\xff"])
def test_a_schema_of_another_version_is_not_named(
    document: Path, tmp_path: Path, content: bytes | None
) -> None:
    place, beside = tmp_path / "exposure.yaml", tmp_path / "contract.schema.json"
    if content is not None:
        beside.write_bytes(content)
    assert oakum("init", document, "-o", place).code == 0
    assert place.read_text().startswith("# Drafted")


def test_a_review_ends_with_what_it_wrote(
    document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page itself is tested in tests/browser and tests/unit/draft_review."""
    place = tmp_path / "exposure.yaml"

    def serve(server: ReviewServer, poll: float) -> None:
        name = next(iter(server.session.read.policy.resources))
        server.session.make([Confirm(name)])
        server.session.save()
        raise KeyboardInterrupt

    monkeypatch.setattr(ReviewServer, "serve_forever", serve)
    done = oakum("init", document, "-o", place, "--review")
    assert (done.code, done.out) == (0, "")
    lines = done.err.splitlines()
    assert lines[0] == f"wrote {place}"
    assert lines[1].startswith(f"review {place} at http://127.0.0.1:")
    assert lines[-1] == f"wrote {place}: 1 time"
    assert oakum("check", place).code == 0


def test_a_review_that_is_not_saved_says_so(
    document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "exposure.yaml"
    assert oakum("init", document, "-o", place).code == 0
    text = place.read_text()

    def serve(server: ReviewServer, poll: float) -> None:
        server.session.make([Confirm(next(iter(server.session.read.policy.resources)))])

    monkeypatch.setattr(ReviewServer, "serve_forever", serve)
    done = oakum("init", "--review", place)
    assert done.code == 0
    assert done.err.endswith(f"{place}: 1 change not saved\n")
    assert place.read_text() == text


@pytest.mark.server
def test_a_review_in_a_process_of_its_own_ends_with_ctrl_c(tmp_path: Path) -> None:
    place = world.files(tmp_path)
    command = [sys.executable, "-m", "oakum", "init", "--review", str(place)]
    # A shell that runs tests in the background has told its children to ignore the signal.
    heard = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, preexec_fn=heard) as running:
        assert running.stderr is not None
        url = running.stderr.readline().split()[-1]
        running.stderr.readline()
        port, query = url.split(":")[2].split("/")
        connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=patient(60))
        connection.request("GET", f"/{query}")
        assert connection.getresponse().status == 303
        connection.close()
        running.send_signal(signal.SIGINT)
        assert running.stderr.read() == f"{place}: nothing was changed\n"
    assert running.returncode == 0


def typed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


def test_questions_are_answered_by_a_pipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = world.files(tmp_path)
    typed(monkeypatch, "1\nn\ny\n")
    done = oakum("init", "--ask", place)
    assert (done.code, done.err) == (0, f"wrote {place}\n")
    assert "Who owns `Note`?" in done.out and "+    owner: user_id" in done.out
    assert "\x1b" not in done.out
    assert done.out.endswith("3 of 4 questions answered, 1 open\n")
    assert "    owner: user_id\n" in place.read_text()
    assert oakum("check", place).code == 0


def test_without_an_answer_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = world.files(tmp_path)
    typed(monkeypatch, "")
    done = oakum("init", "--ask", place)
    assert (done.code, done.err) == (0, f"{place}: nothing was written\n")
    assert place.read_text() == world.CONTRACT


def test_an_answer_that_is_none_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = world.files(tmp_path)
    typed(monkeypatch, "1\nperhaps\n")
    done = oakum("init", "--ask", place)
    assert done.code == 2
    assert "error: standard input: `perhaps` is not an answer" in done.err
    assert place.read_text() == world.CONTRACT


def test_page_and_terminal_are_two_ways(document: Path) -> None:
    done = oakum("init", "--ask", "--review", document)
    assert done.code == 2 and "choose one" in done.err


def test_a_document_is_not_reviewed_but_drafted_first(document: Path) -> None:
    done = oakum("init", "--review", document)
    assert done.code == 2
    assert "is not an exposure contract" in done.err and "--output" in done.err


def referring(folder: Path) -> Path:
    """A document whose only schema stands at an address, and what was saved from there."""
    path = folder / "openapi.yaml"
    path.write_text(
        "openapi: 3.1.0\ninfo: {title: t, version: '1'}\npaths:\n  /pets/{petId}:\n    get:\n"
        "      parameters: [{name: petId, in: path, required: true, schema: {type: string}}]\n"
        "      responses: {'200': {description: d, content: {application/json: {schema:\n"
        "        {$ref: 'https://schemas.example.com/pet.yaml#/Pet'}}}}}\n"
    )
    (folder / "pet.yaml").write_text(
        "Pet: {type: object, properties: {id: {type: string}, name: {type: string}}}"
    )
    return path


def test_a_file_saved_from_an_address_is_named_once_and_no_command_needs_it_again(
    tmp_path: Path,
) -> None:
    document = referring(tmp_path)
    place = tmp_path / "policy" / "exposure.yaml"
    place.parent.mkdir()
    pair = f"https://schemas.example.com/pet.yaml={tmp_path}/pet.yaml"
    done = oakum("init", document, "--ref", pair, "-o", place)
    assert (done.code, "warning" in done.err) == (0, False), done.err
    assert 'refs:\n  "https://schemas.example.com/pet.yaml": "../pet.yaml"\n' in place.read_text()
    checked = oakum("check", place)
    assert (checked.code, "not fetched" in checked.out + checked.err) == (0, False)
    place.write_text(place.read_text().replace("../pet.yaml", "none.yaml"))
    assert f"{place}:7:43: `none.yaml` is not a readable file" in oakum("check", place).out


def test_a_file_saved_from_an_address_is_not_named_where_a_contract_is_finished(
    tmp_path: Path,
) -> None:
    pair = f"https://schemas.example.com/pet.yaml={tmp_path}/pet.yaml"
    done = oakum("init", "--review", referring(tmp_path), "--ref", pair)
    assert done.code == 2, done.err
    assert "--ref is for a new draft and needs --output; an existing contract names its" in done.err


@pytest.mark.parametrize(
    "pair", ["pet.yaml", "https://a.example/b", "pet=a.yaml", "https://a#/b=c"]
)
def test_what_is_no_pair_of_address_and_file_is_answered_in_words(
    tmp_path: Path, pair: str
) -> None:
    done = oakum("init", referring(tmp_path), "--ref", pair)
    assert done.code == 2 and "is not URL=FILE" in done.err, done.err
