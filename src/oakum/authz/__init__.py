"""The meaning of a contract: `decide` and `project` over a compiled `Model`.

Pure: no network, process, clock or random number is within reach of this layer.
"""

from oakum.authz.accept import Acceptance, accept
from oakum.authz.compiled_model import Model, answer_media, compile_contract, likely_media
from oakum.authz.decide import Decision, decide
from oakum.authz.decision_inputs import ANONYMOUS, Principal, Subject
from oakum.authz.judge import Judge
from oakum.authz.judgement import Judgement, KnownObject, Leaf, ObjectInstance
from oakum.authz.project import Call, Projection, project
from oakum.authz.table import Table

__all__ = [
    "ANONYMOUS",
    "Acceptance",
    "Call",
    "Decision",
    "Judge",
    "Judgement",
    "KnownObject",
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
