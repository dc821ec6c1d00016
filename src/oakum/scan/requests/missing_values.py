"""Endpoints that were not requested because a parameter has no value yet."""

from __future__ import annotations

from oakum.exposure.endpoints.probes import Probe
from oakum.scan.engine import Engine
from oakum.scan.requests.builder import fill


def endpoints_without_values(engine: Engine) -> list[Probe]:
    """Endpoints that were not requested for want of a value that objects of a resource have."""
    return [
        each
        for each in engine.state.probes
        if each.sources and not engine.state.was_asked(each) and not has_values(engine, each)
    ]


def has_values(engine: Engine, probe: Probe) -> bool:
    """Whether a request to an endpoint can be written, about some identity or at all."""
    names = engine.identities.subjects() if probe.personal else (None,)
    return any(fill(probe, engine.target, engine.knowledge, who) is not None for who in names)
