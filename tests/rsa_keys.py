"""RSA keys for tokens, made once for all modules of a process: each worker imports them all, and a
key takes a tenth of a second."""

from __future__ import annotations

from functools import cache

from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc.jwk import RSAKey


def rsa_key(number: int, **says: str) -> RSAKey:
    """One of them, with the members that its JWK has beside the key, such as `kid`."""
    return RSAKey.import_key(_made(number), dict(says))


@cache
def _made(number: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)
