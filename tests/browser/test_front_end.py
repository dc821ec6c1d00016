"""`oakum observe front-end` on pages whose use of their API is known."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import click
import pytest
from playwright.sync_api import Browser, Page

import cadence
from cadence.people import personas
from oakum.cli.demo_scans import serve_stage
from oakum.cli.driven_page_comparison import PageGrants
from oakum.cli.main import main
from oakum.errors import InputError
from oakum.frontend import drive
from oakum.frontend.drive import load_address, watch
from oakum.frontend.render import lines, plain
from oakum.frontend.usage import USED, Load, ReceivedResponse, Usage, Use, judge
from oakum.policy.contract import load
from tests import patience
from tests.browser import zoo
from tests.browser.zoo.figures import DOCS, SCORES, Score, table
from tests.chromium import browser as browser

pytestmark = [pytest.mark.browser, pytest.mark.server]
QUIET = 0.4
PATIENT = {"react": 1.0}
"""React shows what is loaded late a third of a second later."""


def quiet(name: str = "") -> float:
    """Seconds without a sign of the page after which it is done, on a machine as busy as this."""
    return PATIENT.get(name, QUIET) * max(1.0, patience.busy() / 2)


@pytest.fixture(autouse=True)
def _unhurried_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that is slow because the machine is busy is waited for until it is done."""
    for name in ("_UNREAD", "_UNQUIET"):
        monkeypatch.setattr(drive, name, getattr(drive, name) * max(1.0, patience.busy() / 2))


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    if zoo.can_build():
        zoo.build()
    with zoo.serving() as address:
        yield address


def of_truth(name: str, usage: Usage) -> list[tuple[Use, bool]]:
    """What was said of each field, and whether the page really uses it."""
    truth = zoo.truth(name)
    return [
        (field.use, field.path in truth.get(key, ()))
        for endpoint in usage.endpoints
        for key in [" ".join(filter(None, (endpoint.method, endpoint.path, endpoint.operation)))]
        for field in endpoint.fields
    ]


def score(name: str, usage: Usage) -> Score:
    found = of_truth(name, usage)

    def of(word: Use) -> tuple[int, int]:
        said = [is_used for use, is_used in found if use == word]
        return said.count(word in USED), len(said)

    used = sum(is_used for _, is_used in found)
    words = of("rendered"), of("read"), of("copied"), of("untouched")
    return Score(*words, used, len(found) - used)


def observed(browser: Browser, origin: str, name: str) -> Usage:
    found = watch(browser, load_address(f"{origin}/{name}/"), origin, quiet(name))
    assert found.load is not None, found.why
    return judge(found.load, origin)


def needs_npm(name: str) -> Any:
    missing = name in zoo.BUNDLED and not zoo.can_build()
    return pytest.param(name, marks=pytest.mark.skipif(missing, reason="no npm to build it with"))


@pytest.mark.parametrize("name", [needs_npm(name) for name in zoo.NAMES])
def test_a_page_uses_what_it_was_written_to_use(browser: Browser, origin: str, name: str) -> None:
    usage = observed(browser, origin, name)
    assert score(name, usage) == SCORES[name]
    # What is only copied may be used unseen; what is untouched is not.
    found = of_truth(name, usage)
    assert not any(is_used for use, is_used in found if use == "untouched")


def test_the_page_of_figures_says_what_is_measured() -> None:
    assert table() in DOCS.read_text(encoding="utf-8")


def test_no_value_leaves_the_browser_in_a_path_or_a_word(browser: Browser) -> None:
    api = {
        "GET /api/people/canary-1/posts": {
            "canary 2": {"a": 1}, "canary.3@example.com": "canary4",
            "by": {name: {"text": "canary5"} for name in ("canarya", "canaryb", "canaryc")},
        },
        "POST /graphql": {"data": {"name": "canary6"}},
    }  # fmt: skip
    page = b"""<title></title><script id=state type=application/json>{"x": "canary7"}</script>
      <script>(async () => {
        const answer = await (await fetch("/api/people/canary-1/posts?q=canary8#canary9")).json();
        const body = JSON.stringify({query: '{ me(name: "canary10") { name } }'});
        await (await fetch("/graphql", {method: "POST", body})).json();
        document.title = answer.by.canarya.text + { ...answer }["canary 2"].a;
        console.log(answer, JSON.parse(state.textContent).x);
      })()</script>"""
    with zoo.answering(api, page) as address:
        found = watch(browser, load_address(f"{address}/canary-11"), address, quiet())
    assert found.load is not None
    usage = judge(found.load, address)
    told = json.dumps(plain(usage)) + "\n".join(lines(usage))
    assert len(usage.endpoints) == 3
    assert "by.*.text" in told
    assert "canary" not in told


