"""Collections of Bruno as documents: a folder, and exported files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from oakum.errors import InputError
from oakum.openapi.document import Document

REQUEST = """\
meta {
  name: One note
  type: http
}

get {
  url: {{url}}/notes/:id?full=true
  body: none
  auth: inherit
}

params:query {
  full: true
}

params:path {
  id: 12
}

headers {
  ~X-Off: 1
  X-Tenant: {{tenant}}
}

docs {
  Shows one note.
}

example {
  name: found
  request: {
    url: {{url}}/notes/12
    mode: none
  }

  response: {
    headers: {
      content-type: application/json
    }

    status: {
      code: 200
      text: OK
    }

    body: {
      type: json
      content: '''
        {
          "id": 12,
          "author_id": 3
        }
      '''
    }
  }
}
"""


def folder(path: Path, **more: str) -> Path:
    (path / "notes").mkdir(parents=True)
    (path / "environments").mkdir()
    (path / "bruno.json").write_text('{"version": "1", "name": "Notes", "type": "collection"}')
    (path / "collection.bru").write_text(
        "auth {\n  mode: bearer\n}\n\nauth:bearer {\n  token: x\n}\n"
    )
    (path / "environments" / "a.bru").write_text("vars {\n  url: https://a.example.com/v1\n}\n")
    (path / "notes" / "one.bru").write_text(REQUEST)
    for name, text in more.items():
        (path / "notes" / f"{name}.bru").write_text(text)
    return path


@pytest.mark.parametrize("given", ["", "bruno.json"])
def test_a_folder_is_a_document(tmp_path: Path, given: str) -> None:
    made = Document.load(folder(tmp_path / "c") / given)
    (one,) = made.operations
    assert (one.method, one.path, one.tags) == ("GET", "/v1/notes/{id}", ("notes",))
    assert one.security == (frozenset(["bearer"]),)
    assert {each.name for each in one.parameters} == {"id", "full", "X-Off", "X-Tenant"}
    shape = one.success().shape  # type: ignore[union-attr]
    assert shape is not None
    assert set(shape.properties) == {"id", "author_id"}
    place = made.locate(one.pointer)
    assert (place.file, place.line) == (str(tmp_path / "c" / "notes" / "one.bru"), 6)
    assert {each.name for each in made.files} >= {"one.bru", "bruno.json", "a.bru"}


def test_a_broken_file_is_left_with_its_place(tmp_path: Path) -> None:
    post = 'post {\n  url: {{url}}/notes\n  body: json\n}\n\nbody:json {\n  {\n    "a": 1\n'
    made = Document.load(
        folder(
            tmp_path / "c",
            open=post,
            words="hello\n",
            rpc="meta {\n  name: a\n}\n\ngrpc {\n  url: a\n}\n",
            good=post + "  }\n}\n",
        )
    )
    assert [each.method for each in made.operations] == ["POST", "GET"]
    told = [str(each) for each in made.warnings]
    assert any("open.bru:6:1: the block `body:json` is not closed" in each for each in told)
    assert any("words.bru:1:1: this line belongs to no block" in each for each in told)
    assert any("rpc.bru:1:1: a request of grpc" in each for each in told)


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "x.bru"
    outside.write_text("get {\n  url: /secret\n}\n")
    path = folder(tmp_path / "c")
    (path / "notes" / "x.bru").symlink_to(outside)
    assert len(Document.load(path).operations) == 1


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a folder without `bruno.json` or `opencollection.yml`"):
        Document.load(tmp_path)
    with pytest.raises(
        InputError, match=r"one.bru:1:1: this is a request of Bruno; give the folder"
    ):
        Document.load(folder(tmp_path / "c") / "notes" / "one.bru")


def test_opencollection_as_folder_and_as_file(tmp_path: Path) -> None:
    (tmp_path / "opencollection.yml").write_text(
        "opencollection: 1.0.0\ninfo: {name: Notes}\nrequest: {auth: {type: basic}}\n"
    )
    (tmp_path / "one.yml").write_text(
        "info: {name: One, type: http}\n"
        "http: {method: GET, url: 'https://a.example.com/notes/:id',\n"
        "  params: [{name: id, type: path, value: '1'}, {name: q, type: query}]}\n"
        "examples: [{response: {status: 200, body: {type: json, data: '{\"id\": 1}'}}}]\n"
    )
    (tmp_path / "bad.yml").write_text("a: [")
    made = Document.load(tmp_path)
    (one,) = made.operations
    assert (one.path, one.security) == ("/notes/{id}", (frozenset(["basic"]),))
    assert "bad.yml:2:1: not valid YAML" in str(made.warnings[0])
    whole = {
        "opencollection": "1.0.0",
        "info": {"name": "Notes"},
        "items": [
            {"info": {"name": "f"}, "items": [
                {"info": {"name": "One"}, "http": {"method": "PUT", "url": "/a"}},
            ]},
            {"websocket": {"url": "ws://a"}},
        ],
    }  # fmt: skip
    exported = Document.parse(json.dumps(whole).encode(), "b.json")
    assert [(each.method, each.path) for each in exported.operations] == [("PUT", "/a")]
    assert "a request of websocket" in str(exported.warnings)
