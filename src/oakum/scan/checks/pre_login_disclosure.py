"""`pre-login-disclosure`: login or reset endpoints tell more about a named person.

It cannot know which front end shows it: a greeting with a first name was wanted by somebody.
Remedy: say nothing of an account before its holder has proved to be its holder.
"""

from oakum.rules import RULES
from oakum.scan.checks.leak import Leak, seen, which, who

RULE = RULES["pre-login-disclosure"]


def matches(leak: Leak) -> bool:
    """Found in answers to questions that only name somebody."""
    return leak.only("talk")


def title(leak: Leak) -> str:
    """One sentence: who is told what of whom."""
    return f"{who(leak)} has only to name somebody to be told of {seen(leak)}{which(leak)}"


def advice(leak: Leak) -> str:
    """What to change in the API."""
    return (
        "keep everything that comes from the account out of the answers to a login, a forgotten"
        " password, a registration or an invitation; errors name no field of it"
    )
