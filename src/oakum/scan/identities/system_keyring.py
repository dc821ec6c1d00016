"""Secrets in the keyring of the system, the only place where Oakum keeps one between runs."""

from __future__ import annotations

from oakum.errors import OakumError, TargetError, install_hint

SERVICE = "oakum"
_REAL = 1
"""Priority from which the library recommends a keyring; below it are those in plain files."""


class NoKeyring(TargetError):
    """There is no keyring, or it does not open."""


def read(service: str, user: str) -> str | None:
    """A secret; None if the keyring has none by this name. Raises `NoKeyring`."""
    found = _ring().get_password(service, user)
    return found if isinstance(found, str) else None


def write(user: str, secret: str) -> None:
    """Keeps a secret of Oakum. Raises `NoKeyring`."""
    _ring().set_password(SERVICE, user, secret)


class _QuietKeyring:
    """A keyring whose errors name no secret."""

    def __init__(self, ring: object) -> None:
        self._ring = ring

    def get_password(self, service: str, user: str) -> object:
        try:
            return self._ring.get_password(service, user)  # type: ignore[attr-defined]
        except OakumError:
            raise
        except Exception:  # noqa: BLE001  # backends raise what they like, with what they like
            raise NoKeyring("the keyring of this system cannot be opened; is it locked?") from None

    def set_password(self, service: str, user: str, secret: str) -> None:
        try:
            self._ring.set_password(service, user, secret)  # type: ignore[attr-defined]
        except Exception:  # noqa: BLE001
            raise NoKeyring("the keyring of this system keeps nothing; is it locked?") from None


def _ring() -> _QuietKeyring:
    try:
        import keyring
    except ModuleNotFoundError:
        raise NoKeyring(f"`keyring` is not installed; {install_hint('login')}") from None
    ring = keyring.get_keyring()
    if ring.priority < _REAL:
        raise NoKeyring("this system has no keyring, or only one that is a plain file")
    return _QuietKeyring(ring)
