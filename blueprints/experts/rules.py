"""The rules of expert consultations: who may do what when, who waits for whom, what is on time."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

GROUPS = {
    "environment": "环保产业专家服务组",
    "tech_finance": "科技金融专家服务组",
    "health": "大健康产业专家服务组",
    "software": "软件行业专家服务组",
    "supply_chain_finance": "供应链融资专家服务组",
    "big_data": "大数据专家服务组",
    "interactive": "交互产业专家服务组",
    "finance_management": "财务管理专家服务组",
}
MODES = ("in_person", "phone", "video")
STATES = ("requested", "assigned", "scheduled", "completed", "declined", "withdrawn", "rated")
UNDER_WAY = ("assigned", "scheduled")
DONE = ("completed", "rated")
ANSWER_WORKING_DAYS = 2
SATURDAY = 5

Part = Literal["member", "expert", "lead", "admin"]


@dataclass(frozen=True)
class Step:
    """One thing that may be done with a consultation: by whom, from which states, into which."""

    act: str
    parts: frozenset[Part]
    states: frozenset[str]
    makes: str


def _step(act: str, parts: Iterable[Part], states: Iterable[str], makes: str) -> Step:
    return Step(act, frozenset(parts), frozenset(states), makes)


# A lead who finds that the expert cannot go on names another; an admin does so where the lead is away.
STEPS = (
    _step("assign", ("lead", "admin"), ("requested", "assigned", "scheduled"), "assigned"),
    _step("schedule", ("expert", "lead"), ("assigned", "scheduled"), "scheduled"),
    _step("decline", ("lead",), ("requested",), "declined"),
    _step("decline", ("expert",), ("assigned", "scheduled"), "declined"),
    _step("complete", ("expert",), ("scheduled",), "completed"),
    _step("withdraw", ("member",), ("requested", "assigned", "scheduled"), "withdrawn"),
    _step("rate", ("member",), ("completed",), "rated"),
)
NEXT_BY: dict[str, Part] = {
    "requested": "lead",
    "assigned": "expert",
    "scheduled": "expert",
    "completed": "member",
}


def parts_of(
    person: uuid.UUID,
    *,
    member: uuid.UUID | None,
    expert: uuid.UUID | None,
    lead: uuid.UUID | None,
    is_admin: bool = False,
) -> frozenset[Part]:
    """Which parts `person` has in a consultation; one may have several, or none."""
    parts: set[Part] = set()
    if person == member:
        parts.add("member")
    if person == expert:
        parts.add("expert")
    if person == lead:
        parts.add("lead")
    if is_admin:
        parts.add("admin")
    return frozenset(parts)


def may_read(parts: frozenset[Part]) -> bool:
    """Whether the content of the consultation is open; an admin sees its state and times alone."""
    return bool(parts & {"member", "expert", "lead"})


def allowed(state: str, parts: frozenset[Part]) -> tuple[str, ...]:
    """The acts that these parts may do now, in the order of the page."""
    return tuple(dict.fromkeys(step.act for step in STEPS if step.parts & parts and state in step.states))


def is_anyones(act: str, parts: frozenset[Part]) -> bool:
    """Whether these parts may ever do `act`, in whatever state."""
    return any(step.act == act and step.parts & parts for step in STEPS)


def made_by(act: str) -> str:
    """The state that `act` leads to."""
    return next(step.makes for step in STEPS if step.act == act)


def waits_for(state: str) -> Part | None:
    """Whose turn it is; nobody's when the consultation has come to its end."""
    return NEXT_BY.get(state)


def answer_due(requested_on: date) -> date:
    """The last day on which a first answer is on time.

    The answer is the group's first assigning, scheduling or declining. Counted are
    2 working days (Monday to Friday; public holidays are not known) after the day of
    the request: asked on Thursday, due on Monday; asked at the weekend, on Tuesday.
    """
    day, left = requested_on, ANSWER_WORKING_DAYS
    while left:
        day += timedelta(days=1)
        left -= day.weekday() < SATURDAY
    return day


def is_on_time(requested_on: date, answered_on: date | None, today: date) -> bool | None:
    """Whether the first answer came in time; None while it may still come."""
    due = answer_due(requested_on)
    if answered_on is not None:
        return answered_on <= due
    return None if today <= due else False


@dataclass(frozen=True)
class Figures:
    """What one group has done. `owed` counts the consultations whose first answer came or is overdue."""

    slug: str = ""
    total: int = 0
    waiting: int = 0
    under_way: int = 0
    done: int = 0
    owed: int = 0
    on_time: int = 0
    ratings: int = 0
    stars: int = 0

    @property
    def on_time_percent(self) -> int | None:
        """The share of first answers in time, in whole percent, rounded down: 99.6 is not 100."""
        return 100 * self.on_time // self.owed if self.owed else None

    @property
    def satisfaction(self) -> float | None:
        """Mean stars of the rated consultations, 1 to 5."""
        return self.stars / self.ratings if self.ratings else None


def together(figures: Iterable[Figures]) -> Figures:
    """The figures of several groups as one."""
    every = list(figures)
    return Figures(
        "",
        *(
            sum(getattr(one, name) for one in every)
            for name in ("total", "waiting", "under_way", "done", "owed", "on_time", "ratings", "stars")
        ),
    )
