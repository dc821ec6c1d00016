"""A person who reads a draft beside what the pages use, and decides."""

from __future__ import annotations

from typing import Any

import yaml

Policy = dict[str, Any]


def confirmed(draft: str, usage: dict[str, Any], answers: Policy) -> Policy:
    """The draft without its marks. What the pages leave untouched of what others are sent, its
    owner alone gets; what the answers say comes last, and only of fields that the draft has."""
    policy: Policy = yaml.safe_load(draft)
    untouched = {
        (row["resource"], row["field"])
        for row in usage["difference"]
        if row["use"] == "untouched" and row["viewer"] != "owner"
    }
    for name, resource in policy["resources"].items():
        fields = _apart(resource["fields"])
        for path, grants in fields.items():
            if grants and resource["owner"] != "none" and (name, path) in untouched:
                fields[path] = [{"see": ["owner"]}]
        said = answers["resources"].get(name, {})
        told = _apart(said.get("fields", {}))
        assert told.keys() <= fields.keys(), told.keys() - fields.keys()
        resource.update({**said, "fields": {**fields, **told}})
    for part in ("relations", "operations"):
        policy[part].update(answers[part])
    return {**policy, "order": answers["order"], "guard": answers["guard"]}


def _apart(fields: dict[str, Any]) -> dict[str, Any]:
    """A line for each field."""
    return {path.strip(): each for paths, each in fields.items() for path in paths.split(",")}