UNSEEN = b"""<p></p><script>
  const work = `onmessage = async ({ data }) => {
    const quota = await (await fetch("ORIGIN/api/quota")).json();
    postMessage(quota.used + data[0].likes);
  }`.replace("ORIGIN", location.origin);
  (async () => {
    const feed = await (await fetch("/api/feed")).json();
    const worker = new Worker(URL.createObjectURL(new Blob([work])));
    worker.onmessage = ({ data }) => { document.querySelector("p").textContent = data; };
    worker.postMessage(feed.posts);
    new Response((await fetch("/api/stream")).body).json();
    fetch("/api/blob").then((answer) => answer.blob());
  })();
</script>"""


def test_what_was_not_seen_is_not_called_unused(browser: Browser, origin: str) -> None:
    api: dict[str, Any] = {
        "GET /api/feed": {"posts": [{"likes": 3, "score": 12}], "cursor": "q7"},
        "GET /api/quota": {"used": 12, "plan": "free"},
        "GET /api/stream": {"a": 1},
        "GET /api/blob": {"b": 1},
    }
    with zoo.answering(api, UNSEEN) as address:
        found = watch(browser, load_address(address), address, 0.4)
    assert found.load is not None, found.why
    usage = judge(found.load, address)
    uses = {
        f"{endpoint.path} {field.path}": field.use
        for endpoint in usage.endpoints
        for field in endpoint.fields
    }
    assert uses["/api/quota plan"] == "unobserved"  # asked for in a worker without an address
    assert uses["/api/feed posts.*.score"] == "unobserved"  # sent there
    assert uses["/api/feed cursor"] == "untouched"
    for name in ("/api/stream a", "/api/blob b"):  # the browser keeps them, or does not
        assert uses.get(name, "unobserved") == "unobserved"
    assert usage.unheard + sum(use == "unobserved" for use in uses.values()) >= 5
    usage = observed(browser, origin, "worker")
    uses = {
        f"{endpoint.path} {field.path}": field.use
        for endpoint in usage.endpoints
        for field in endpoint.fields
    }
    assert uses["/api/notes notes.*.mood"] == "copied"  # and the copy was looked at
    assert uses["/api/feed posts.*.likes"] == "read"  # in a worker of the page's


FORMS = Path(__file__).parent / "forms"


def test_a_script_does_the_same_when_its_copies_are_followed(browser: Browser) -> None:
    page = (FORMS / "index.html").read_bytes()
    for kind in ("classic", "module"):
        page = page.replace(kind.upper().encode(), (FORMS / f"{kind}.js").read_bytes())
    user = {"a": 1, "b": "b", "list": [{"x": 0, "y": "p"}, {"x": 2, "y": "q"}], "deep": {"c": 3}}
    with zoo.answering({"GET /api": user}, page) as address:
        found = watch(browser, load_address(address), address, quiet())
    assert found.load is not None, found.why
    assert (found.load.followed, found.load.left) == (4, 0)


COPY = b"fetch('/api').then((a) => a.json()).then((user) => { const copy = { ...user }; %s })"
SHOW = b"document.querySelector('p').textContent = copy.on ? 'On' : 'Off'; "


