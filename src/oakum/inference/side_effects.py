"""Whether calling an operation may change anything, judged by the document alone.

The method alone is no evidence: real APIs wipe their database on `GET /createdb` and end the
session on `GET /logout`. Words count where they are verbs: a path segment, the beginning of an
operationId, the start of a sentence. `getDeletedItems`, `GET /orders/created` and "displays the
created orders" only read. Where verb and noun cannot be distinguished (`GET /follow`), a sentence
that starts with a reading verb decides. Without one the operation is not called: that costs a cell,
which is reported as untested, while the opposite mistake costs somebody's data.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Literal

from oakum.http import methods
from oakum.inference.action_nouns import deed_of_link, deed_of_write
from oakum.inference.lexicon import FieldClass, classify_field, singular, word_set, words
from oakum.openapi.model import Json, Operation
from oakum.policy.model import OperationRule

Kind = Literal["read", "write", "destructive", "login"]


@dataclass(frozen=True)
class SideEffect:
    """The effect of calling an operation, with the reason for reports.

    `destructive` operations are never called, not even if writes are allowed: they destroy data,
    end a session, or change state behind a safe method.
    """

    kind: Kind
    reason: str


DELETES = "`DELETE` deletes"
"""The reason if only the method decides."""
_DESTROYS = word_set(
    "anonymise anonymize burn cancel clear deactivate deauthorize decommission delete destroy "
    "disable drop erase evict expire expunge flush invalidate kill obliterate optout populate "
    "pseudonymise pseudonymize purge reboot redact remove reseed reset restart revoke rollback "
    "rotate scrub seed shutdown terminate truncate unpublish unsubscribe void wipe "
    "abmelden annuler borrar cancelar cerrar deconnexion desactivar elimina eliminar excluir "
    "loeschen löschen stornieren supprimer verwijderen"
)
"""Destructive verbs, including those in paths in German, French, Spanish, Italian, Portuguese and
Dutch."""
_NOUNS_TOO = word_set(
    "ban block book charge checkout claim clean clone copy finish fire flag hide import issue "
    "join launch like lock mark move mute open opt pause pin ping poke post process promise "
    "release report run schedule share sign split star touch transfer vote"
)
"""Verbs that are more often nouns: `/post/{id}`, "Issue details"."""
CHANGES = (
    _DESTROYS
    | _NOUNS_TOO
    | word_set(
        "accept ack acknowledge activate add approve archive assign authorise authorize become "
        "bulk_update bump buy cleanup close complete confirm create decline decrement demote deny "
        "deploy deposit disapprove disconnect "
        "dismiss donate downgrade downvote duplicate edit elevate enable enqueue enrol enroll exec "
        "execute follow forget generate grant impersonate increment init initialise initialize "
        "insert install invite kick leave merge migrate modify notify optin pay promote provision "
        "publish react reassign rebuild recalc recalculate redeem refund regenerate register "
        "reindex reject remind rename renew reopen replace replay requeue rerun resend "
        "reserve restore resume retry save send set setup snooze start stop submit subscribe sudo "
        "suspend switch sync toggle trigger unarchive unassign unban unblock undo unenroll unflag "
        "unfollow unhide uninstall unlike unlink unlock unmute unpin unset unshare unstar "
        "unsuspend update upgrade upload upvote withdraw write"
    )
)
_NEVER_NOUNS = word_set("create delete destroy erase populate purge truncate unsubscribe wipe")
"""Verbs that, as a whole path segment, no description of reading outweighs."""
_REACHES = word_set("crawl fetch ping poll probe recrawl refetch refresh scrape test")
"""Verbs that make the API contact another server or send a message, if applied to one object."""
_FAR = re.compile(
    r"\b(?:fetch|download|refresh|retriev|pull|poll|crawl|scrap|import|ping|sync)\w*\b[^.;,]*\b(?:"
    r"(?:remote|external|upstream|third[- ]party|another)\s+(?:web\s?)?"
    r"(?:site|server|service|host)s?|original\s+(?:article|(?:web\s?)?(?:page|site)|source|url)s?|"
    r"(?:from|on)\s+the\s+internet)\b",
    re.I,
)
"""Words in descriptions of reads that access other systems."""
LINKS = word_set("verify confirm validate")
"""Verbs of links sent by mail, which act if the request carries the link's token."""
_VERIFIES = re.compile(r"/verify/\{[^/]*\}$")
"""A link whose token parameter is not named as one: `/verify/{uuid}`."""
_GIVES = word_set("generate request resend send trigger")
"""Verbs with a confirmation as their object: `resend-confirmation` does not confirm."""
_READS = word_set(
    "browse calculate check compare count describe determine display download enumerate export "
    "fetch find give get inspect list look lookup obtain preview provide query read receive "
    "retrieve return search see show stream view"
)
_ACTS = (CHANGES | _READS | word_set("change check verify validate")) - (
    _NOUNS_TOO | word_set("grant show view stream")
)
NOUN_HEADS = word_set(
    "candidates catalog catalogue confirmation confirmations count counts date dates events "
    "history limits list lists log logs notes options page points policies policy preview queue "
    "rate rates reasons recommendations requests rules schedule schedules settings statistics "
    "stats suggestions templates types window"
)
"""Nouns that make a preceding verb part of a compound: `reset-policy`, `delete requests`."""
_NOUN_FOLLOWERS = word_set(
    "about against are at between by can for from has have in is may must of on per since to "
    "were will with within"
)
"""Words that follow a noun and not a verb: "updates of a user", "blocks are listed"."""
_OBJECTS = word_set("a all an any each every it its that the their them these this those your")
_GLUED = re.compile(
    r"(create|reset|drop|populate|seed|init|wipe|clear|delete|purge|flush|rebuild|truncate|destroy)"
    r"(db|database|all|data|cache|tables?|users?|accounts?|me|everything)"
)
_ENDS_SESSION = re.compile(
    r"(?:log|sign)[-_ ]?(?:out|off)|(?:end|close|quit)[-_ ]?(?:the[-_ ]?)?sessions?"
)
_ENDS_SESSION_SAID = re.compile(
    r"(?:log|sign)s?\s+(?:(?:a|an|the|current|currently|logged|in|user|users|session|you)\s+){0,5}?"
    r"(?:out|off)\b",
    re.I,
)
_LOGS_IN = word_set("login signin authenticate logon signon")
_MAY_LOG_IN = word_set("auth session sessions token tokens")
_REGISTERS = word_set("register registration signup")
_LOGS_IN_SAID = re.compile(
    r"(?:log|sign)s?[ -](?:[\w'’]+\s+){0,3}?(?:in|into|on)\b|authenticates?\b", re.I
)
_LEAD = re.compile(
    r"(?:(?:calling\s+)?(?:this|the)\s+(?:api|call|endpoint|method|operation|request|resource|route)"
    r"\s+)?(?:(?:will|also|then|immediately|permanently|simply|is used to|can be used to|"
    r"(?:allow|enable|let)s?(?: (?:a|an|the|you|users?|admins?|clients?))*(?: to)?)\s+)*",
    re.I,
)
_SENTENCE_END = re.compile(r"[.!?]\s+(?=[A-Z`*_])|\n\s*\n|\n\s*[-*#>]\s*")
_TOKENISH = re.compile(r"token|code|hash|key|signature|otp|secret|nonce", re.I)
_LITERAL = re.compile(r"[^/{}]+")


