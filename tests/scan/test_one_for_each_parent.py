"""One review for each member and product: a second one is written over the first."""

from __future__ import annotations

import copy
import itertools
from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from tests.scan.killing import killing
from tests.scan.servers import Call, Reply
from tests.scan.verdicts import NAMES, RELATIONS, Told, logged_in, path, schema, told, write

pytestmark = pytest.mark.server

POLICY = """\
  Product:
    key: id
    owner: none
    fields:
      id: [{see: [member]}]
  Review:
    key: id
    owner: by
    fields:
      id, product_id, by: [{see: [member]}]
      text: [{see: [member], set: [owner]}]
      remark: [{see: [owner]}]
operations:
  listReviews: {params: {product: Product.id}}
  addReview: {call: [member], params: {product: Product.id}, sets: {Review: ""}}
  getReview: {params: {id: Review.id}}
  editReview: {call: [owner], params: {id: Review.id}, sets: {Review: ""}}
  dropReview: {call: [owner], params: {id: Review.id}}
"""
TEXT = "{type: string}"
BODY = """requestBody:
        required: true
        content:
          application/json:
            schema: {type: object, required: [text], properties: {text: {type: string}}}"""
REVIEW = 'content: {application/json: {schema: {$ref: "#/components/schemas/Review"}}}'
ADD = f"""\
    post:
      operationId: addReview
      parameters: [{{name: product, in: path, required: true, schema: {TEXT}}}]
      {BODY}
      responses: {{"201": {{description: made, {REVIEW}}}}}
"""
ID = f"parameters: [{{name: id, in: path, required: true, schema: {TEXT}}}]"
CHANGE = f"""\
    patch:
      operationId: editReview
      {ID}
      {BODY}
      responses: {{"200": {{description: ok, {REVIEW}}}}}
    delete: {{operationId: dropReview, {ID}, responses: {{"204": {{description: gone}}}}}}
"""
SHAPES = schema("Product", id="string") + schema(
    "Review", id="string", product_id="string", by="string", text="string", remark="string"
)
PATHS = (
    path("/products", "listProducts", "Product", many=True)
    + path("/products/{product}/reviews", "listReviews", "Review", many=True)
    + ADD
    + path("/reviews", "myReviews", "Review", many=True)
    + path("/reviews/{id}", "getReview", "Review")
    + CHANGE
)


class Reviews:
    """Everybody has reviewed the first `done` of three products. `open`: anybody may edit one."""

    def __init__(self, done: int, *, open: bool = False) -> None:
        self.open = open
        self.count = itertools.count(600)
        self.reviews: dict[str, dict[str, Any]] = {}
        self.products = [f"p-{number}" for number in (31, 32, 33)]
        for who, id in NAMES.items():
            for product in self.products[:done]:
                self.put(id, product, f"what {who} says of {product}")

    def put(self, by: str, product: str, text: str) -> dict[str, Any]:
        for each in self.reviews.values():
            if (each["by"], each["product_id"]) == (by, product):
                each["text"] = text
                return each
        id = f"review-{next(self.count)}-x"
        row = {"id": id, "product_id": product, "by": by, "text": text, "remark": f"by {by}"}
        self.reviews[id] = row
        return row

    def shown(self, row: dict[str, Any], me: str) -> dict[str, Any]:
        return {at: v for at, v in row.items() if at != "remark" or row["by"] == me}

    def state(self) -> Any:
        return copy.deepcopy(self.reviews)

    def __call__(self, name: str, call: Call) -> Reply:
        me, (first, *rest) = NAMES[name], call.path.strip("/").split("/")
        if first == "products" and not rest:
            return Reply(200, [{"id": each} for each in self.products])
        if first == "products" and call.method == "POST":
            return Reply(201, self.put(me, rest[0], call.json["text"]))
        if not rest or first == "products":
            at, of = ("product_id", rest[0]) if rest else ("by", me)
            return Reply(200, [self.shown(r, me) for r in self.reviews.values() if r[at] == of])
        found = self.reviews.get(rest[0])
        if found is None:
            return Reply(404, {"error": "none"})
        if call.method != "GET" and found["by"] != me and not self.open:
            return Reply(403, {"error": "not yours"})
        if call.method == "DELETE":
            return Reply(204, self.reviews.pop(found["id"]) and None)
        if call.method == "PATCH":
            found["text"] = call.json["text"]
        return Reply(200, self.shown(found, me))


def scan(folder: Path, api: Reviews) -> Told:
    return told(
        folder, SHAPES, PATHS, POLICY, logged_in(api), relations=RELATIONS, allow_writes=True
    )


@pytest.mark.parametrize("open", [False, True])
@pytest.mark.parametrize("done", [1, 2])
def test_a_product_that_the_owner_has_not_reviewed_is_taken(
    done: int, open: bool, tmp_path: Path
) -> None:
    api = Reviews(done, open=open)
    before = api.state()
    run = scan(tmp_path, api)
    assert (api.state(), run.report.distrust) == (before, ())
    assert (("Review.text", "member") in run.proven) is open
    assert run.code == (ExitCode.FINDINGS if open else ExitCode.CLEAN)


def test_after_a_kill_nobody_is_told_to_delete_what_was_there_before(tmp_path: Path) -> None:
    api = Reviews(3)
    write(tmp_path, SHAPES, PATHS, POLICY)
    with killing(tmp_path, logged_in(api)) as bench:
        bench.scan_killed(lambda call: call.method == "POST")
        done = bench.restore()
    assert done.code == 3 and "DELETE /reviews" not in done.out
    assert "do not delete it, and restore them by hand" in done.out
    assert len(api.reviews) == 9