@pytest.mark.parametrize(
    ("head", "script", "left", "use"),
    [
        (b"", COPY % SHOW, 0, "read"),
        (b"", COPY % (SHOW + b"/* <!-- */ class A { #x; m() { return #x in this; } }"), 0, "read"),
        (b"", COPY % (SHOW + b"if (0) { @@ }"), 1, "unsent"),  # no browser can read it either
        (
            b'<meta http-equiv="content-security-policy" content="script-src \'sha256-HASH\'">',
            COPY % SHOW, 1, "unobserved",
        ),
        # what a page makes of its own text is not followed, and the page stays as it is
        (b"", COPY % SHOW + b"; document.title = document.scripts[0].text.length", 1, "unobserved"),
    ],
)  # fmt: skip
def test_a_script_that_cannot_be_followed_runs_as_it_is_and_is_counted(
    browser: Browser, head: bytes, script: bytes, left: int, use: str
) -> None:
    digest = b64encode(sha256(script).digest())
    page = head.replace(b"HASH", digest) + b"<p></p><script>" + script + b"</script>"
    with zoo.answering({"GET /api": {"on": True}}, page) as address:
        found = watch(browser, load_address(address), address, quiet())
    assert found.load is not None, found.why
    usage = judge(found.load, address)
    assert usage.scripts_left == left
    assert [field.use for endpoint in usage.endpoints for field in endpoint.fields] == (
        [use] if use != "unsent" else []
    )


SLOW = b"""<p></p><script type=module>
  const late = () => { const until = performance.now() + 7; while (performance.now() < until); };
  const { user } = await (await fetch("/api")).json();
  const copy = Object.fromEntries(Object.keys(user).map((name) => {
    const each = [name, user[name]];
    late();
    return each;
  }));
  document.querySelector("p").textContent = copy.on ? "On" : "Off";
</script>"""


def test_a_copy_that_a_busy_machine_interrupts_is_followed(browser: Browser) -> None:
    user = {"on": True, **{f"member{n}": n for n in range(8)}}
    with zoo.answering({"GET /api": {"user": user}}, SLOW) as address:
        found = watch(browser, load_address(address), address, quiet())
    assert found.load is not None, found.why
    (endpoint,) = judge(found.load, address).endpoints
    uses = {field.path: field.use for field in endpoint.fields}
    assert uses.pop("user.on") == "read"
    assert set(uses.values()) == {"copied"}


def test_a_page_that_shows_the_instrument_is_discarded(browser: Browser) -> None:
    page = b"""<p></p><script>
      document.querySelector("p").textContent = /native/.test(`${fetch}`) && `${JSON.parse}`;
      document.querySelector("p").textContent += new Error().stack.length + Error.stackTraceLimit;
      fetch("/api").then((answer) => answer.json()).then((value) => {
        try { structuredClone(new Proxy(value, {})); } catch (error) {
          document.querySelector("p").textContent = error.name;
        }
      });</script>"""
    with zoo.answering({"GET /api": {"a": {"b": 1}}}, page) as address:
        found = watch(browser, load_address(address), address, quiet())
    assert found.load is None
    assert "behaves differently under observation" in found.why


def test_a_page_that_is_never_twice_alike_is_told_so(browser: Browser) -> None:
    page = b"<p></p><script>document.querySelector('p').textContent = Math.random()</script>"
    with zoo.answering({}, page) as address:
        found = watch(browser, load_address(address), address, quiet())
    assert found.load is None
    assert "from load to load" in found.why


SCRIPT = """
import os

def drive(page):
    page.goto("/")
    page.get_by_label("Name or e-mail").fill(os.environ["MEMBER"])
    page.get_by_label("Password").fill(os.environ["MEMBER_PASSWORD"])
    page.get_by_role("button", name="Log in").click()
    page.get_by_label("Private profile").wait_for()
    page.get_by_role("link", name="Class").click()
    page.get_by_role("heading", name="Leaderboard").wait_for()
"""