def classify(operation: Operation, rule: OperationRule | None = None) -> SideEffect:
    """Whether an operation reads, writes, destroys or logs in; the contract's `reads` takes
    precedence."""
    if rule is not None and rule.untested:
        return SideEffect("destructive", f"the contract leaves it out: {rule.untested}")
    if rule is not None and rule.reads is not None:
        said = f"the contract says `reads: {str(rule.reads).lower()}`"
        return SideEffect("read" if rule.reads else "destructive", said)
    memory = vars(operation)
    known: SideEffect | None = memory.get("_side_effect")
    if known is None:
        known = memory["_side_effect"] = _classify_operation(operation)
    return known


def _classify_operation(operation: Operation) -> SideEffect:
    ends = _ends_session(operation)
    if ends:
        return SideEffect("destructive", ends)
    login = _logs_in(operation)
    if login and operation.method in ("GET", "POST"):
        return SideEffect("login", login)
    if operation.method in methods.READS:
        changes = _changes(operation) or _commands(operation)
        if changes:
            return SideEffect("destructive", changes)
        return SideEffect("read", f"`{operation.method}` reads, and no word contradicts that")
    if operation.method == "DELETE":
        return SideEffect("destructive", DELETES)
    segment, verb = deed_of_write(operation)
    named = [_why(segment, "path", verb)] if verb in _DESTROYS else []
    destroys = next(
        chain(named, _verbs_in_name(operation, _DESTROYS), _verbs_in_text(operation, _DESTROYS)),
        None,
    )
    if destroys:
        return SideEffect("destructive", destroys)
    why = f"`{operation.method}` writes, unless the contract says `reads: true`"
    return SideEffect("write", why)


