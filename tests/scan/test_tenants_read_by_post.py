"""`in:` names a POST that only reads: an API of procedures lists the caller's own channels."""

from __future__ import annotations

from pathlib import Path

import pytest

from oakum.errors import ExitCode
from tests.scan.servers import Call, Reply
from tests.scan.verdicts import NAMES, RELATIONS, Told, logged_in, path, schema, told

pytestmark = pytest.mark.server

CHANNELS = {"c-901": ["ann", "bob"], "c-902": ["cat"]}
MESSAGES = [
    {"id": f"m-{id}", "channel": channel, "user_id": id, "text": f"a word of {name} in {channel}"}
    for channel, members in CHANNELS.items()
    for name, id in NAMES.items()
    if name in members
]
LIST = """\
  /conversations.list:
    post:
      operationId: listChannels
      requestBody:
        content:
          application/json: {schema: {type: object, properties: {limit: {type: integer}}}}
      responses:
        "200":
          description: those of the caller
          content:
            application/json:
              schema:
                type: object
                required: [channels]
                properties:
                  channels: {type: array, items: {type: object, properties: {id: {type: string}}}}
"""
PEER = "peer: {field: channel, in: listChannels, of: caller, id: /channels/*/id}"
POLICY = """\
  Message:
    key: id
    owner: user_id
    main: getMessage
    fields: {"id, channel, user_id, text": [{see: [owner, peer]}]}
operations:
  getMessage: {params: {messageId: Message.id}}
  listChannels: {RULE}
"""


def scan(folder: Path, *, opened: bool = False, rule: str = "reads: true") -> Told:
    """`opened`: whether each message is shown to all; `rule`: of the list of channels."""

    def answer(who: str, call: Call) -> Reply:
        mine = [each for each, members in CHANNELS.items() if who in members]
        if call.path == "/conversations.list" and call.method == "POST":
            return Reply(200, {"channels": [{"id": each} for each in mine]})
        shown = [each for each in MESSAGES if opened or each["channel"] in mine]
        if call.path == "/messages":
            return Reply(200, [each for each in shown if each["user_id"] == NAMES[who]])
        id = call.path.removeprefix("/messages/")
        found = [each for each in shown if each["id"] == id]
        return Reply(200, found[0]) if found else Reply(404, {"error": "no such message"})

    shapes = schema("Message", id="string", channel="string", user_id="string", text="string")
    paths = path("/messages/{messageId}", "getMessage", "Message")
    paths += path("/messages", "listMessages", "Message", many=True) + LIST
    relations = RELATIONS.replace("owner: {is: owner}", f"owner: {{is: owner}}, {PEER}")
    policy = POLICY.replace("RULE", rule)
    return told(folder, shapes, paths, policy, logged_in(answer), relations=relations)


def test_who_is_in_a_channel_is_known_and_the_api_is_clean(tmp_path: Path) -> None:
    run = scan(tmp_path)
    assert run.results("Message.text", "peer", "/messages/{messageId}") == {"open"}
    assert run.report.distrust == ()
    assert run.code is ExitCode.CLEAN


def test_a_message_of_another_channel_is_proven(tmp_path: Path) -> None:
    run = scan(tmp_path, opened=True)
    assert ("Message.text", "member") in run.proven
    assert not any(viewer == "peer" for _, viewer in run.proven)


def test_a_post_of_which_the_contract_does_not_say_that_it_reads_is_not_sent(
    tmp_path: Path,
) -> None:
    run = scan(tmp_path, rule="call: [member]")
    assert any("`reads: true`: nobody knows who is `peer`" in each for each in run.report.distrust)
