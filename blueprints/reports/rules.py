"""Which reasons there are to report something (the nine "don'ts" of posting), and how often one may."""

from __future__ import annotations

REASONS = ("unverified", "privacy", "repeated", "fraud", "pyramid", "unlicensed", "insult", "indecent", "off_topic")
A_DAY = 20


def too_many(reported_today: int) -> bool:
    """Whether a member has reported so much today that it helps nobody any more."""
    return reported_today >= A_DAY
