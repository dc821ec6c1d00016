"""A person who reads a draft beside what the pages use, and decides."""

from __future__ import annotations

from typing import Any

import yaml

Policy = dict[str, Any]


def confirmed(draft: str, usage: dict[str, Any], answers: Policy) -> Policy:
    """The draft without its marks. What somebody owns and the pages leave untouched in front of
    others, its owner alone gets; of all that they use or copy, and of nothing that the draft does
    not have, the answers say who may see it."""
    policy: Policy = yaml.safe_load(draft)
    wanted: dict[str, set[str]] = {}
    for row in usage["difference"]:
        if row["viewer"] != "owner" and row["use"] not in ("untouched", "unsent"):
            wanted.setdefault(row["resource"], set()).add(row["field"])
    for name, resource in policy["resources"].items():
        resource.pop("draft")
        fields = _apart(resource["fields"])
        said = answers["resources"].get(name, {})
        told = _apart(said.get("fields", {}))
        assert told.keys() <= fields.keys(), told.keys() - fields.keys()
        if resource["owner"] != "none":
            asked = (
                wanted.get(name, set()) - told.keys() - {each.removesuffix(".*") for each in told}
            )
            assert not asked, f"{name}: {asked} are used or copied, and not answered"
            fields = {path: [{"see": ["owner"]}] for path in fields}
        resource.update({**said, "fields": {**fields, **told}})
    for part in ("relations", "operations"):
        policy[part].update(answers[part])
    return {**policy, "order": answers["order"], "guard": answers["guard"]}


def _apart(fields: dict[str, Any]) -> dict[str, Any]:
    """A line for each field."""
    return {path.strip(): each for paths, each in fields.items() for path in paths.split(",")}
