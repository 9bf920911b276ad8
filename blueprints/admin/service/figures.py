"""What the community did, by month, and what waits for its admins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time

from sqlalchemy import ColumnElement, func, select

from blueprints.accounts.models import Member, Registration
from blueprints.admin.rules import following, months_until
from blueprints.door.models import Checkin
from blueprints.experts import service as experts
from blueprints.experts.models import Consultation
from blueprints.experts.rules import Figures
from blueprints.needs import reading as needs
from blueprints.reports.models import Report
from core.clock import clock, now, today
from core.database import db

MONTHS = 12
ByMonth = list[tuple[date, int]]
Span = Callable[[datetime, datetime], ColumnElement[bool]]


@dataclass(frozen=True)
class Figure:
    """The plots of the figures' page; `worth` is what the needs solved in these months were worth, in yuan."""

    members: ByMonth
    solved: ByMonth
    worth: int
    attendance: ByMonth
    consultations: ByMonth
    groups: dict[str, Figures]


def by_month() -> Figure:
    """Twelve months, this one last. Five queries."""
    solved = needs.solved_by_month(MONTHS)
    return Figure(
        members=_members(),
        solved=[(month, figures.count) for month, figures in solved],
        worth=sum(figures.amount_cny for _, figures in solved),
        attendance=_attendance(),
        consultations=experts.by_month(MONTHS),
        groups=experts.figures(),
    )


def _members() -> ByMonth:
    """How many members there were at the end of each month (of those who have not left)."""
    return _counted(lambda _start, end: Member.joined_at < end, Member.status.in_(("member", "suspended")))


def _attendance() -> ByMonth:
    """How many people came through the door in each month."""
    return _counted(
        lambda start, end: (Checkin.occurred_at >= start) & (Checkin.occurred_at < end), Checkin.inside.is_(True)
    )


def _counted(within: Span, condition: ColumnElement[bool]) -> ByMonth:
    months = months_until(today(), MONTHS)
    spans = [(_midnight(month), _midnight(following(month))) for month in months]
    columns = [func.count().filter(within(start, end)) for start, end in spans]
    counts = db.session.execute(select(*columns).where(condition)).one()
    return list(zip(months, counts, strict=True))


def _midnight(day: date) -> datetime:
    return clock.at(day, time())


@dataclass(frozen=True)
class Waiting:
    """What is open for the admins, and how large the community is."""

    submitted: int
    asked: int
    members: int
    suspended: int
    overdue_consultations: int
    reports: int


def waiting() -> Waiting:
    """The counts of the overview, in one query."""
    applications = select(func.count()).select_from(Registration)
    people = select(func.count()).select_from(Member)
    overdue = (
        select(func.count())
        .select_from(Consultation)
        .where(Consultation.state == "requested", Consultation.answer_due_at <= now())
    )
    counts = db.session.execute(
        select(
            applications.where(Registration.state == "submitted").scalar_subquery(),
            applications.where(Registration.state == "asked").scalar_subquery(),
            people.where(Member.status == "member").scalar_subquery(),
            people.where(Member.status == "suspended").scalar_subquery(),
            overdue.scalar_subquery(),
            select(func.count()).where(Report.state == "open").scalar_subquery(),
        )
    ).one()
    return Waiting(*counts)
