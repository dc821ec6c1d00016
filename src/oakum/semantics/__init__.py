"""The meaning of a contract, once: `decide` and `project` over a compiled `Model`.

Pure: no network, process, clock or random number is within reach of this layer.
"""

from oakum.semantics.accept import Acceptance, accept
from oakum.semantics.decide import Decision, decide
from oakum.semantics.judge import Judge, Judgement, Known, Leaf, ObjectInstance
from oakum.semantics.model import Model, answer_media, compile_contract, likely_media
from oakum.semantics.principal import ANONYMOUS, Principal, Subject
from oakum.semantics.project import Call, Projection, project
from oakum.semantics.table import Table

__all__ = [
    "ANONYMOUS",
    "Acceptance",
    "Call",
    "Decision",
    "Judge",
    "Judgement",
    "Known",
    "Leaf",
    "Model",
    "ObjectInstance",
    "Principal",
    "Projection",
    "Subject",
    "Table",
    "accept",
    "answer_media",
    "compile_contract",
    "decide",
    "likely_media",
    "project",
]