def run(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """In a process of its own: one process drives one browser."""
    command = [sys.executable, "-m", "oakum", "observe", "front-end", *arguments]
    environment = {**os.environ, **environ}
    pipe = subprocess.PIPE
    return patience.run(command, env=environment, stdout=pipe, stderr=pipe, seconds=60)


def test_the_members_page_uses_little_of_what_it_is_sent(tmp_path: Path) -> None:
    cadence.write_kit(tmp_path, 1)
    (tmp_path / "ann.py").write_text(SCRIPT, encoding="utf-8")
    name, password = personas(1)["ann"]
    with serve_stage("1", 20, dict(os.environ)) as address:
        done = run(
            "--script", str(tmp_path / "ann.py"), "--target", address, "--quiet-for", "0.2",
            "--contract", str(tmp_path / "exposure.yaml"), "--format", "json",
            MEMBER=name, MEMBER_PASSWORD=password,
        )  # fmt: skip
    assert done.returncode == 1, done.stderr
    found = json.loads(done.stdout)
    uses = {
        (endpoint["operation"], field["path"]): field["use"]
        for endpoint in found["endpoints"]
        for field in endpoint["fields"]
    }
    assert uses["getMe", "birthday"] == uses["getMe", "weight"] == "untouched"
    assert uses["getMe", "location"] == "rendered"
    assert uses["getWorkoutDetails", "data.*.user.location"] == "rendered"
    assert uses["getWorkoutDetails", "data.*.user.weight"] == "copied"
    rows = {(row["viewer"], row["field"]): row for row in found["difference"]}
    assert rows["owner", "birthday"]["verdicts"] == ["excess", "wide"]
    assert rows["owner", "location"]["verdicts"] == []
    assert rows["anyone", "weight"]["verdicts"] == ["leak"]
    lines = (tmp_path / "exposure.yaml").read_text(encoding="utf-8").splitlines()
    assert "birthday, weight" in lines[rows["anyone", "weight"]["line"] - 1]
    assert name not in done.stdout
    assert password not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "give a --page to load, or a --script"),
        (["--page", "example.com"], "is not a URL such as"),
        (["--page", "http://127.0.0.1:9/", "--page", "http://127.0.0.2:9/"], "--target"),
        (["--page", "http://127.0.0.1:9/", "--browser", "nowhere"], "cannot be started"),
        (["--script", "{}/none.py", "--target", "http://127.0.0.1:9"], "cannot be read"),
        (["--script", "{}/odd.py", "--target", "http://127.0.0.1:9"], "odd.py:1:"),
        (["--script", "{}/bare.py", "--target", "http://127.0.0.1:9"], "no function `drive`"),
    ],
)
def test_a_mistake_is_the_users_and_named(arguments: list[str], said: str, tmp_path: Path) -> None:
    (tmp_path / "odd.py").write_text("def drive(page:\n", encoding="utf-8")
    (tmp_path / "bare.py").write_text("x = 1\n", encoding="utf-8")
    try:
        given = [each.format(tmp_path) for each in arguments]
        code = main.main(["observe", "front-end", *given], standalone_mode=False)
        pytest.fail(f"it ended with {code}")
    except click.ClickException as error:
        assert said in error.format_message()
    except InputError as error:
        assert said in str(error)


def test_a_script_that_fails_is_named_without_a_word_of_the_page(tmp_path: Path) -> None:
    script = tmp_path / "drive.py"
    script.write_text("def drive(page):\n    raise ValueError('canary')\n", encoding="utf-8")
    done = run("--script", str(script), "--target", "http://127.0.0.1:9")
    assert done.returncode == 3
    assert "drive.py:2" in done.stderr
    assert "canary" not in done.stdout + done.stderr


def test_what_a_page_did_is_known_when_it_has_gone(browser: Browser) -> None:
    page = b"""<p></p><a href="/next">next</a><script>
      if (location.pathname === "/")
        fetch("/api").then((answer) => answer.json()).then((value) => {
          document.querySelector("p").textContent = `${value.name} ${value.age > 3}`;
        });</script>"""

    def steps(opened: Page) -> None:
        opened.goto("/")
        opened.get_by_text("Quill true").wait_for()
        opened.get_by_role("link").click()

    with zoo.answering({"GET /api": {"name": "Quill", "age": 4, "city": "Oslo"}}, page) as address:
        found = watch(browser, steps, address, quiet())
    assert found.load is not None, found.why
    (endpoint,) = judge(found.load, address).endpoints
    assert {each.path: each.use for each in endpoint.fields} == {
        "name": "rendered", "age": "read", "city": "untouched"
    }  # fmt: skip


