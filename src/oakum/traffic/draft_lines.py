"""Drafts contract lines that traffic supports, each with its evidence, for a person to confirm."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from textwrap import wrap

import yaml

from oakum.inference.lexicon import FieldClass, label_field
from oakum.openapi.model import Json
from oakum.traffic.narrowest_grants import ConditionalGrant, Sample

_HEAD = """\
# Drafted from traffic: {said}.
# Each line says what it was drawn from. It grants what was sent, and that may be a leak: read each
# one, and take `draft: true` away where a resource is right; until then it is enforced, and nothing
# is proven against it. Of a single line that stays in doubt write `{{draft: true, grants: […]}}`.
# Whatever no line grants, nobody sees. `set` stands where a write was seen to take."""
_SELF_EVIDENT = (FieldClass.KEY, FieldClass.HANDLE, FieldClass.PLAIN, FieldClass.SETTING)
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_.*-]*")
_WORDS = frozenset(("true", "false", "null", "yes", "no", "on", "off", "y", "n"))


@dataclass(frozen=True)
class DraftLine:
    """A field of a resource, with its evidence."""

    path: str
    grants: tuple[ConditionalGrant, ...]
    samples: tuple[Sample, ...]
    viewers: Mapping[frozenset[str], str]
    """Relations → label of a viewer who has them."""
    endpoints: int
    unknown: int
    """Number of objects with the field that were sent to callers of unknown relation."""
    setters: Mapping[str, int] = field(default_factory=dict)
    """Strongest relation of callers seen to set it → how often."""

    @property
    def asks(self) -> bool:
        """Whether a person has to decide who may see it, because traffic alone does not show it."""
        return not self.grants or bool(self.mixed_viewers or self.ungranted_viewers)

    @property
    def mixed_viewers(self) -> tuple[str, ...]:
        """Viewers of whom some received it and others did not, without a setting that explains
        it."""
        if any(grant.when for grant in self.grants):
            return ()
        return tuple(name for name, row in self.counts.items() if 0 < row["present"] < row["of"])

    @property
    def ungranted_viewers(self) -> tuple[str, ...]:
        """Viewers who received it although no drafted grant can apply to them: an unknown relation
        may be the reason."""
        found = {
            self.viewers[each.held]: None
            for each in self.samples
            if each.present and not any(grant.covers(each) for grant in self.grants)
        }
        return tuple(sorted(found.keys() - set(self.mixed_viewers)))

    @property
    def counts(self) -> Mapping[str, Counter[str]]:
        """Viewer → number of objects in which it was `present`, `of` how many."""
        counts: dict[str, Counter[str]] = {}
        for each in self.samples:
            row = counts.setdefault(self.viewers[each.held], Counter())
            row["present"] += each.present
            row["of"] += each.of + each.refused
        return dict(sorted(counts.items()))


def text(base: Mapping[str, Json], lines: Mapping[str, Iterable[DraftLine]], said: str) -> str:
    """The draft as YAML. `base`: a contract as plain values, of which the grants are replaced;
    `lines`: resource → its lines; `said`: comment at the top."""
    out = [_HEAD.format(said=said)]
    for key, value in base.items():
        if key != "resources":
            out += _member(key, value, "")
            continue
        out.append("resources:")
        for name, resource in value.items():
            out += _resource(name, resource, [*lines.get(name, ())])
    return "\n".join(out) + "\n"


def needs(
    lines: Mapping[str, Iterable[DraftLine]],
) -> tuple[Mapping[str, set[str]], set[str]]:
    """(resource → settings that its grants depend on, relations that some line grants)."""
    settings: dict[str, set[str]] = {}
    relations: set[str] = set()
    for name, each in lines.items():
        for line in each:
            relations |= {*line.setters, *(grant.relation for grant in line.grants)}
            settings.setdefault(name, set()).update(
                state for grant in line.grants for state, _ in grant.when
            )
    return settings, relations


def _resource(name: str, resource: Mapping[str, Json], lines: list[DraftLine]) -> Iterator[str]:
    yield f"  {scalar(name)}:"
    yield "    draft: true"
    for key, value in resource.items():
        yield from _member(key, value, "    ") if key not in ("draft", "fields") else ()
    if not lines:
        yield "    # no value was observed: nothing is granted"
        return
    yield "    fields:"
    groups: dict[tuple[tuple[ConditionalGrant, ...], tuple[str, ...]], list[DraftLine]] = {}
    for line in lines:
        groups.setdefault((line.grants, tuple(line.setters)), []).append(line)
    for (grants, setters), group in groups.items():
        yield from _group(grants, setters, group)


