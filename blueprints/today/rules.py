"""What of a member's day needs them, and what of a briefing is worth a line."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date

from blueprints.experts.rules import waits_for

HEADINGS = 4


def is_my_turn(
    state: str, meets_on: date | None, today: date, *, me: uuid.UUID, parts: Mapping[str, uuid.UUID | None]
) -> bool:
    """Whether a consultation waits for `me`, who may be its `member`, `expert` or `lead`.

    The summary is written after the meeting: a scheduled one needs its expert from that day on.
    """
    part = waits_for(state)
    if part is None or parts.get(part) != me:
        return False
    return state != "scheduled" or (meets_on is not None and meets_on <= today)


def contents(body: str) -> list[str]:
    """The first headings of a briefing's Markdown."""
    headings = (line.lstrip("#").strip() for line in body.splitlines() if line.startswith("## "))
    return [heading for heading in headings if heading][:HEADINGS]
