"""Which reasons there are to report something (the nine "don'ts" of posting), and how often one may."""

from __future__ import annotations

import uuid

REASONS = ("unverified", "privacy", "repeated", "fraud", "pyramid", "unlicensed", "insult", "indecent", "off_topic")
A_DAY = 20
PAUSE_DAYS = 7


def may_review(admin: uuid.UUID, *, decided_by: uuid.UUID, whose: uuid.UUID) -> bool:
    """A decision is looked at again by somebody who neither made it nor is concerned by it."""
    return admin not in (decided_by, whose)


def too_many(reported_today: int) -> bool:
    """Whether a member has reported so much today that it helps nobody any more."""
    return reported_today >= A_DAY
