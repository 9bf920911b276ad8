"""Passwords hashed and verified once per request, and before the transaction that needs them begins.

argon2 takes longer than a database should be kept waiting. What was computed is kept
for this request alone, in memory, so that the operation inside the transaction finds it.
"""

from __future__ import annotations

from flask import g

from core import crypto


def hash_ahead(password: str) -> str:
    """The hash to store; computed at the first call of a request."""
    hashes: dict[str, str] = g.setdefault("password_hashes", {})
    if password not in hashes:
        hashes[password] = crypto.passwords.hash(password)
    return hashes[password]


def verify_ahead(stored: str | None, password: str) -> bool:
    """Whether `password` is that of the hash `stored`; computed at the first call of a request."""
    verified: dict[tuple[str | None, str], bool] = g.setdefault("passwords_verified", {})
    if (stored, password) not in verified:
        verified[stored, password] = crypto.passwords.verify_or_dummy(stored, password)
    return verified[stored, password]


def verified_ahead(stored: str | None, password: str) -> bool:
    """Whether `verify_ahead` found in this request that `password` is that of `stored`; computes nothing.

    What was not verified by a route, which counts the tries, is not right.
    """
    verified: dict[tuple[str | None, str], bool] = g.get("passwords_verified", {})
    return verified.get((stored, password), False)
