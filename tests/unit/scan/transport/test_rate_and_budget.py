"""The rate and the budget of a scan, and what it does where the target throttles or fails."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import partial
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oakum.errors import ExitCode, TargetError
from oakum.exchange import Request, Response
from oakum.scan.limits import BudgetSpent
from oakum.scan.requests.called_operation import NOTHING
from oakum.scan.transport.client import HttpTransport
from oakum.scan.transport.connection_errors import NoAnswerError, Unreachable
from oakum.scan.transport.health import Health
from oakum.scan.transport.rate_and_budget import Governor, together
from tests.patience import patient
from tests.scan import servers
from tests.scan.servers import serve


class Script:
    """A transport that plays answers (or raises errors) in order, and a clock that it moves."""

    def __init__(self, answers: Iterable[Response | Exception | int]) -> None:
        self.answers = iter(answers)
        self.now = 100.0
        self.slept: list[float] = []
        self.times: list[float] = []

    def send(self, request: Request) -> Response:
        self.times.append(self.now)
        answer = next(self.answers)
        if isinstance(answer, Exception):
            raise answer
        return Response(answer) if isinstance(answer, int) else answer

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        if seconds > 1e-6:  # not the pause of a rate that is as good as none
            self.slept.append(round(seconds, 3))
        self.now += seconds

    def governor(
        self, rate: float = 1e9, budget: int = 1000, name: Callable[[Request], str] = NOTHING
    ) -> Governor:
        return Governor(self, rate, budget, self.clock, self.sleep, name)


ASK = Request("GET", "http://t/x")


def throttled(after: str | None, status: int = 429, **more: str) -> Response:
    headers = {"retry-after": after, **more} if after is not None else {}
    return Response(status, headers)


def test_the_rate_is_kept() -> None:
    script = Script([200] * 4)
    governor = script.governor(rate=2)
    for _ in range(4):
        governor.send(ASK)
    assert script.times == [100.0, 100.5, 101.0, 101.5]
    assert governor.sent == 4


def test_safe_requests_count_as_no_writes() -> None:
    governor = Script([200] * 3).governor()
    for method in ("GET", "QUERY", "POST"):
        governor.send(Request(method, "http://a.test/"))
    assert sum(governor.written.values()) == 1


def test_the_budget_ends_it() -> None:
    governor = Script([200] * 3).governor(budget=2)
    governor.send(ASK)
    governor.send(ASK)
    with pytest.raises(BudgetSpent, match="the budget of 2 requests is spent") as caught:
        governor.send(ASK)
    assert governor.sent == 2
    assert caught.value.exit_code is ExitCode.NOT_TRUSTWORTHY


def test_requests_of_the_budget_are_kept_for_what_comes_after() -> None:
    governor = Script([200] * 3).governor(budget=3)
    with (
        pytest.raises(BudgetSpent, match="the budget of 3 requests is spent"),
        governor.hold(1),
    ):
        assert governor.requests_left == 2
        for _ in range(3):
            governor.send(ASK)
    assert governor.sent == 2 and governor.requests_left == 1
    governor.send(ASK)


@pytest.mark.parametrize(
    ("answer", "wait"),
    [
        (throttled("7"), 7),
        (throttled("7", 503), 7),
        (throttled("9999"), 30),
        (throttled(None), 1),
        (throttled("soon"), 1),
        (
            throttled(
                format_datetime(datetime(2026, 1, 1, 0, 0, 12, tzinfo=UTC), usegmt=True),
                date=format_datetime(datetime(2026, 1, 1, tzinfo=UTC), usegmt=True),
            ),
            12,
        ),
    ],
)
def test_retry_after_is_waited_out(answer: Response, wait: float) -> None:
    script = Script([answer, 200])
    assert script.governor().send(ASK).status == 200
    assert script.slept[0] == wait


def test_throttling_halves_the_rate_and_then_ends_the_run() -> None:
    script = Script([throttled("1")] * 4)
    governor = script.governor(rate=8)
    with pytest.raises(TargetError, match="the target limits the rate: still 429 after 4 tries"):
        governor.send(ASK)
    assert (governor.sent, governor.rate) == (4, 4)
    assert [each for each in script.slept if each >= 1] == [1, 1, 1]  # not before giving up
    for _ in range(9):
        script.answers = iter([throttled("0"), Response(200)])
        governor.send(ASK)
    assert governor.rate == Governor.SLOWEST


def test_a_503_without_retry_after_is_an_answer() -> None:
    script = Script([503])
    assert script.governor().send(ASK).status == 503
    assert not script.slept


def test_a_failing_target_is_spared() -> None:
    script = Script([200] * 15 + [500] * 30)
    governor = script.governor()
    with pytest.raises(TargetError, match="10 of the last 20 answers were server errors"):
        for _ in range(45):
            governor.send(ASK)
    assert governor.sent == 26  # one more, to see whether anything is answered still


@pytest.mark.parametrize(
    "answers",
    [
        [500] * 14 + [200] * 20,  # the first five do not count
        [200, 200, 500] * 20,  # a third
        [501] * 40,  # not implemented: no failure
    ],
)
def test_some_errors_are_borne(answers: list[int]) -> None:
    governor = Script(answers).governor()
    for _ in answers:
        governor.send(ASK)
    assert governor.sent == len(answers)


LATE = NoAnswerError("`http://t` did not answer a GET within 10 s")


def _path(request: Request) -> str:
    return request.url.removeprefix("http://t")


def _at(path: str, method: str = "GET") -> Request:
    return Request(method, f"http://t{path}")


def test_a_read_that_hangs_once_is_sent_once_more() -> None:
    script = Script([200, LATE, 201, 202])
    governor = script.governor(name=_path)
    assert [governor.send(_at("/a")).status for _ in range(3)] == [200, 201, 202]
    assert governor.sent == 4 and not governor.spares(_at("/a"))


def test_an_operation_that_hangs_is_left_alone_while_others_answer() -> None:
    script = Script([200, LATE, LATE, 200, 203])
    governor = script.governor(name=_path)
    governor.send(_at("/a"))
    assert governor.send(_at("/b")).status == 504
    assert governor.send(_at("/b")).status == 504 and governor.sent == 4
    assert "no answer in time" in governor.spares(_at("/b"))
    assert governor.send(_at("/a")).status == 203 and not governor.spares(_at("/a"))


def test_a_target_that_hangs_ends_it() -> None:
    for answers in (
        [LATE],  # from the start: another address, or a server that is not up
        [200, LATE, LATE, LATE],  # nothing else is answered either
        [200, *[LATE, LATE, 200] * Governor.HANGING, LATE, LATE],  # too many operations
    ):
        governor = Script(answers).governor(name=_path)
        with pytest.raises(Unreachable, match="did not answer"):
            for n in range(9):
                governor.send(_at(f"/{n}"))


def test_a_write_that_hangs_is_not_repeated() -> None:
    script = Script([200, LATE])
    governor = script.governor(name=_path)
    governor.send(_at("/a"))
    with pytest.raises(Unreachable):
        governor.send(_at("/b", "PUT"))
    assert governor.sent == 2


def test_what_is_restored_is_read_though_its_operation_has_hung() -> None:
    script = Script([200, LATE, LATE, 200, 205])
    governor = script.governor(name=_path)
    governor.send(_at("/a"))
    governor.send(_at("/b"))
    with governor.reserve(5):
        assert governor.send(_at("/b")).status == 205


def test_a_restart_is_waited_for() -> None:
    gone = Unreachable("nothing listens", again=True)
    script = Script([200, gone, gone, 200])
    governor = script.governor()
    governor.send(ASK)
    assert governor.send(ASK).status == 200
    assert script.slept == [1, 2]
    assert governor.sent == 4


def test_a_target_that_is_gone_is_waited_for_once_and_used_when_it_is_back() -> None:
    gone = Unreachable("nothing listens", again=True)
    script = Script([200, *[gone] * 4, *[gone] * 3, 200, gone, 200])
    governor = script.governor()
    governor.send(ASK)
    for _ in range(4):
        with pytest.raises(Unreachable):
            governor.send(ASK)
    assert script.slept == [1.0, 2.0, 4.0]
    assert governor.sent == 8
    assert governor.send(ASK).status == 200
    assert governor.send(ASK).status == 200  # waited for anew
    assert script.slept == [1.0, 2.0, 4.0, 1.0]


def test_putting_back_waits_for_a_target_that_is_gone_and_not_without_end() -> None:
    script = Script([200, *[Unreachable("nothing listens", again=True)] * 30])
    governor = script.governor()
    governor.send(ASK)
    with pytest.raises(Unreachable):
        governor.send(ASK)
    with governor.reserve(20):
        for _ in range(9):
            with pytest.raises(Unreachable):
                governor.send(ASK)
    assert script.slept == [1.0, 2.0, 4.0] * 2


def test_a_target_that_is_gone_and_slow_to_say_so_is_not_tried_each_time() -> None:
    script = Script([200])
    governor = script.governor()
    governor.send(ASK)
    tries: list[float] = []

    def silent(request: Request) -> Response:
        tries.append(script.now)
        script.now += 10.0
        raise Unreachable("no connection", again=True)

    script.send = silent  # type: ignore[method-assign]
    for _ in range(9):
        with pytest.raises(Unreachable):
            governor.send(ASK)
    assert len(tries) == 4
    script.now += 101.0
    with pytest.raises(Unreachable):
        governor.send(ASK)
    assert len(tries) == 5


@pytest.mark.parametrize(
    ("before", "again", "sent"),
    [([], True, 1), ([200], False, 2), ([200], True, 5)],
    ids=["never there", "may have been done", "stays away"],
)
def test_an_unreachable_target_ends_it(before: list[int], again: bool, sent: int) -> None:
    script = Script([*before, *[Unreachable("gone", again=again)] * 9])
    governor = script.governor()
    for _ in before:
        governor.send(ASK)
    with pytest.raises(Unreachable):
        governor.send(ASK)
    assert governor.sent == sent


def test_a_real_server_that_throttles() -> None:
    slept: list[float] = []
    with serve(servers.Throttle(2)) as server, HttpTransport(server.url) as http:
        governor = Governor(http, 10_000, 10, sleep=slept.append)
        assert governor.send(Request("GET", server.url)).status == 200
    assert [each for each in slept if each >= 1] == [7, 7]


def test_a_target_that_fails_is_not_given_up_while_settings_are_put_back() -> None:
    script = Script([*[200] * 6, *[500] * 30])
    governor = script.governor(budget=6)
    for _ in range(6):
        governor.send(ASK)
    with governor.reserve(30):
        for _ in range(30):
            governor.send(ASK)
    with pytest.raises(BudgetSpent):
        governor.send(ASK)


def test_a_good_answer_is_not_blamed_for_the_bad_ones_before_it() -> None:
    governor = Script([*[200] * 5, *[500] * 11, 200]).governor()
    for _ in range(14):
        governor.send(ASK)
    with pytest.raises(TargetError, match="the target is failing"):
        governor.send(ASK)
    assert governor.send(ASK).status == 200


class Town:
    """A target some of whose operations fail; `down`: from this request on, all do."""

    def __init__(self, failing: Mapping[str, int], down: int = 10**6) -> None:
        self.failing, self.down = failing, down
        self.asked: list[str] = []

    def send(self, request: Request) -> Response:
        path = request.url.removeprefix("http://t")
        self.asked.append(path)
        if len(self.asked) > self.down:
            return Response(503)
        return Response(self.failing.get(path, 200))

    def governor(self) -> Governor:
        return Governor(self, 1e9, 10_000, lambda: 0.0, lambda seconds: None)


HOUSES = ["/a", "/b", "/c", "/d", "/e"]


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.sampled_from(HOUSES), min_size=40, max_size=120),
    st.sets(st.sampled_from(HOUSES[1:])),
)
def test_operations_that_fail_by_themselves_never_end_a_run(
    asked: list[str], failing: set[str]
) -> None:
    town = Town(dict.fromkeys(failing, 500))
    governor = town.governor()
    for path in ["/a", *asked]:
        wanted = 500 if path in failing else 200
        assert governor.send(Request("GET", f"http://t{path}")).status == wanted


@settings(max_examples=50, deadline=None)
@given(st.integers(6, 40), st.lists(st.sampled_from(HOUSES), min_size=70, max_size=70))
def test_a_target_that_fails_as_a_whole_ends_it_after_few_more_requests(
    down: int, asked: list[str]
) -> None:
    town = Town({}, down)
    governor = town.governor()
    with pytest.raises(TargetError, match="the target is failing"):
        for path in asked:
            governor.send(Request("GET", f"http://t{path}"))
    assert len(town.asked) <= down + Health.WINDOW + 1


def test_a_target_that_has_never_answered_ends_it() -> None:
    governor = Town({}, 0).governor()
    with pytest.raises(TargetError, match="the target is failing"):
        for number in range(20):
            governor.send(Request("GET", f"http://t/{'abcd'[number % 4]}"))


def test_an_operation_that_gives_nothing_but_server_errors_is_spared() -> None:
    governor = Town({"/b": 500}).governor()
    for _ in range(5):
        assert governor.spares(Request("GET", "http://t/b")) == ""
        governor.send(Request("GET", "http://t/b"))
    assert "only server errors" in governor.spares(Request("GET", "http://t/b"))
    assert governor.spares(Request("GET", "http://t/a")) == ""


def test_an_operation_that_has_answered_once_is_asked_on() -> None:
    town = Town({})
    governor = town.governor()
    governor.send(Request("GET", "http://t/b"))
    town.failing = {"/b": 500}
    for _ in range(8):
        governor.send(Request("GET", "http://t/b"))
    assert governor.spares(Request("GET", "http://t/b")) == ""


def test_one_operation_that_throttles_on_and_on_is_left_alone() -> None:
    governor = Town({"/b": 429}).governor()
    governor.send(Request("GET", "http://t/a"))
    assert governor.send(Request("GET", "http://t/b")).status == 429
    assert "limits the rate" in governor.spares(Request("GET", "http://t/b"))
    assert governor.send(Request("GET", "http://t/a")).status == 200


class Mute(Town):
    """A target that gives some operations no answer."""

    def send(self, request: Request) -> Response:
        answer = super().send(request)
        if answer.status == 0:
            raise NoAnswerError("no answer")
        return answer


def test_an_operation_whose_reads_alone_get_no_answer_is_left_alone() -> None:
    governor = Mute({"/b": 0}).governor()
    governor.send(Request("GET", "http://t/a"))
    assert governor.send(Request("GET", "http://t/b")).status == 504
    assert "no answer in time" in governor.spares(Request("GET", "http://t/b"))
    assert governor.send(Request("GET", "http://t/a")).status == 200


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_target_that_answers_nothing_any_more_or_a_write_ends_it(method: str) -> None:
    town = Mute({"/b": 0})
    governor = town.governor()
    governor.send(Request("GET", "http://t/a"))
    town.failing = {"/b": 0, "/a": 0 if method == "GET" else 200}
    with pytest.raises(NoAnswerError):
        governor.send(Request(method, "http://t/b"))


def test_a_target_that_throttles_everything_ends_it() -> None:
    town = Town({})
    governor = town.governor()
    governor.send(Request("GET", "http://t/a"))
    town.failing = dict.fromkeys(HOUSES, 429)
    with pytest.raises(TargetError, match="still 429"):
        governor.send(Request("GET", "http://t/b"))


class Crowd:
    """A target that many threads ask, and a clock that only their pauses move.

    `moments` are the readings of the clock with which each request was let through: the last that
    its thread took.
    """

    def __init__(self, statuses: Iterable[int] = ()) -> None:
        self.now = 100.0
        self.moments: list[float] = []
        self.statuses = list(statuses)
        self._lock = threading.Lock()
        self._own = threading.local()

    def clock(self) -> float:
        time.sleep(0)  # another thread may go on first
        with self._lock:
            self._own.read = self.now
            return self.now

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.now += seconds

    def send(self, request: Request) -> Response:
        with self._lock:
            self.moments.append(self._own.read)
            status = self.statuses.pop() if self.statuses else 200
        return Response(status, {"retry-after": "1"} if status == 429 else {})


def ask_at_once(governor: Governor, threads: int, each: int) -> list[BaseException]:
    """Ask `each` times in each of so many threads; what was raised in them."""
    raised: list[BaseException] = []

    def work() -> None:
        for _ in range(each):
            try:
                governor.send(ASK)
            except (BudgetSpent, TargetError) as error:
                raised.append(error)

    workers = [threading.Thread(target=work) for _ in range(threads)]
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    finally:
        sys.setswitchinterval(before)
    return raised


def most_in_a_second(moments: list[float]) -> int:
    moments = sorted(moments)
    return max(sum(start <= at < start + 1 - 1e-6 for at in moments) for start in moments)


LAW = settings(max_examples=40, deadline=None)
MANY = st.integers(1, 8)
RATES = st.integers(1, 20)
BUSY = settings(max_examples=30, deadline=None)


@BUSY
@given(MANY, st.integers(1, 10), RATES, st.integers(0, 60))
def test_no_number_of_threads_asks_more_than_the_rate_and_the_budget(
    threads: int, each: int, rate: int, budget: int
) -> None:
    crowd = Crowd()
    governor = Governor(crowd, rate, budget, crowd.clock, crowd.sleep)
    raised = ask_at_once(governor, threads, each)
    wanted = threads * each
    assert len(crowd.moments) == governor.sent == min(wanted, budget)
    assert len(raised) == max(wanted - budget, 0)
    assert all(isinstance(error, BudgetSpent) for error in raised)
    assert governor.requests_left == max(budget - wanted, 0)
    if crowd.moments:
        assert most_in_a_second(crowd.moments) <= rate
        # nor slower: one request after the other, without a gap
        assert crowd.now == pytest.approx(100 + (len(crowd.moments) - 1) / rate)


@BUSY
@given(MANY, st.integers(1, 6), RATES, st.lists(st.sampled_from([200, 429, 404]), max_size=12))
def test_where_the_target_throttles_threads_ask_no_faster_and_within_the_budget(
    threads: int, each: int, rate: int, statuses: list[int]
) -> None:
    crowd = Crowd(statuses)
    governor = Governor(crowd, rate, 40, crowd.clock, crowd.sleep)
    raised = ask_at_once(governor, threads, each)
    assert len(crowd.moments) == governor.sent <= 40
    assert most_in_a_second(crowd.moments) <= rate
    assert 0 < governor.rate <= rate
    assert governor.rate == rate or 429 in statuses
    assert governor.rate >= min(rate, Governor.SLOWEST)
    assert bool(raised) <= (governor.sent == 40 or 429 in statuses)


@LAW
@given(RATES, st.lists(st.floats(0, 3), min_size=1, max_size=40))
def test_time_that_passes_while_a_thread_is_held_up_lets_no_two_through_at_once(
    rate: int, lost: list[float]
) -> None:
    class Held(Crowd):
        def clock(self) -> float:
            self.now += lost.pop() if lost else 0
            return super().clock()

    crowd = Held()
    governor = Governor(crowd, rate, 99, crowd.clock, crowd.sleep)
    for _ in range(12):
        governor.send(ASK)
    for one, other in pairwise(crowd.moments):
        assert other - one >= 1 / rate - 1e-9


@BUSY
@given(MANY, st.integers(1, 5), st.integers(0, 10), st.integers(0, 20))
def test_what_is_reserved_for_putting_back_is_neither_kept_nor_taken_from_the_budget(
    threads: int, each: int, budget: int, reserve: int
) -> None:
    crowd = Crowd()
    governor = Governor(crowd, 1000, budget, crowd.clock, crowd.sleep)
    ask_at_once(governor, threads, each)
    first = governor.sent
    with governor.reserve(reserve):
        ask_at_once(governor, threads, each)
    assert first == min(threads * each, budget)
    assert governor.sent == min(first + threads * each, budget + reserve)
    assert governor.budget == budget


def test_what_a_bare_answer_asks_to_be_waited_for_holds_for_other_threads() -> None:
    crowd = Crowd([429])
    governor = Governor(crowd, 1000, 100, crowd.clock, crowd.sleep)
    with governor.bare():
        assert governor.send(ASK).status == 429
    assert ask_at_once(governor, 4, 2) == []
    assert min(crowd.moments[1:]) >= crowd.moments[0] + 1


@LAW
@given(st.lists(st.sampled_from(["answers", "fails"]), max_size=9), st.integers(1, 5))
def test_answers_of_jobs_come_in_their_order_and_one_that_fails_is_none(
    outcomes: list[str], most: int
) -> None:
    def job(number: int, outcome: str) -> Response:
        if outcome == "fails":
            raise TargetError("no answer")
        return Response(200 + number)

    jobs = [partial(job, n, outcome) for n, outcome in enumerate(outcomes)]
    found = together(jobs, most)
    assert [each.status if each else 0 for each in found] == [
        200 + n if outcome == "answers" else 0 for n, outcome in enumerate(outcomes)
    ]


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 8), st.integers(1, 5))
def test_no_more_jobs_than_allowed_are_done_at_the_same_time(many: int, most: int) -> None:
    lock, at_work, seen = threading.Lock(), [0], [0]

    def job() -> Response:
        with lock:
            at_work[0] += 1
            seen.append(at_work[0])
        time.sleep(0.002)
        with lock:
            at_work[0] -= 1
        return Response(200)

    assert len(together([job] * many, most)) == many
    assert max(seen) <= most


def test_as_many_jobs_as_are_allowed_wait_for_one_another() -> None:
    gathered = threading.Barrier(4)

    def job() -> Response:
        gathered.wait(patient(5))  # raises where fewer come
        return Response(200)

    assert together([job] * 4) == [Response(200)] * 4


def test_an_error_of_ours_in_a_job_is_not_kept_quiet() -> None:
    def broken() -> Response:
        raise ZeroDivisionError

    for jobs in ([broken], [broken, lambda: Response(200)]):
        with pytest.raises(ZeroDivisionError):
            together(jobs)


@BUSY
@given(st.integers(0, 12), st.integers(0, 12), RATES)
def test_together_asks_within_the_rate_and_the_budget(many: int, budget: int, rate: int) -> None:
    crowd = Crowd()
    governor = Governor(crowd, rate, budget, crowd.clock, crowd.sleep)
    found = together([partial(governor.send, ASK)] * many)
    assert sum(each is not None for each in found) == len(crowd.moments) == min(many, budget)
    assert not crowd.moments or most_in_a_second(crowd.moments) <= rate