_SETS = word_set(
    "add bulk_update change complete create edit init insert modify release report save send set "
    "start submit switch sync update upload write replace rename"
)
"""Verbs of operations that only set or create what is sent."""


def acts(operation: Operation) -> str:
    """The reason why a request has an effect beyond its body; empty: no word says so."""
    verbs = (CHANGES | LINKS) - _SETS
    segment, verb = deed_of_write(operation)
    named = [_why(segment, "path", verb)] if verb else []
    return next(
        chain(named, _verbs_in_name(operation, verbs), _verbs_in_text(operation, verbs)), ""
    )


_HEARS = word_set(
    "subscribe join hello init connect auth authenticate ping start watch listen open"
)


def says_write(message: Json) -> bool:
    """Whether a message, such as a WebSocket example in the document, requests a change."""
    named = ("action", "cmd", "command", "event", "kind", "method", "op", "operation", "type")
    for name, value in message.items() if isinstance(message, dict) else ():
        said = words(value) if isinstance(value, str) and name.lower() in named else ()
        if said and not _HEARS & frozenset(said) and CHANGES & frozenset(said):
            return True
        if isinstance(value, dict) and says_write(value):
            return True
    return False


def says_act(segment: str) -> bool:
    """Whether a path segment names an action in two or more words: `change_relationship`.

    Verbs that are names or nouns as well do not count: `grant_lee`, `mark-smith`.
    """
    parts = words(segment)
    return len(parts) > 1 and parts[0] in _ACTS and parts[1] not in _NOUN_FOLLOWERS


_TELLS_WHAT_TO_DO = word_set(
    "act action call cmd command function method op operation procedure verb"
)


def orders(name: str, value: Json) -> bool:
    """Whether a value of a member may select an action: `method: slips.delete`."""
    if not isinstance(value, str) or _TELLS_WHAT_TO_DO.isdisjoint(words(name)[-1:]):
        return False
    said = {*words(value)}
    return bool(said & (CHANGES - _NOUNS_TOO)) or bool(said & _NOUNS_TOO and not said & _READS)


def sounds_like_reading(operation: Operation) -> bool:
    """Whether its name or a sentence starts with a reading verb, whatever the method, and no
    earlier text starts with a changing one: `Update the chart`, `Provide its new title`.

    Frameworks name operations after their method, so a name like `getRestart` says nothing.
    """
    name = _name_words(operation)
    if name and name[0] in _READS - {"get", "read"}:
        return True
    verbs = (_lead(_sentences(t)[0]).verb for t in (operation.summary, operation.description))
    return next((verb for verb in verbs if verb in _READS | CHANGES - _NOUNS_TOO), "") in _READS


def wipes(operation: Operation) -> bool:
    """Whether an operation with a safe method says that it recreates or destroys something without
    an id: then it affects everybody's data."""
    named = any(each.required for each in operation.parameters) or "{" in operation.path
    if operation.method not in methods.READS or named or _ends_session(operation):
        return False
    glued = any(_GLUED.fullmatch(segment.lower()) for segment in _segments(operation))
    verbs = _DESTROYS | _NEVER_NOUNS
    return glued or any(_verbs_in_name(operation, verbs)) or any(_verbs_in_text(operation, verbs))


def opens_session(operation: Operation) -> bool:
    """Whether its response may contain a token for the caller: a login or a registration."""
    if classify(operation).kind == "login":
        return True
    said = {*_name_words(operation), *words("/".join(_segments(operation)[-1:]))}
    return operation.method == "POST" and not _REGISTERS.isdisjoint(said)


def _changes(operation: Operation) -> str:
    """Why a safe method does not keep its promise; empty when it does."""
    for segment in _segments(operation):
        glued = _GLUED.fullmatch(segment.lower())
        if glued or segment.lower() in _NEVER_NOUNS:
            return _why(segment, "path", glued[1] if glued else segment.lower())
    if reaches := _reaches(operation):
        return reaches
    verbs = CHANGES | LINKS if _carries_token(operation) else CHANGES
    if not sounds_like_reading(operation):
        segment, verb = deed_of_link(operation)
        if verb or _VERIFIES.search(operation.path):
            return _why(segment or "verify", "path", verb or "verify")
        if named := next(_verbs_in_name(operation, verbs), ""):
            return named
    return next(_verbs_in_text(operation, verbs), "")


