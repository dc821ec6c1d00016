"""Counts which fields were sent to which kind of viewer: the evidence of a drafted contract."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from oakum.authz import Model
from oakum.openapi.model import Json
from oakum.openapi.observed_shape import KEY
from oakum.traffic.draft_lines import DraftLine
from oakum.traffic.evaluation.cached_object_walk import FieldSet
from oakum.traffic.narrowest_grants import Sample, narrowest
from oakum.traffic.observation_model import SentField


@dataclass(frozen=True)
class ShownFields:
    """The circumstances in which objects were sent: endpoint, kind of viewer, state, place."""

    endpoint: str
    place: str
    """Query parameters given, and place in the response: both may affect which fields are sent."""
    resource: str
    held: frozenset[str]
    viewer: str
    possible: frozenset[str]
    """Relations held, and those not ruled out; empty: the caller is unknown."""
    state: tuple[tuple[str, Json], ...]
    """(state, value) for all states of the resource; None: unknown."""


@dataclass(frozen=True)
class FieldCounts:
    """Counts of objects, by kind of viewer and by their fields."""

    forms: dict[ShownFields, Counter[FieldSet]] = field(default_factory=dict)
    refused: Counter[ShownFields] = field(default_factory=Counter)
    """Number of objects that were sent to somebody and refused to this viewer."""
    kept: Counter[ShownFields] = field(default_factory=Counter)
    """Number of objects that a list showed to others for the same request, and not to this
    viewer."""

    def row(self, shown: ShownFields) -> Counter[FieldSet]:
        """The counter of objects sent in these circumstances, by their fields."""
        return self.forms.setdefault(shown, Counter())

    def fields(self, shown: ShownFields) -> tuple[Counter[str], Counter[str]]:
        """(field → number of objects that had it, field → number of those in which it was
        empty)."""
        present, silent = Counter[str](), Counter[str]()
        for form, many in self.forms.get(shown, {}).items():
            present.update(dict.fromkeys(form.present, many))
            silent.update(dict.fromkeys(form.silent, many))
        return present, silent

    def sent_fields(self) -> tuple[SentField, ...]:
        """Each field by endpoint, viewer and state, with its share of presence."""
        sums: Counter[tuple[str, str, str, str, tuple[tuple[str, str], ...]]] = Counter()
        around: Counter[tuple[str, str, str, tuple[tuple[str, str], ...]]] = Counter()
        for shown, forms in self.forms.items():
            state = _text(shown.state)
            around[shown.endpoint, shown.resource, shown.viewer, state] += forms.total()
            for path, many in self.fields(shown)[0].items():
                sums[shown.endpoint, shown.resource, path, shown.viewer, state] += many
        return tuple(
            SentField(*key, many, around[key[0], key[1], key[3], key[4]])
            for key, many in sorted(sums.items())
        )

    def lines(
        self, model: Model, resource: str, setters: Mapping[str, Mapping[str, int]]
    ) -> Iterator[DraftLine]:
        """A draft line for each field of a resource, in the order of names. `setters`: field →
        relations of callers seen to set it."""
        states = model.tables[resource].resource.states
        values = {name: state.values for name, state in states.items()}
        every = [e for e in {**self.forms, **self.refused, **self.kept} if e.resource == resource]
        rows = {shown: self.fields(shown) for shown in every}
        fields: dict[str, dict[tuple[str, str], None]] = {}
        for shown, (present, _) in rows.items():
            for path in present:
                fields.setdefault(path, {})[shown.endpoint, shown.place] = None
        for path in sorted(fields):
            if KEY in path:
                continue  # a name that may be personal data
            here = [each for each in rows if (each.endpoint, each.place) in fields[path]]
            known = {each: rows[each] for each in here if each.possible}
            samples = [*self._samples(model, path, known)]
            unknown = sum(rows[each][0][path] for each in here if not each.possible)
            yield DraftLine(
                path, narrowest(model.policy, values, samples), tuple(samples),
                {each.held: each.viewer for each in here}, len(fields[path]), unknown,
                setters.get(path, {}),
            )  # fmt: skip

    def _samples(
        self, model: Model, path: str, rows: dict[ShownFields, tuple[Counter[str], Counter[str]]]
    ) -> Iterator[Sample]:
        """If an object can be requested alone, fields missing from lists are not counted: lists may
        choose for other reasons."""
        alone = any(_is_alone(model, shown) and rows[shown][0][path] for shown in rows)
        above = [path[:at] for at, char in enumerate(path) if char == "."]
        for shown, (held, silent) in rows.items():
            present = held[path]
            quiet = sum(silent[name] for name in (path, *above))
            of = max(self.row(shown).total() - quiet, present)
            if model.rule(shown.endpoint).graphql:
                of = present  # in GraphQL the caller chooses the fields
            refused = self.refused[shown] + (0 if alone else self.kept[shown])
            if of or refused:
                yield Sample(shown.held, shown.possible, shown.state, present, of, refused)


def _is_alone(model: Model, shown: ShownFields) -> bool:
    """Whether somebody other than its owner received the object outside a list."""
    relations = model.policy.relations
    own = any(relations[name].kind == "owner" for name in shown.held)
    return "*" not in shown.place and not own


def _text(state: tuple[tuple[str, Json], ...]) -> tuple[tuple[str, str], ...]:
    return tuple((n, "unknown" if v is None else str(v).lower()) for n, v in state)