POLICY = """
exposure: 1
api: openapi.yaml
caller: {claim: sub}
relations: {anyone: {}, owner: {is: owner}}
resources:
  Rider:
    key: id
    owner: id
    fields:
      id, name: [{see: [anyone]}]
      city: [{see: [owner]}]
"""
DOCUMENT = """
openapi: 3.1.0
info: {title: t, version: "1"}
paths:
  /riders/{id}:
    get:
      operationId: getRider
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses:
        "200":
          description: d
          content: {application/json: {schema: {$ref: "#/components/schemas/Rider"}}}
components:
  schemas:
    Rider:
      type: object
      properties:
        id: {type: string}
        name: {type: string}
        city: {type: string}
        weight: {type: integer}
"""
RIDER = b'{"id": "7", "name": "Ann", "city": "Oslo", "weight": 62}'


def _seen_with(*claims: str) -> Usage:
    """What a page got that sent a token for each of these claims."""
    heads = [
        f"Bearer e30.{urlsafe_b64encode(each.encode()).decode().strip('=')}.x" for each in claims
    ]
    heard = [
        ReceivedResponse(
            "GET", "http://127.0.0.1/riders/7", 200, RIDER, headers={"authorization": head}
        )
        for head in heads
    ]
    return judge(Load(tuple(heard), ()), "http://127.0.0.1")


def test_who_looked_is_known_by_the_token_or_by_the_users_word(tmp_path: Path) -> None:
    (tmp_path / "openapi.yaml").write_text(DOCUMENT, encoding="utf-8")
    (tmp_path / "exposure.yaml").write_text(POLICY, encoding="utf-8")
    held = PageGrants(load(tmp_path / "exposure.yaml"))
    usage = _seen_with('{"sub": "7"}')
    rows = {row.field: (row.viewer, row.verdicts) for row in held.rows(usage, held.caller(usage))}
    assert rows["city"][0] == "owner"
    assert rows["weight"] == ("owner", ("leak",))
    stranger = held.caller(usage, "8")
    assert {row.field for row in held.rows(usage, stranger) if "leak" in row.verdicts} == {
        "city", "weight"
    }  # fmt: skip
    two = _seen_with('{"sub": "7"}', '{"sub": "8"}')
    assert not held.caller(two).is_known
    assert not held.caller(_seen_with("{}")).is_known


def test_what_a_page_sends_is_used(browser: Browser) -> None:
    page = b"""<p></p><script type=module>
      const { me, filter, other } = await (await fetch("/api")).json();
      await (await fetch(`/save?${new URLSearchParams(filter)}`, {
        method: "POST", body: JSON.stringify({ ...me, at: 1 }),
      })).text();
      document.querySelector("p").textContent = JSON.stringify({ ...other }).length > 2;
    </script>"""
    api = {
        "GET /api": {"me": {"id": 4, "on": True}, "filter": {"page": 2}, "other": {"x": 1}},
        "POST /save?page=2": {},
    }
    with zoo.answering(api, page) as address:
        found = watch(browser, load_address(address), address, quiet())
    assert found.load is not None, found.why
    uses = {field.path: field.use for field in judge(found.load, address).endpoints[0].fields}
    assert uses == {"me.id": "read", "me.on": "read", "filter.page": "read", "other.x": "copied"}


@pytest.mark.parametrize(
    "taken",
    [
        b"await caches.open('c').then((c) => c.put('/x', came));"
        b" const got = await (await caches.match('/x')).json();",
        b"const frame = document.body.appendChild(document.createElement('iframe'));"
        b" const got = await frame.contentWindow.Response.prototype.json.call(came);",
        b"const twin = came.clone(); await caches.open('c').then((c) => c.put('/x', twin));"
        b" const got = await (await caches.match('/x')).json();",
    ],
    ids=["cache", "frame", "clone"],
)
def test_a_body_that_is_taken_out_of_sight_is_not_called_unused(
    browser: Browser, taken: bytes
) -> None:
    page = (
        b"<p></p><script type=module>const came = await fetch('/api');"
        + taken
        + b"document.querySelector('p').textContent = got.age > 3;</script>"
    )
    with zoo.answering({"GET /api": {"age": 4, "city": "Oslo"}}, page) as address:
        found = watch(browser, load_address(address), address, quiet())
    assert found.load is not None, found.why
    usage = judge(found.load, address)
    uses = {each.use for endpoint in usage.endpoints for each in endpoint.fields}
    # A browser that has no time does not always keep such a body: then that much is said.
    assert uses == {"unobserved"} if usage.endpoints else usage.unheard == 1