def _reaches(operation: Operation) -> str:
    """Why a safe method contacts another server; empty if no word says so."""
    excused = sounds_like_reading(operation)
    for segment in _segments(operation):
        parts = words(segment)
        verb = parts[0] if parts else ""
        noun = _is_noun(parts, segment) or (verb in ("ping", "poll", "test") and excused)
        if verb in _REACHES and f"}}/{segment}" in operation.path and not noun:
            return f"`{segment}` in the path says that it contacts another server"
    for place, text in (("summary", operation.summary), ("description", operation.description)):
        if found := _FAR.search(text):
            return f"`{found[0][:60]}` in the {place} says that it contacts another server"
    return ""


_READS_TOO = word_set(
    "access aggregate analyse analyze answer ask assess audit autocomplete build collect compile "
    "compose compute convert derive detect diff discover dump echo estimate evaluate examine "
    "explain explore expose extract filter format gather gets grab group guess help identify "
    "iterate load locate match measure monitor navigate offer output paginate parse pick predict "
    "present print produce provides pull rank recommend render report request resolve sample scan "
    "select serve simulate sort stat suggest summarise summarize supply tail tell track translate "
    "traverse validate verify visualise visualize walk watch"
)
"""Reading verbs that, in a path, are no evidence of reading."""
_NO_COMMANDS = word_set(
    "about across after all along also among and any as at based because before beside between "
    "both but by current during each either every exactly except first for from given half here "
    "how if in inside into its just last latest like most near next no not now of on once one only "
    "or over per same since some such than that then there these this those through to under until "
    "upon via what when where whether which while who whole whom whose why with within without "
    "your"
)
"""Words before an article that are no verbs."""
_ARTICLES = word_set("a all an any each every his her its their the your")
THINGS = word_set(
    "about account activity address age agenda area audio author availability avatar badge balance "
    "banner basket bill bio body book calendar capacity cart category chart chat children city "
    "code color comment company config configuration contact content context copyright country "
    "cover currency data day default definition depth detail diagram document domain draft email "
    "entry environment family feature feed file firmware folder gallery geometry graph group "
    "health home icon id image inbox index info information inventory invoice item job key kind "
    "label language layout leaderboard length level licence license line link location logo mail "
    "manifest map markdown matrix me media membership menu message meta metadata month name "
    "neighborhood network news note number object order origin outline output overview owner "
    "parent path payload performance permission person phone photo picture place plan plot "
    "portrait position presence price product profile progress project property quota raw "
    "readme receipt reference relation relationship report resource response result role room "
    "root score section self series session shape sibling signature size source stack stage "
    "state status stock story structure sum summary synopsis table text theme thread thumbnail "
    "timeline timetable title token topic total trace track tree trend trip type unit uptime "
    "url usage user value version video volume wallet weather week weight wiki work year zone"
)
"""Singular nouns with which paths of reading operations often end."""


def _commands(operation: Operation) -> str:
    """Why a safe method may do something though no verb that is known says so: an unknown word
    stands where a command does. Empty: none, or what reads is said beside it."""
    name = _name_words(operation)
    if sounds_like_reading(operation):
        return ""
    for place, text in (("summary", operation.summary), ("description", operation.description)):
        lead = _lead(_sentences(text)[0])
        after = re.match(r"[a-z]+\b", lead.rest)
        if after and after[0] in _ARTICLES and may_command(lead.written.lower()):
            return _describe_unknown(lead.written, place)
        if text:
            break
    segment = (_segments(operation) or [""])[-1]
    parts = words(segment)
    if not parts or not operation.path.endswith(f"}}/{segment}") or not may_command(parts[0]):
        return ""
    if (name and name[0] in _READS) or parts[-1] in THINGS | NOUN_HEADS:
        return ""
    above = {singular(word) for each in _segments(operation)[:-1] for word in words(each)}
    agrees = len(name) > 1 and name[0] == parts[0] and singular(name[1]) in above
    if _shows(operation) and (not agrees or name[-1] == "get" or _answers_with(operation, parts)):
        # otherwise the verb applies to the object that it shows: `defragVolume` answers with the
        # volume
        return ""
    good = [media for status, media in operation.responses.items() if status.startswith("2")]
    alone = len(parts) == 1 and bool(good) and not any(good)
    return _describe_unknown(segment, "path") if agrees or alone else ""


