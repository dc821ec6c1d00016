"""Another's value outside of objects, in a declared member of what the contract lets anybody get:
an imprint names the director, who is a user too."""

from __future__ import annotations

from pathlib import Path

import pytest

from oakum.errors import ExitCode
from tests.scan.servers import Call, Reply
from tests.scan.verdicts import HEAD, KEYS, ME, NAMES, RELATIONS, Told, path, schema, told

pytestmark = pytest.mark.server

PHONES = {"u-4101": "+46 70 111 2233", "u-4102": "+351 91 222 3344", "u-4103": "+45 20 333 4455"}
POLICY = RELATIONS.replace("[member]}]}", "[member]}], phone: [{see: [owner]}]}")
SCHEMAS = HEAD.replace("{id: {type: string}}", "{id: {type: string}, phone: {type: string}}")


def scan(folder: Path, call: str, member: str = "phone") -> Told:
    """`member`: where the imprint has the phone of ann."""

    def api(call: Call) -> Reply:
        if call.path == "/imprint":
            return Reply(200, {"company": "Hall Ltd", member: PHONES[NAMES["ann"]]})
        who = KEYS.get(call.headers.get("x-key", ""), "")
        if not who or call.path != "/me":
            return Reply(404 if who else 401, {"error": "no"})
        return Reply(200, {"id": NAMES[who], "phone": PHONES[NAMES[who]]})

    imprint = path("/imprint", "getImprint", "Imprint").replace(
        "      responses:", "      security: []\n      responses:"
    )
    shapes = SCHEMAS + schema("Imprint", company="string", phone="string")
    policy = f"operations: {{getImprint: {{{call}}}}}\n"
    document = f"{shapes}paths:\n{ME}{imprint}"
    return told(folder, "", "", policy, api, document=document, relations=POLICY)


def test_what_the_contract_lets_anybody_get_is_suspected(tmp_path: Path) -> None:
    run = scan(tmp_path, "call: [anyone]")
    assert run.proven == set()
    assert {name for name, _ in run.named("suspected")} == {"Me.phone"}


@pytest.mark.parametrize(
    ("call", "member"),
    [("call: [anyone]", "extension"), ("", "phone"), ("call: [member]", "phone")],
    ids=["undeclared", "no line", "members"],
)
def test_it_is_proven_where_the_contract_does_not_say_so(
    call: str, member: str, tmp_path: Path
) -> None:
    run = scan(tmp_path, call, member)
    assert ("Me.phone", "anyone") in run.proven
    assert run.code is ExitCode.FINDINGS
