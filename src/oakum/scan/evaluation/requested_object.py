"""Which object a request names: by its key, or by other fields of it."""

from __future__ import annotations

from collections.abc import Callable

from oakum.exposure.endpoints.probes import Probe
from oakum.exposure.finding_evidence import Question
from oakum.exposure.values.knowledge import Knowledge
from oakum.policy.model import Resource


def asked_key(knowledge: Knowledge, probe: Probe, question: Question, resource: Resource) -> str:
    """The key of the object that a request names, by the key itself or by other fields that
    identify one known object of the requested owners; empty if there is none."""
    named = _named_fields(probe, question, resource)
    if not named or resource.key in named:
        return named.get(resource.key, "")
    keys = {
        row.get(resource.key, "")
        for who in question.targets
        for row in knowledge.objects.get((who, resource.name), ())
        if named.items() <= row.items()
    }
    return keys.pop() if len(keys) == 1 else ""


def names_one_of(
    knowledge: Knowledge, probe: Probe, question: Question, resource: Resource, who: str
) -> bool:
    """Whether a request names an object of this owner, even if it also names another's: two objects
    may have the same number, as both sides of a deal do."""
    named = _named_fields(probe, question, resource)
    rows = knowledge.objects.get((who, resource.name), ())
    return bool(named) and any(named.items() <= row.items() for row in rows)


def _named_fields(probe: Probe, question: Question, resource: Resource) -> dict[str, str]:
    """Field of a resource → the value that a request names it by."""
    sources = [each.partition(".") for each in probe.sources.values()]
    return {
        path: question.params[name]
        for name, (kind, _, path) in zip(probe.sources, sources, strict=True)
        if kind == resource.name and name in question.params and not probe.batch
    }


def is_found_by_hidden(probe: Probe, resource: Resource, may_see: Callable[[str], bool]) -> bool:
    """Whether a request selects an object by a field that its viewer may not see. A response with
    the object would reveal the value, so the API rightly leaves it out."""
    sources = (each.partition(".") for each in probe.sources.values())
    return any(
        name == resource.name and path != resource.key and not may_see(path)
        for name, _, path in sources
    )


def is_found_through_hidden_object(
    probe: Probe, resource: Resource, always_sees: Callable[[str, str], bool]
) -> bool:
    """Whether a request selects what it shows by a field of another resource that its viewer may
    not see in every state: with the `title` of a draft it rightly shows nothing, its author
    neither. `always_sees`: of (resource, field)."""
    sources = (
        source.partition(".")
        for name, source in probe.sources.items()
        if f"{{{name}}}" not in probe.operation.path
    )
    return any(
        name not in ("", resource.name) and not always_sees(name, path) for name, _, path in sources
    )


def parameter_naming(probe: Probe, resource: Resource) -> str:
    """A parameter by which a request names one object of a resource; empty if there is none."""
    wanted = f"{resource.name}.{resource.key}"
    return next(
        (
            name
            for name, source in probe.sources.items()
            if not probe.batch
            and (
                source == wanted
                or (name in probe.personal and source.partition(".")[0] == resource.name)
            )
        ),
        "",
    )


def named_keys(
    probe: Probe, parameter: str, who: str, knowledge: Knowledge, resource: Resource
) -> list[str]:
    """Keys of the owner's objects that a parameter names, by itself or with others, in the order in
    which they are requested; empty texts: unknown."""
    source, key = probe.sources[parameter], resource.key
    named = next((named for _, named in probe.together if parameter in named), {})
    picked = probe.objects_of(who, resource.name, named, knowledge) if named else []
    if not picked:
        named = {parameter: source.partition(".")[2]}
        picked = [{parameter: value} for value in knowledge.values(source, who)]
    rows = knowledge.objects.get((who, resource.name), ())
    found: list[str] = []
    for each in picked:
        wanted = {named[name]: value for name, value in each.items()}
        keyed = (row[key] for row in rows if key in row and wanted.items() <= row.items())
        found.append(wanted.get(key) or next(keyed, ""))
    return found
