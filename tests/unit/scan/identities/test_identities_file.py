"""The identities file: what is read, what is refused and where, and that no secret shows."""

from __future__ import annotations

import json
import re
import textwrap
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oakum.errors import InputError, TargetError
from oakum.policy.model import Owner, Resource
from oakum.scan.identities import identities_file, login_methods
from oakum.scan.identities.identities_file import load_identities
from oakum.scan.identities.model import Command, Identities, Login, Secret, Send

MANUAL = Path(__file__).parents[4] / "docs" / "reference" / "identities.md"
LOGIN = "login: {post: /in, json: {name: $username, word: $password}, token: /auth/token}\n"


class Desk:
    """A folder with an identities file in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "identities.yaml"
        self.ran: list[tuple[str, ...]] = []

    def run(self, argv, folder) -> str:
        assert folder == self.folder
        self.ran.append(tuple(argv))
        if argv[0] == "broken":
            raise TargetError("`broken` failed with exit code 3")
        return f"printed-by-{argv[0]}"

    def load(self, text: str, relations=(), **environ: str) -> Identities:
        self.path.write_text(textwrap.dedent(text), encoding="utf-8")
        self.path.chmod(0o600)
        return load_identities(
            self.path,
            relations,
            environ=environ,
            run=self.run,
            keys=lambda service, user: "made-up",
        )

    def problems(self, text: str, **environ: str) -> list[str]:
        with pytest.raises(InputError) as caught:
            self.load(text, **environ)
        return [str(problem).removeprefix(f"{self.folder}/") for problem in caught.value.problems]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


# --------------------------------------------------------------------------- what is read


def test_the_form_of_the_manual(desk: Desk) -> None:
    (desk.folder / "secrets").mkdir()
    (desk.folder / "secrets" / "key").write_text("key-from-file\n")
    found = desk.load(
        """
        login:
          operation: login
          json: {username_or_email: $username, password: $password}
          csrf: {get: /login, cookie: csrftoken, header: X-CSRFToken}
          token: /auth_token
          cookie: peloton_session_id
          send: "Authorization: Bearer $token"
        whoami: /me
        identities:
          ann: {username: ann, password: {env: ANN_PASSWORD}}
          bob: {header: "Authorization: Bearer ${BOB_TOKEN}"}
          eve: {cookie: "sid=${EVE_SID}"}
          key: {send: "X-Api-Key: $key", key: {file: secrets/key}}
          svc:
            oauth2:
              token_url: /oauth/token
              grant: client_credentials
              client_id: x
              client_secret: {env: S}
              scope: "read"
          cmd: {command: [./get-token.sh, cmd]}
          sta:
            username: sta
            password: {command: [pass, sta]}
            claims: {roles: [staff]}
            facts: {id: "m-1"}
            states: {Member.private: true}
        between:
          - ann is follower of sta
          - bob is mate of ann
        """,
        relations=("follower", "blocked"),
        ANN_PASSWORD="hunter2!",
        BOB_TOKEN="bob-token",
        EVE_SID="eve-sid",
        S="s/cret",
    )
    ann, bob, eve, key = (found.items[name] for name in ("ann", "bob", "eve", "key"))
    assert isinstance(ann.login, Login)
    assert (ann.login.where, ann.login.token, ann.login.cookie) == (
        "login",
        "/auth_token",
        "peloton_session_id",
    )
    assert ann.fill(ann.login.body) == {"username_or_email": "ann", "password": "hunter2!"}
    assert ann.login.csrf and ann.login.csrf.header == "X-CSRFToken"
    assert bob.login is None
    assert bob.fill(bob.sends[0].value) == "Bearer bob-token"
    assert bob.shell(bob.sends[0].value) == "Bearer $BOB_TOKEN"
    assert (eve.sends[0].where, eve.fill(eve.sends[0].value)) == ("cookie", "eve-sid")
    assert key.fill(key.sends[0].value) == "key-from-file"
    assert key.shell(key.sends[0].value) == "$KEY_KEY"
    cmd = found.items["cmd"]
    assert cmd.login == Command(("./get-token.sh", "cmd"), desk.folder, cmd.login.location)  # type: ignore[union-attr]
    assert cmd.sends[0].value == "Bearer $token"
    sta = found.items["sta"]
    assert sta.variables["password"].reveal() == "printed-by-pass"
    assert (sta.claims, sta.facts) == ({"roles": ["staff"]}, {"id": "m-1"})
    assert sta.states == {"Member.private": True}
    assert found.whoami == "/me"
    assert [(t.viewer, str(t), t.label) for t in found.between] == [
        ("ann", "follower of sta", False),
        ("bob", "mate of ann", True),
    ]
    assert "`mate` is not a relation of the contract: kept as a label" in str(found.notes[0])
    assert found.warnings == ()
    assert {"hunter2!", "bob-token", "eve-sid", "key-from-file", "s/cret"} <= found.secrets()
    assert desk.ran == [("pass", "sta")]  # a login's command runs when somebody logs in


def test_oauth2_sends_the_client_by_basic_and_form_encoded(desk: Desk) -> None:
    svc = desk.load(
        """
        identities:
          svc: {oauth2: {token_url: "https://id.example/t", client_id: "a:b", client_secret: "s/c"}}
          own: {oauth2: {token_url: /t, client_id: c, client_secret: shh!, auth: body}}
          pwd: {oauth2: {token_url: /t, grant: password, username: u, password: p4ss, client_id: c}}
        """
    )
    login = svc.items["svc"].login
    assert isinstance(login, Login)
    headers = svc.items["svc"].fill(login.headers)
    assert headers["authorization"] == "Basic YSUzQWI6cyUyRmM="  # a%3Ab:s%2Fc
    assert "YSUzQWI6cyUyRmM=" in svc.secrets()
    assert svc.origins() == {"https://id.example"}
    own = svc.items["own"]
    assert own.fill(own.login.body) == {  # type: ignore[union-attr]
        "grant_type": "client_credentials",
        "client_id": "c",
        "client_secret": "shh!",
    }
    pwd = svc.items["pwd"]
    assert pwd.fill(pwd.login.body) == {  # type: ignore[union-attr]
        "grant_type": "password",
        "username": "u",
        "password": "p4ss",
        "client_id": "c",
    }


@pytest.mark.parametrize(
    ("line", "send"),
    [
        ('"X-Api-Key: $key"', ("header", "X-Api-Key", "$key")),
        ('"Cookie: sid=$key"', ("cookie", "sid", "$key")),
        ('"?api_key=$key"', ("query", "api_key", "$key")),
        ('"Authorization: Token $key"', ("header", "Authorization", "Token $key")),
    ],
)
def test_ways_to_send(desk: Desk, line: str, send: tuple[str, ...]) -> None:
    found = desk.load(f"identities: {{key: {{send: {line}, key: the-key}}}}")
    got: Send = found.items["key"].sends[0]
    assert (got.where, got.name, got.value) == send


def test_a_literal_token_becomes_a_variable(desk: Desk) -> None:
    found = desk.load(
        """
        identities:
          a: {header: ["Authorization: Bearer abc.def", "X-Tenant: acme"], cookie: "sid=S1D; b=2"}
        """
    )
    a = found.items["a"]
    assert [send.value for send in a.sends] == ["Bearer $authorization", "acme", "$sid", "$b"]
    assert a.fill(a.sends[0].value) == "Bearer abc.def"
    assert a.shell(a.sends[0].value) == "Bearer $A_AUTHORIZATION"
    assert "abc.def" in found.secrets()
    assert "acme" not in found.secrets()


def test_dollars_may_be_part_of_a_password(desk: Desk) -> None:
    found = desk.load(LOGIN + "identities: {ann: {username: ann, password: 'pa$$w$rd'}}")
    ann = found.items["ann"]
    assert ann.fill(ann.login.body)["word"] == "pa$$w$rd"  # type: ignore[union-attr]
    assert ann.fill("$$5 and $$username") == "$5 and $username"


def test_an_environment_variable_within_a_body_or_a_value(desk: Desk) -> None:
    found = desk.load(
        """
        identities:
          ann:
            login: {put: /in, json: {pin: {env: PIN}, on: true, list: ["${PIN}"]}, cookies: true}
          bob: {header: "X: ${PIN}", facts: {mail: "bob+${TAG}@example.com"}}
        """,
        PIN="9431",
        TAG="t1",
    )
    ann = found.items["ann"]
    assert isinstance(ann.login, Login)
    assert ann.fill(ann.login.body) == {"pin": "9431", "on": True, "list": ["9431"]}
    assert (ann.login.method, ann.login.cookie) == ("PUT", "*")
    assert found.items["bob"].facts == {"mail": "bob+t1@example.com"}


def test_values_around_an_environment_variable(desk: Desk) -> None:
    found = desk.load(
        """
        login:
          post: https://id.example/in
          headers: {X-Client: $client}
          csrf: {get: "https://www.example:8443/in", json: /t, field: t}
          form: {u: $user}
          cookie: sid
        identities:
          ann: {user: "ann-${N}", client: c1, facts: {tags: [1, {x: "${N}"}]}}
          bob: {x_key: own, send: ["X-Key: literal", "Y: $x_key"]}
        """,
        N="0042",
    )
    ann, bob = found.items.values()
    assert isinstance(ann.login, Login)
    assert ann.fill(ann.login.body) == {"u": "ann-0042"}
    assert ann.fill(ann.login.headers) == {"x-client": "c1"}
    assert ann.facts == {"tags": [1, {"x": "0042"}]}
    assert found.origins() == {"https://id.example", "https://www.example:8443"}
    assert [bob.fill(send.value) for send in bob.sends] == ["literal", "own"]


def test_own_login_goes_before_the_shared_one(desk: Desk) -> None:
    text = LOGIN + (
        "identities:\n  ann: {login: {post: /other, form: {n: $n}, token: {header: X-T}}, n: nn}\n"
    )
    login = desk.load(text).items["ann"].login
    assert isinstance(login, Login)
    assert (login.where, login.encoding, login.token_header) == ("/other", "form", "x-t")


def test_no_relations_given_means_no_labels(desk: Desk) -> None:
    text = "identities: {a: {header: 'X: 1'}, b: {header: 'X: 2'}}\nbetween: [a is pal of b]"
    found = desk.load(text)
    assert not found.between[0].label
    assert not found.notes


def test_every_example_of_the_manual_is_read(desk: Desk) -> None:
    text = MANUAL.read_text(encoding="utf-8")
    examples = re.findall(r"^```yaml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert len(examples) >= 6
    (desk.folder / "secrets").mkdir()
    (desk.folder / "secrets" / "bob").write_text("key-from-file")
    for example in examples:
        environ = dict.fromkeys(re.findall(r"\b[A-Z]+_[A-Z]+\b", example), "made-up")
        environ |= {name: "MADEUPAA" for name in environ if name.endswith("TOTP")}  # base32
        assert desk.load(example, **environ).items, example


@pytest.mark.parametrize(
    "key", [*identities_file.ROOT, *identities_file.KEYS, *login_methods.LOGIN]
)
def test_every_key_is_in_the_manual(key: str) -> None:
    assert f"`{key}`" in MANUAL.read_text(encoding="utf-8")


@pytest.mark.parametrize("key", [*login_methods.CSRF, *login_methods.OAUTH2])
def test_every_inner_key_is_in_the_manual(key: str) -> None:
    assert re.search(rf"`{key}\b|\b{key}:", MANUAL.read_text(encoding="utf-8"))


# --------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "identities: {ann: {username: ann, password: {env: ANN_PASWORD}}}",
            [
                "identities.yaml:1:14: `ann` has no way to log in; write a shared `login:` at the"
                " top, or `header:`, `send:` or `login:` here",
                "identities.yaml:1:51: environment variable `ANN_PASWORD` is not set; did you mean"
                " `ANN_PASSWORD`?",
            ],
        ),
        (
            LOGIN + "identities: {ann: {username: ann}}",
            [
                "identities.yaml:2:14: `ann` has no `password`, but `$password` is used; write"
                " `password: {env: ANN_PASSWORD}`"
            ],
        ),
        (
            LOGIN + "identities: {ann: {username: ann, pasword: {env: ANN_PASSWORD}}}",
            [
                "identities.yaml:2:14: `ann` has no `password`, but `$password` is used; did you"
                " mean `pasword`?"
            ],
        ),
        (
            "identities: {ann: {headers: 'Authorization: Bearer s3cr3t'}}",
            [
                "identities.yaml:1:14: `ann` has no way to log in; write a shared `login:` at the"
                " top, or `header:`, `send:` or `login:` here",
                "identities.yaml:1:20: nothing uses `headers`; did you mean `header`?",
            ],
        ),
        (
            "identities: {ann: {token: s3cr3t}}",
            [
                "identities.yaml:1:14: `ann` has no way to log in; add"
                ' `send: "Authorization: Bearer $token"`'
            ],
        ),
        (
            LOGIN + "identities: {ann: {username: ann, password: 12345}}",
            [
                "identities.yaml:2:45: `password` must be `{env: NAME}`, `{file: path}`,"
                " `{command: [program, …]}`, `{keyring: [service, user]}` or text; put it in quotes"
            ],
        ),
        (
            "login: {post: in, json: {a: b}, form: {a: b}}\nidentities: {a: {header: 'X: 1'}}",
            [
                "identities.yaml:1:8: `login` does not say what it returns; add `token: /pointer`,"
                " `cookie: name` or `cookies: true`",
                "identities.yaml:1:8: a login uses `json` or `form`, not both",
                "identities.yaml:1:15: `in` is not a path; write `/in`, or `operation: in` if it is"
                " an operation id",
            ],
        ),
        (
            "login: {post: /in, basic: $password, token: /t}\nidentities: {a: {password: s3cr3t}}",
            [
                "identities.yaml:1:27: `basic` is a name and a password; write"
                ' `basic: "$username:$password"`',
            ],
        ),
        (
            "login: {post: /in, operation: in, token: s3cr3t-token}\n"
            "identities: {a: {header: 'X: 1'}}",
            [
                "identities.yaml:1:8: `login` has `operation` and `post`; write `operation: id` or"
                " `post: /path`, one of them",
                "identities.yaml:1:42: `token` says where the response contains the token; a JSON"
                " pointer such as `/access_token`, or {header: X-Auth-Token}",
            ],
        ),
        (
            "login: {post: /in, csrf: {get: /in}, cookie: sid}\nidentities: {a: {header: 'X: 1'}}",
            [
                "identities.yaml:1:26: `csrf` does not say how to send the value; add"
                " `header: X-CSRF-Token` or `field: name`",
                "identities.yaml:1:26: `csrf` must say where the value is; one of"
                " `cookie: name`, `json: /pointer`, `input: name`",
            ],
        ),
        (
            "identities: {a: {send: 'Bearer s3cr3t'}}",
            [
                "identities.yaml:1:24: write what to send as `Header: value`, `Cookie: name=value`"
                " or `?name=value`; `$token` stands for the token"
            ],
        ),
        (
            "identities: {a: {header: 'X: $token'}}",
            [
                "identities.yaml:1:14: `a` has no `token`, but `$token` is used; say where the"
                " login's response contains it: `token: /access_token`"
            ],
        ),
        (
            "identities: {a: {cookie: s3cr3t}}",
            ["identities.yaml:1:26: cookies read `name=value`, with `;` between them"],
        ),
        (
            "identities: {a: {command: ./get-token, send: 'X: $token'}}",
            [
                "identities.yaml:1:27: `command` takes a list of words; such as"
                " [./get-token.sh, ann]"
            ],
        ),
        (
            "identities: {a: {key: {file: nowhere}, send: 'X: $key'}}",
            [
                "identities.yaml:1:30: `nowhere`: no such file or directory; paths are relative"
                " to the folder of this file"
            ],
        ),
        (
            "identities: {a: {key: {command: [broken]}, send: 'X: $key'}}",
            ["identities.yaml:1:33: `broken` failed with exit code 3"],
        ),
        (
            "identities: {a: {header: 'X: ${EMPTY}'}, anonymous: {header: 'X: 1'}, 1: x}",
            [
                "identities.yaml:1:26: environment variable `EMPTY` is empty; export EMPTY=…",
                "identities.yaml:1:71: `1` cannot name an identity; a letter, then letters,"
                " digits, `_` and `-`",
                "identities.yaml:1:74: `1` must be a map; such as {username: …, password: …}",
            ],
        ),
        (
            "identities: {a: {header: 'X: 1'}, b: {header: 'X: 2'}}\n"
            "between: [a is pal of c, a likes b, a is pal of a]",
            [
                "identities.yaml:2:11: `c` is not an identity; known: `a`, `b`",
                "identities.yaml:2:26: write lines of `between` like `flo is follower of pia`",
                "identities.yaml:2:37: `a` is named on both sides; an identity is always its own"
                " owner",
            ],
        ),
        (
            "identities: {a: {header: 'X: 1', claims: [x], facts: {id: '${NO}'}}}\nbetween: x",
            [
                "identities.yaml:1:42: `claims` must be a map, not a list",
                "identities.yaml:1:59: environment variable `NO` is not set; export NO=…",
                "identities.yaml:2:10: `between` must be a list; a list of lines such as `flo is"
                " follower of pia`",
            ],
        ),
        (
            "login: {post: /in, json: [x], headers: {X: 1}, cookie: c}\n"
            "identities: {a: {k: {env: 5}, l: {file: empty}, m: 's3cr3t${NO}', send: 'X: $k'},"
            " b: {send: 'X: $k', k: {file: [x]}}}",
            [
                "identities.yaml:1:26: `json` must be a map; {username: $username, …}",
                "identities.yaml:1:40: `headers` must be a map of names and text",
                "identities.yaml:2:27: `env` takes the name of an environment variable",
                "identities.yaml:2:41: `empty` is empty",
                "identities.yaml:2:52: environment variable `NO` is not set; export NO=…",
                "identities.yaml:2:112: `file` must be a word, not a list",
            ],
        ),
        (
            "identities: {cleaner: {header: 'X: 1'}}\ncleaner: {header: 'X: 2', claim: c}",
            [
                "identities.yaml:2:10: there is already an identity called `cleaner`; rename that"
                " one",
                "identities.yaml:2:27: nothing uses `claim`; did you mean `claims`?",
            ],
        ),
        (
            "identites: {}\nwhoami: [x]",
            [
                "identities.yaml:1:1: the identities file has no key `identites`; did you mean"
                " `identities`?",
                "identities.yaml:1:1: the identities file has no `identities`; list the accounts"
                " that can log in",
                "identities.yaml:2:9: `whoami` must be a word, not a list",
            ],
        ),
        (
            "identities: {a: {oauth2: {token_url: t, grant: passwrd, scope: r}, command: [x]}}",
            [
                "identities.yaml:1:14: `a` has `oauth2` and `command`; give only one way to log in",
                "identities.yaml:1:26: `grant: client_credentials` needs `client_id`",
                "identities.yaml:1:26: `grant: client_credentials` needs `client_secret`",
                "identities.yaml:1:38: `t` is not a path; write `/t`, or `operation: t` if it is an"
                " operation id",
                "identities.yaml:1:48: `grant` must be `client_credentials` or `password` or"
                " `authorization_code` or `device_code` or `refresh_token`, not the"
                " word `passwrd`; did you mean `password`?",
            ],
        ),
    ],
)
def test_every_mistake_has_its_place_and_a_way_out(
    desk: Desk, text: str, expected: list[str]
) -> None:
    (desk.folder / "empty").write_text("\n")
    found = desk.problems(text, ANN_PASSWORD="s3cr3t", EMPTY="")
    assert sorted(found) == sorted(expected)
    assert "s3cr3t" not in str(found)


@pytest.mark.parametrize("value", ["!S3cr3t", "*S3cr3t", "@S3cr3t", "%S3cr3t", "`S3cr3t"])
def test_a_password_that_yaml_cannot_read_is_not_quoted(desk: Desk, value: str) -> None:
    (problem,) = desk.problems(f"identities:\n  ann:\n    password: {value}\n")
    assert problem.startswith("identities.yaml:3:15: a value that starts with")
    assert "S3cr3t" not in problem


def test_what_stands_in_the_path_of_who_am_i_is_no_secret(desk: Desk) -> None:
    """Others may read it, and a report need not hide the same text elsewhere."""
    found = desk.load(
        """
        whoami: /groups/$group
        identities:
          ann: {header: "Authorization: Bearer ${TOKEN}", group: crew-7781}
        """,
        TOKEN="a-token-of-ann",
    )
    assert found.secrets() == {"a-token-of-ann"}
    desk.path.chmod(0o644)
    assert load_identities(desk.path, environ={"TOKEN": "a-token-of-ann"}).warnings == ()


def test_a_literal_password_that_others_can_read_is_warned_of(desk: Desk) -> None:
    text = LOGIN + "identities:\n  ann: {username: ann, password: hunter2}\n"
    assert desk.load(text).warnings == ()
    desk.path.chmod(0o644)
    (warning,) = load_identities(desk.path, environ={}).warnings
    assert (warning.location.line, warning.location.column) == (3, 34)
    assert "hunter2" not in str(warning)
    desk.path.write_text("identities: {a: {login: {post: /i, json: {pass: hush}, token: /t}}}")
    (warning,) = load_identities(desk.path, environ={}).warnings
    assert warning.location.column == 49
    desk.path.write_text(text.replace("hunter2", "{env: P}"))
    assert load_identities(desk.path, environ={"P": "x"}).warnings == ()


# --------------------------------------------------------------------------- no secret shows


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(secret=st.text("abcdefXYZ0123456789#-_.", min_size=8, max_size=20))
def test_no_secret_in_any_repr(desk: Desk, secret: str) -> None:
    quoted = json.dumps(secret)
    found = desk.load(
        f"""
        identities:
          a: {{login: {{post: /in, json: {{p: $p, q: {{env: E}}}}, token: /t}}, p: {quoted}}}
          b: {{header: "Authorization: Bearer ${{E}}"}}
          c: {{send: "X-Api-Key: $key", key: {quoted}}}
          d: {{oauth2: {{token_url: /t, client_id: x, client_secret: {quoted}}}}}
          e: {{command: [print, {quoted}]}}
          f: {{login: {{post: /in, json: {{p: {quoted}}}, headers: {{k: {quoted}}}, token: /t}}}}
        """,
        E=secret,
    )
    assert secret in found.secrets()
    shown = repr(found) + str(found) + "".join(f"{each} {each!r}" for each in found.items.values())
    assert secret not in shown


def test_a_secret_shows_nowhere() -> None:
    secret = Secret("hunter2")
    assert f"{secret} {secret!r} %s" % secret == "<secret> <secret> <secret>"
    assert secret == Secret("hunter2") != Secret("hunter3")
    assert len({secret, Secret("hunter2")}) == 1
    with pytest.raises(TypeError):
        json.dumps(secret)


def test_an_identity_that_stands_twice_hides_no_other_mistake(desk: Desk) -> None:
    told = desk.problems(
        "identities:\n  ann: {header: 'X: a'}\n  ann: {}\n  bob: {headr: 'X: b'}\n"
    )
    said = " ".join(str(each) for each in told)
    assert "`ann` stands here twice" in said and "did you mean `header`?" in said


# --------------------------------------------------------------------------- owned objects


_KEY = 'identities:\n  ann:\n    header: "x-key: k"\n'
_RESOURCES = {
    "Doc": Resource("Doc", frozenset(), key="id", owner=Owner("field", ("writer",))),
    "Ride": Resource("Ride", frozenset(), key="id"),
    "Note": Resource("Note", frozenset(), owner=Owner("field", ("writer",))),
    "Member": Resource("Member", frozenset(), key="id", owner=Owner("field", ("id",))),
}


def test_owned_objects_are_read_by_their_keys_with_their_places(desk: Desk) -> None:
    desk.path.write_text(f"{_KEY}    owns: {{Doc: [d1, 7], Ride: 3}}\n")
    found = load_identities(desk.path, environ={}).items["ann"].owns
    assert [(each.resource, each.key, each.location.column) for each in found] == [
        ("Doc", "d1", 18), ("Doc", "7", 22), ("Ride", "3", 32),
    ]  # fmt: skip
    assert "d1" not in repr(found)


@pytest.mark.parametrize(
    ("line", "column", "words"),
    [
        ("[d1]", 11, "`owns` must be a map from resources to keys"),
        ("{Dok: [d1]}", 12, "`Dok` is not a resource; did you mean `Doc`?"),
        ("{Doc: []}", 17, "`Doc` lists no key"),
        ("{Doc: [d1, d1]}", 22, "an object of `Doc` is listed twice"),
        ("{Doc: [{a: 1}]}", 18, "the key of an object must be a word, a number or a boolean"),
        ("{Ride: 3}", 12, "the contract says that `Ride` is nobody's"),
        ("{Note: 3}", 12, "`Note` has no key, so no object of it can be named"),
        ("{Member: 3}", 12, "an object of `Member` is an account, and owns itself"),
    ],
)
def test_a_wrong_line_of_owns_is_told_with_its_place(
    desk: Desk, line: str, column: int, words: str
) -> None:
    desk.path.write_text(f"{_KEY}    owns: {line}\n")
    with pytest.raises(InputError) as caught:
        load_identities(desk.path, resources=_RESOURCES, environ={})
    (problem,) = caught.value.problems
    assert (problem.location.line, problem.location.column) == (4, column)
    assert str(problem).split(": ", 1)[1].startswith(words)


def test_a_caller_may_be_no_account(desk: Desk) -> None:
    desk.path.write_text(f"{_KEY}    account: none\n    whoami: partnerStatus\n")
    assert load_identities(desk.path, environ={}).items["ann"].whoami == "partnerStatus"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("account: none", "a caller without an account has no `whoami`; name what answers its"
         " credentials and nobody else"),
        ("account: ann", "`account` must be `none`, not the word `ann`"),
        ("whoami: me", "`whoami` belongs to `account: none`; an account is known by the `whoami` of"
         " the file"),
        ("account: none\n    whoami: me\n    owns: {Doc: d1}",
         "`owns` is of an account, and there is none"),
        ("account: none\n    whoami: me\n    facts: {id: 1}",
         "`facts` is of an account, and there is none"),
    ],
)  # fmt: skip
def test_a_mistake_about_a_caller_without_an_account_is_told(
    lines: str, expected: str, desk: Desk
) -> None:
    desk.path.write_text(f"{_KEY}    {lines}\n")
    with pytest.raises(InputError) as refused:
        load_identities(desk.path, environ={})
    assert expected in [str(each).partition(": ")[2] for each in refused.value.problems]


def test_basic_goes_with_each_request_and_its_password_is_a_secret(desk: Desk) -> None:
    text = """
    identities:
      ann: {username: ann, password: {env: P}, basic: "$username:$password"}
    """
    found = desk.load(text, P="ann-hunter2")
    (ann,) = found.items.values()
    (line,) = ann.sends
    assert ann.fill(line.value) == "Basic YW5uOmFubi1odW50ZXIy"
    assert ann.shell(line.value) == "Basic $ANN_BASIC"
    assert {"ann-hunter2", "YW5uOmFubi1odW50ZXIy"} <= found.secrets()


@pytest.mark.parametrize("line", ["ann", "$username:$pass"])
def test_a_wrong_pair_for_basic_is_named(desk: Desk, line: str) -> None:
    (said,) = desk.problems(f'identities: {{ann: {{username: ann, basic: "{line}"}}}}')
    assert "`basic` is a name and a password" in said
