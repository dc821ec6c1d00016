"""Whether the whole target fails, or a few of its operations.

Each operation is judged against its own history. One that has only ever answered with server errors
is broken, is no sign for the others, and is not requested again after a few. If half of the last
responses were server errors, a request that succeeded before is sent once more: the run gives up
the target only if that fails, too.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable

from oakum.exchange import Request, Response
from oakum.http.methods import SHOWS


def is_failure(status: int) -> bool:
    """Whether a status is a server failure; 501 is not."""
    return status >= 500 and status != 501


class Health:
    """Counts server errors, and says when to check whether the whole target is down."""

    WINDOW = 20
    FAILURES = 10
    FIRST = 5
    """First responses that do not count, since the run cannot have caused their failures."""
    PATIENCE = 5
    """An operation is not requested again after so many server errors and no other response."""

    def __init__(self, name: Callable[[Request], str]) -> None:
        self._name = name
        self._answers: deque[bool] = deque(maxlen=self.WINDOW)
        self._lately: deque[str] = deque(maxlen=self.WINDOW)
        """Operations that failed."""
        self._counted = 0
        self._good: dict[str, Request] = {}
        """Operation → a read that it has answered; the last one last."""
        self._well: set[str] = set()
        self._failed: Counter[str] = Counter()

    def take(self, request: Request, response: Response) -> bool:
        """Records a response; returns whether the whole target is in doubt."""
        self._counted += 1
        name, failed = self._name(request), is_failure(response.status)
        if not failed:
            self._failed.pop(name, None)
            self._well.add(name)
            if request.method in SHOWS and response.status != 429:
                self._good.pop(name, None)
                self._good[name] = request
        else:
            self._failed[name] += 1
        if self._counted <= self.FIRST:
            return False
        self._answers.append(failed)
        if not failed:
            return False
        self._lately.append(name)
        failures = sum(self._answers)
        return failures >= self.FAILURES and 2 * failures >= len(self._answers)

    def witness(self, but: Request | None = None) -> Request | None:
        """A read that succeeded before, of an operation without recent failures if possible; None
        if nothing ever succeeded. `but`: not of this request's operation."""
        last = [*reversed(self._good)]
        if but is not None:
            last = [name for name in last if name != self._name(but)]
        other = next((name for name in last if name not in self._lately), None)
        name = other or next(iter(last), None)
        return self._good[name] if name is not None else None

    def calm(self) -> None:
        """Records that the target works, so that earlier failures were isolated."""
        self._answers.clear()
        self._lately.clear()

    def is_broken(self, request: Request) -> bool:
        """Whether an operation has only returned server errors, often enough."""
        name = self._name(request)
        return name not in self._well and self._failed[name] >= self.PATIENCE

    def words(self) -> str:
        """Why the target is in doubt."""
        return f"{sum(self._answers)} of the last {len(self._answers)} answers"
