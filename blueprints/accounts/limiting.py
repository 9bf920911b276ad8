"""How often something may be tried: counted before a transaction begins, by address, phone or person."""

from __future__ import annotations

import math

from flask import current_app, request
from flask_babel import gettext

from core.errors import Later
from core.limits import Limits

REGISTRATIONS = "30 per 10 minutes"
FORGOTTEN_BY_PHONE = "5 per hour"
FORGOTTEN_BY_ADDRESS = "30 per hour"
CODES_BY_ADDRESS = "60 per hour"
PASSWORD_TRIES = "10 per 15 minutes"  # noqa: S105 (a rule, no password)


class TooOften(Later):
    """Too many tries; says how long to wait."""

    def __init__(self, wait_seconds: int) -> None:
        minutes = math.ceil(wait_seconds / 60)
        super().__init__(gettext("试得太多了，请 %(minutes)d 分钟后再试。", minutes=minutes))
        self.wait_seconds = wait_seconds


def limits() -> Limits:
    """The installation's counters."""
    counters: Limits = current_app.extensions["limits"]
    return counters


def address() -> str:
    """Where this request comes from."""
    return request.remote_addr or ""


def count(rule: str, key: str) -> None:
    """Count one try of `key`; raises `TooOften` when it is beyond the rule."""
    if wait := limits().hit(rule, key):
        raise TooOften(wait)


def check(rule: str, key: str) -> None:
    """Raise `TooOften` when `key` may not try now; counts nothing."""
    if wait := limits().blocked(rule, key):
        raise TooOften(wait)