def may_command(word: str) -> bool:
    """Whether an unknown word may be the base form of a verb."""
    if word in _READS | _READS_TOO | _NO_COMMANDS | THINGS | NOUN_HEADS or len(word) < 3:
        return False
    return word == singular(word) and not word.endswith(("ing", "ed", "ly", "ness", "ment", "tion"))


def _shows(operation: Operation) -> bool:
    """Whether the document declares an object in a good answer."""
    media = operation.success()
    shape = media.shape if media is not None else None
    for _ in range(4):  # a self-referencing list would never end
        shape = shape.items() if shape is not None and shape.items is not None else shape
    return shape is not None and bool(shape.properties or shape.branches or shape.extra)


def _answers_with(operation: Operation, parts: Sequence[str]) -> bool:
    """Whether the answer is called after a segment, which then is a noun: `profile`, of a
    `UserProfile` or with a member `profile`."""
    media = operation.success()
    shape = media.shape if media is not None else None
    for _ in range(4):
        shape = shape.items() if shape is not None and shape.items is not None else shape
    called = (*shape.names, *shape.properties) if shape is not None else ()
    return any(singular(parts[-1]) in map(singular, words(each)) for each in called)


def _describe_unknown(word: str, place: str) -> str:
    return (
        f"`{word}` in the {place} may be a command, and no word says that it only reads; if it"
        f" only reads, write `reads: true`"
    )


def _verbs_in_name(operation: Operation, verbs: frozenset[str]) -> Iterator[str]:
    """Where the path or the operationId says one of the verbs."""
    segments = _segments(operation)
    for segment in segments:
        parts = words(segment)
        if parts and parts[0] in verbs and not _is_noun(parts, segment):
            acts = operation.path.endswith(f"}}/{segment}") or len(parts) > 1
            if acts or parts[0] not in _NOUNS_TOO:
                yield _why(segment, "path", parts[0])
    name = _name_words(operation)
    if not name or name[0] in _READS or _is_noun(name, operation.id):
        return
    glued = _GLUED.fullmatch(name[0])
    verb = glued[1] if glued else name[0]
    if verb not in verbs - _NOUNS_TOO:
        verb = name[-1] if name[-1] in _NEVER_NOUNS | {"reset"} else ""
    if verb in verbs:
        yield _why(_last_part(operation.id), "operationId", verb)


def _verbs_in_text(operation: Operation, verbs: frozenset[str]) -> Iterator[str]:
    """Where the summary or the description says that calling does one of the verbs."""
    reads = False
    for place, text in (("summary", operation.summary), ("description", operation.description)):
        for nth, sentence in enumerate(_sentences(text)):
            lead = _lead(sentence)
            # After a descriptive sentence, an imperative addresses the reader: "Create a token to
            # call this".
            imperative = nth == 0 and not reads
            if lead.verb in verbs and (imperative or lead.third or lead.led) and lead.is_verb:
                yield _why(lead.written, place, lead.verb)
            elif nth == 0 and lead.verb in _READS:
                reads = True
                for joined in re.finditer(r"\b(?:and|or|then) (?:then )?(\w+) (\w+)", lead.rest):
                    second = _base(joined[1].lower())
                    if second in verbs and joined[2].lower() in _OBJECTS:
                        yield _why(joined[1], place, second)


@dataclass(frozen=True)
class _Lead:
    """The first word of a sentence that may be its verb; `verb` is its base form."""

    verb: str
    written: str = ""
    rest: str = ""
    led: bool = False
    """The sentence speaks of this operation: "this endpoint will ..."."""

    @property
    def third(self) -> bool:
        return self.written.lower() != self.verb

    @property
    def is_verb(self) -> bool:
        after = [word.lower() for word in re.findall(r"[\w'’]+", self.rest)]
        if self.rest.startswith("-") or (after and after[0] in _NOUN_FOLLOWERS):
            return False
        if not after:
            return not self.third and self.verb not in _NOUNS_TOO
        if self.third or self.led or after[0] in _OBJECTS:
            return True
        return self.verb not in _NOUNS_TOO and (len(after) > 3 or after[-1] not in NOUN_HEADS)