def _group(
    grants: tuple[ConditionalGrant, ...], setters: tuple[str, ...], group: list[DraftLine]
) -> Iterator[str]:
    """Fields with the same grants, under the evidence of each."""
    by_evidence: dict[str, list[str]] = {}
    for line in group:
        by_evidence.setdefault(_evidence(line), []).append(line.path)
    for evidence, paths in by_evidence.items():
        indent = "      # "
        yield from wrap(evidence, 96, initial_indent=indent, subsequent_indent=indent)
        said = _grants(grants, setters)
        row: list[str] = []
        for path in (*paths, ""):
            if row and (not path or len(", ".join((*row, path))) + len(said) > 88):
                yield f"      {_key(row)}: {said}"
                row = []
            row.append(path)


def _evidence(line: DraftLine) -> str:
    sent = [f"{name} {_of(row)}" for name, row in line.counts.items() if row["present"]]
    kept = [f"{name} {row['of']}" for name, row in line.counts.items() if not row["present"]]
    places = f"{line.endpoints} place{'' if line.endpoints == 1 else 's'}"
    said = [f"{_kind(line.path)}sent to {', '.join(sent) or 'nobody known'} by {places}"]
    said += [f"not to {', '.join(kept)}"] if kept else []
    said += [f"{line.unknown} to callers nobody knows"] if line.unknown else []
    set_by = ", ".join(f"{name} {many}" for name, many in line.setters.items())
    said += [f"set by {set_by}"] if set_by else []
    if line.mixed_viewers:
        said.append(
            f"not to every {' and '.join(line.mixed_viewers)}: which relation or setting decides?"
        )
    elif not line.grants:
        said.append("the viewers are unknown: who may see it?")
    elif line.ungranted_viewers:
        some = " and ".join(line.ungranted_viewers)
        said.append(f"not granted to {some}: may all of them see it, or which relation decides?")
    return "; ".join(said)


def _kind(path: str) -> str:
    """The kind of personal data that a field's name suggests."""
    kind = label_field(path).kind
    return "" if kind in _SELF_EVIDENT else f"{kind.value}, "


def _of(row: Counter[str]) -> str:
    alike = row["present"] == row["of"]
    return str(row["of"]) if alike else f"{row['present']} of {row['of']}"


def _grants(grants: tuple[ConditionalGrant, ...], setters: tuple[str, ...]) -> str:
    """Grants in one line; relations with the same condition together, values of one setting too."""
    merged: dict[tuple[tuple[str, Json], ...], list[str]] = {}
    for each in grants:
        merged.setdefault(each.when, []).append(each.relation)
    said = []
    for when, names in merged.items():
        see = f"see: [{', '.join(map(scalar, names))}]"
        inner = ", ".join(f"{scalar(name)}: {scalar(value)}" for name, value in when)
        also = f", set: [{', '.join(map(scalar, setters))}]" if setters else ""
        if also and not when and tuple(names) == setters:
            see, setters = see + also, ()
        said.append(f"{{{see}, when: {{{inner}}}}}" if when else f"{{{see}}}")
    said += [f"{{set: [{', '.join(map(scalar, setters))}]}}"] if setters else []
    return f"[{', '.join(said)}]"


def _key(paths: list[str]) -> str:
    joined = ", ".join(paths)
    safe = all(_PLAIN.fullmatch(path) for path in paths) and joined.lower() not in _WORDS
    return joined if safe else json.dumps(joined, ensure_ascii=False)


def scalar(value: Json) -> str:
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return value
    return json.dumps(value, ensure_ascii=False)


def _member(key: str, value: Json, indent: str) -> Iterator[str]:
    """A member of the other contract, in lines."""
    if not isinstance(value, dict | list) or not value:
        yield f"{indent}{scalar(key)}: {scalar(value)}"
        return
    flat = isinstance(value, list) or not any(isinstance(e, dict) for e in value.values())
    made = yaml.safe_dump(
        value, sort_keys=False, allow_unicode=True, default_flow_style=flat or None, width=90
    ).rstrip("\n")
    if flat:
        yield f"{indent}{scalar(key)}: {' '.join(made.split())}"
        return
    yield f"{indent}{scalar(key)}:"
    yield from (f"{indent}  {line}" for line in made.splitlines())