LOOPS = """
  const labels = new Map([["flag", "Flag"], ["built", "Built"], ["cargo", "Cargo"]]);
  const papers = ships.flatMap((ship) => Object.entries(structuredClone(ship)))
    .filter(([key]) => labels.has(key))
    .map(([key, value]) => labels.get(key) + (value ? "!" : "?"));
  for (const key in guest) words.push(guest[key] ? "y" : "n");
  const kept = {};
  for (const [key, value] of Object.entries(order)) kept[key] = value;
  words.push(ships.map((ship) => ship.id > 1), guest.id > 1, kept.open ? "open" : "shut", papers);
"""
MEMBERS = """
  const rows = ships.map((each) => ({ ...each, mine: each.id === order.id }));
  words.push(rows.map((row) => (row.cargo ? "full" : "empty") + row.mine));
  const line = (member) => (member.built > 1990 ? "new" : "old");
  words.push(ships.map((each) => line({ ...each, ...{ rank: 1 } })), order.open);
"""
FORM = """
  const values = {};
  const take = (from, name) => from[name];
  const give = (to, name, value) => { to[name] = value; };
  for (const name of Object.keys(guest)) give(values, name, take(guest, name));
  for (const { name } of [...document.forms[0].elements]) {
    const value = take(values, name), control = document.forms[0][name];
    give(values, name, value);
    give(control, control.type === "checkbox" ? "checked" : "value", value);
  }
"""


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (LOOPS, {
            "ships.*.flag": "read", "ships.*.built": "read", "ships.*.cargo": "read",
            "ships.*.id": "read", "ships.*.debt": "copied", "guest.bed": "unobserved",
            "guest.late": "unobserved", "guest.risk": "unobserved", "guest.id": "read",
            "order.id": "copied", "order.open": "read", "order.tax": "copied",
        }),
        (MEMBERS, {
            "ships.*.flag": "copied", "ships.*.built": "read", "ships.*.cargo": "read",
            "ships.*.id": "read", "ships.*.debt": "copied", "guest.bed": "untouched",
            "guest.late": "untouched", "guest.risk": "untouched", "guest.id": "untouched",
            "order.id": "read", "order.open": "read", "order.tax": "untouched",
        }),
        (FORM, {
            "ships.*.flag": "untouched", "ships.*.built": "untouched", "ships.*.cargo": "untouched",
            "ships.*.id": "untouched", "ships.*.debt": "untouched", "guest.bed": "rendered",
            "guest.late": "rendered", "guest.risk": "copied", "guest.id": "copied",
            "order.id": "untouched", "order.open": "untouched", "order.tax": "untouched",
        }),
    ],
    ids=["loops", "members", "form"],
)  # fmt: skip
def test_what_a_loop_a_copy_or_a_form_takes_is_never_called_excess_where_it_is_used(
    browser: Browser, script: str, expected: dict[str, Use]
) -> None:
    api = {"GET /api": {
        "ships": [{"id": n, "flag": "NO", "built": 1989 + n, "cargo": n > 1, "debt": n}
                  for n in (1, 2, 3)],
        "guest": {"id": 2, "bed": "d", "late": True, "risk": 3},
        "order": {"id": 3, "open": True, "tax": 7},
    }}  # fmt: skip
    page = f"""<p></p><form><select name=bed><option value=s>single<option value=d>double</select>
      <input type=checkbox name=late></form><script type=module>
      const {{ ships, guest, order }} = await (await fetch("/api")).json(), words = [];
      {script}
      document.querySelector("p").textContent = words;</script>"""
    with zoo.answering(api, page.encode()) as address:
        found = watch(browser, load_address(address), address, quiet())
    assert found.load is not None, found.why
    (endpoint,) = judge(found.load, address).endpoints
    assert {field.path: field.use for field in endpoint.fields} == expected
