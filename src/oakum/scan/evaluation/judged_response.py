"""A response together with its evaluation against the contract.

It is parsed once, and judged up to three times: by itself, with objects that other responses
identify in it, and with the owners and states that they show. Judging learns nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from oakum.authz import Judge, KnownObject, ObjectInstance
from oakum.authz.judgement import Judgement
from oakum.exchange import Response
from oakum.exposure.endpoints.probes import Probe
from oakum.exposure.finding_evidence import Question
from oakum.exposure.response_reader import Parsed, ResponseReader, json_in, read_as_declared
from oakum.openapi.model import Json
from oakum.scan.evaluation.ownership import KnownInstances, Ownership


@dataclass(frozen=True)
class JudgedResponse:
    """A response with what its viewer may see of it. In memory only."""

    probe: Probe
    question: Question
    response: Response
    parsed: Parsed
    read: ResponseReader
    judgement: Judgement
    reading: KnownInstances

    @property
    def value(self) -> Json:
        """The content, in the form that was judged."""
        return self.read.value

    @property
    def whole(self) -> bool:
        """Whether missing values are really missing."""
        return self.read.whole

    @property
    def instances(self) -> list[ObjectInstance]:
        """The objects of resources that it shows."""
        return self.judgement.instances


def judged_response(
    ownership: Ownership, probe: Probe, question: Question, response: Response,
    parsed: Parsed | None = None,
) -> JudgedResponse:  # fmt: skip
    """Judges a response. `parsed`: the result of `json_in` if it is known already."""
    parsed = json_in(response) if parsed is None else parsed
    read = (
        probe.reader(response, parsed)
        if probe.reader
        else read_as_declared(probe.operation, response, parsed, anonymous=question.viewer is None)
    )
    judge = partial(
        Judge, ownership.model, ownership.identities.principal(question.viewer),
        probe.operation.id, question.params, response.status, told=read.owners,
    )  # fmt: skip
    judgement = judge().judge(read.value, read.shape)
    what = {
        place: KnownObject(resource=name)
        for place, name in ownership.expanded_references(judgement.instances).items()
    }
    if what:
        judgement = judge(known=what).judge(read.value, read.shape)
    reading = ownership.read(probe, question, judgement.instances)
    reading.expanded |= what.keys()
    for place, each in what.items():
        known = reading.known.get(place, each)
        reading.known[place] = replace(known, resource=each.resource)
    if reading.known:
        judgement = judge(known=reading.known).judge(read.value, read.shape)
    judgement.unbound += read.beside
    return JudgedResponse(probe, question, response, parsed, read, judgement, reading)
