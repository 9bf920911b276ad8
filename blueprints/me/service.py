"""What is one member's own, read from every feature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from blueprints.accounts.forms import ProfileForm
from blueprints.accounts.models import Member
from blueprints.accounts.service import profile_of, profile_values
from blueprints.events import reading as events
from blueprints.events.models import Event
from blueprints.events.reading import Own
from blueprints.events.rules import phase
from blueprints.experts import service as experts
from blueprints.needs import reading as needs
from core.access import Viewer
from core.clock import now
from core.database import once

SHOWN = 3
MOST = 20


@dataclass(frozen=True)
class Mine:
    """A member's page: what decides its etag, and how to read the rest."""

    reader: Viewer
    events: Sequence[Own]
    running: Sequence[Event]

    @property
    def topics(self) -> tuple[str, ...]:
        """What the page shows."""
        key = self.reader.id
        return (
            "needs",
            "people",
            f"member:{key}",
            f"signups:{key}",
            f"consultations:{key}",
            *(f"event:{own.signup.event_id}" for own in self.events),
            *(f"event:{event.id}" for event in self.running),
        )

    @property
    def states(self) -> tuple[str, ...]:
        """What the clock changes on the page."""
        return (
            str(self.reader.rules_due),
            *(f"{own.signup.event_id}:{phase(own.signup.event, now())}" for own in self.events),
            *(f"{event.id}:{phase(event, now())}" for event in self.running),
        )

    def rest(self) -> dict[str, Any]:
        """What is only read when the page is rendered. Three queries."""
        member: Member = profile_of(self.reader.id)
        consultations, _ = experts.consultations(self.reader, "member")
        return {
            "member": member,
            "form": ProfileForm(data=profile_values(member)),
            "needs": needs.mine(self.reader.id, limit=SHOWN),
            "consultations": consultations[:SHOWN],
        }


def mine_of(reader: Viewer) -> Mine:
    """What a member's page is made of. One query, once in a transaction."""
    return once(("mine", reader.id), lambda: _mine_of(reader))


def _mine_of(reader: Viewer) -> Mine:
    mine, running = events.ahead_of(reader, MOST)
    return Mine(reader, mine[:SHOWN], running[:SHOWN])
