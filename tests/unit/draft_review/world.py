"""A small contract to review, with its document."""

from __future__ import annotations

from pathlib import Path

from oakum.draft_review.session import ReviewSession

DOCUMENT = """\
openapi: 3.0.3
info: {title: Notes, version: "1"}
components:
  schemas:
    User: {type: object, properties: {id: {type: string}, username: {type: string},
      email: {type: string}, is_private: {type: boolean}, password_hash: {type: string},
      home: {type: object, properties: {street: {type: string}, city: {type: string}}}}}
    Note: {type: object, properties: {id: {type: string}, title: {type: string},
      user_id: {type: string}, phone: {type: string}}}
    Gone: {type: object, properties: {a: {type: string}}}
paths:
  /me: {get: {operationId: getMe, responses: {200: {description: "", content: {application/json:
    {schema: {$ref: "#/components/schemas/User"}}}}}}}
  /notes: {get: {operationId: listNotes, responses: {200: {description: "", content:
    {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Note"}}}}}}}}
"""
CONTRACT = """\
# mine
exposure: 1
api: openapi.yaml
caller: {operation: getMe, id: /id}
relations:
  anyone: {}
  member: {authenticated: true}
  owner: {is: owner}
resources:
  User:
    draft: true
    key: id
    owner: id  # an account is its own
    states: {private: {field: is_private, missing: true}}
    fields:
      # these are names
      id, username, is_private: [{see: [anyone]}]  # all of them
      # contact: `email` names an e-mail address
      email:
        - {see: [owner], set: [owner]}
        - {see: [member], when: {private: false}}
      home: [{see: [owner]}]
  Note:
    draft: true
    key: id
    owner: none  # who owns it? the document does not say
    fields:
      id, title, user_id: []
      phone: []
"""


def files(folder: Path, text: str = CONTRACT) -> Path:
    """The contract beside its document."""
    (folder / "openapi.yaml").write_text(DOCUMENT)
    path = folder / "exposure.yaml"
    path.write_bytes(text.encode())
    return path


def review(folder: Path, text: str = CONTRACT) -> ReviewSession:
    """A review of it."""
    return ReviewSession(files(folder, text))


def added(session: ReviewSession) -> list[str]:
    """The lines that saving adds, and those that it takes away."""
    return [line for line in session.lines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]
