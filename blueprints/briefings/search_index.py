"""The words of the issues, kept in step with them in the same transaction."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import delete, select
from sqlalchemy.orm import selectinload

from blueprints.briefings.models import Briefing, briefing_words
from core import search
from core.database import db


def put(found: Briefing) -> None:
    """Put an issue's words into the index, in place of those that were there."""
    search.put(briefing_words, found.id, texts_of(found))


def texts_of(found: Briefing) -> Iterator[str]:
    """What of an issue is found: its title, its lines, its corrections."""
    yield found.title
    yield from found.body.split("\n")
    for correction in found.corrections:
        yield from correction.body.split("\n")


def rebuild() -> int:
    """Make the index anew from all issues that were signed off or imported; returns how many there are."""
    db.session.execute(delete(briefing_words))
    issues = db.session.scalars(
        select(Briefing)
        .where(Briefing.state.in_(("signed_off", "imported")))
        .options(selectinload(Briefing.corrections))
        .execution_options(yield_per=200)
    )
    count = 0

    def each() -> Iterator[tuple[object, Iterator[str]]]:
        nonlocal count
        for found in issues:
            count += 1
            yield found.id, texts_of(found)

    search.add(briefing_words, each())  # type: ignore[arg-type]
    return count