def _lead(sentence: str) -> _Lead:
    text = sentence.strip(" \t\r\n*_#>`-")
    lead = _LEAD.match(text)
    start = lead.end() if lead else 0
    word = re.compile(r"[^\W\d_]+").match(text, start)
    if not word:
        return _Lead("")
    return _Lead(_base(word[0].lower()), word[0], text[word.end() :].lstrip(), led=start > 0)


def _sentences(text: str) -> list[str]:
    return _SENTENCE_END.split(text.strip())


def _base(word: str) -> str:
    """The base form of a verb in the third person: `resets`, `modifies`, `flushes`."""
    candidates = [word]
    if word.endswith("ies"):
        candidates.append(word[:-3] + "y")
    if word.endswith("es"):
        candidates.append(word[:-2])
    if word.endswith("s"):
        candidates.append(word[:-1])
    known = CHANGES | _READS | LINKS
    return next((candidate for candidate in candidates if candidate in known), word)


def _third(verb: str) -> str:
    if verb.endswith("y") and verb[-2] not in "aeiou":
        return verb[:-1] + "ies"
    return verb + ("es" if verb.endswith(("s", "sh", "ch", "x", "o")) else "s")


def _why(word: str, place: str, verb: str) -> str:
    return f"`{word}` in the {place} says that it {_third(verb)}"


def _is_noun(parts: tuple[str, ...], written: str) -> bool:
    """`reset-policy`, `drop-off-points`: the verb is the first half of a noun."""
    if parts and parts[0] in _GIVES and singular(parts[-1]) == "confirmation":
        return False
    return len(parts) > 1 and (parts[-1] in NOUN_HEADS or bool(re.match(r"\w+[-_]off", written)))


def _segments(operation: Operation) -> list[str]:
    """Literal parts of the path, including those beside a parameter (`{id}:cancel`)."""
    path = re.sub(r"\{[^}]*\}", "/", operation.path).replace(":", "/")
    return [segment.split(".")[0] for segment in _LITERAL.findall(path)]


def _last_part(name: str) -> str:
    return re.split(r"[./#:]", name)[-1] or name


def _name_words(operation: Operation) -> tuple[str, ...]:
    """Words of the operationId without package, class and path; empty when there is none."""
    if operation.id == f"{operation.method} {operation.path}" or " " in operation.id:
        return ()
    parts = words(_last_part(operation.id))
    if "controller" in parts[:-1]:
        return parts[parts.index("controller") + 1 :]
    return parts


def _carries_token(operation: Operation) -> bool:
    return any(
        _TOKENISH.search(p.name) for p in operation.parameters if p.where in ("path", "query")
    )


def _ends_session(operation: Operation) -> str:
    for segment in _segments(operation):
        if _ENDS_SESSION.fullmatch(segment.lower()):
            return f"`{segment}` in the path says that it ends the session"
    if _ENDS_SESSION.match("".join(_name_words(operation))):
        return f"`{_last_part(operation.id)}` in the operationId says that it ends the session"
    if _ENDS_SESSION_SAID.match(operation.summary):
        return f"`{operation.summary.strip()}` in the summary says that it ends the session"
    return ""


def _logs_in(operation: Operation) -> str:
    segments = _segments(operation)
    last = "".join(words(segments[-1])) if segments else ""
    name = _name_words(operation)
    if last in _LOGS_IN:
        return f"`{segments[-1]}` in the path says that it logs in"
    if name and (name[0] in _LOGS_IN or name[:2] in (("log", "in"), ("sign", "in"))):
        return f"`{_last_part(operation.id)}` in the operationId says that it logs in"
    if operation.method in methods.READS or (name and name[0] in _READS):
        return ""
    if last in _MAY_LOG_IN and _sends_secret(operation):
        return f"`{segments[-1]}` in the path and a secret in the body say that it logs in"
    if _LOGS_IN_SAID.match(operation.summary) and _sends_secret(operation):
        return f"`{operation.summary.strip()}` in the summary says that it logs in"
    return ""


def _sends_secret(operation: Operation) -> bool:
    shapes = [media.shape for media in operation.body if media.shape is not None]
    return any(
        classify_field(name, member()) is FieldClass.SECRET
        for shape in shapes
        for name, member in shape.properties.items()
    )
