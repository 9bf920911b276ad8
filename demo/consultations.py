"""Expert groups, their experts, and the consultations in every state."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from blueprints.experts.models import Consultation, Expert, ExpertGroup
from blueprints.experts.service import due_instant
from demo.community import Record
from demo.dates import between
from demo.loading import Loading

PREFERRED = ("工作日上午", "周三或周五下午", "晚上七点以后", "周末都可以", "下周一到周三", "")
HOURS = ("09:30", "10:00", "14:00", "15:30", "19:00")
ONE_LATE_IN = 15


def add_groups(loading: Loading) -> None:
    """The eight groups with their leads, and who is in them."""
    for group in loading.community.expert_groups:
        loading.roles[group["lead"]] |= {"lead", "expert"}
        loading.add(
            ExpertGroup,
            slug=group["slug"],
            name=group["name"],
            description=group["description"],
            lead_id=loading.ids[group["lead"]],
        )
    for member in loading.community.members:
        for slug in member["expert_groups"]:
            loading.roles[member["id"]].add("expert")
            loading.add_keyed(
                Expert,
                loading.founded_at,
                member_id=loading.ids[member["id"]],
                group_slug=slug,
                expertise=member["expertise"],
            )


def add_consultations(loading: Loading) -> None:
    """All consultations, oldest first; one in some fifteen was answered late."""
    for number, record in enumerate(loading.community.consultations):
        asked_at = loading.calendar.at(loading.calendar.day(-record["days_ago"]), "09:00")
        asked_at += timedelta(minutes=loading.rng.randint(0, 690))
        late = number % ONE_LATE_IN == ONE_LATE_IN - 1 and record["days_ago"] > 30
        expert = record["expert"]
        loading.add_keyed(
            Consultation,
            asked_at,
            ref=record["id"],
            group_slug=record["group"],
            member_id=loading.seen(record["member"], asked_at),
            expert_id=loading.seen(expert, asked_at) if expert else None,
            topic=record["topic"],
            body=loading.community.text(record["body"]),
            mode=record["mode"],
            preferred_times=loading.rng.choice(PREFERRED),
            state=record["state"],
            reason=record.get("reason") or "",
            summary=loading.community.text(record["summary"] or ""),
            stars=record["stars"],
            comment=record["comment"] or "",
            requested_at=asked_at,
            answer_due_at=due_instant(asked_at),
            **_steps(loading, record, asked_at, late=late),
        )


def _steps(loading: Loading, record: Record, asked_at: datetime, *, late: bool) -> dict[str, Any]:
    """When each step was taken, in order, as far as the state goes."""
    steps: dict[str, Any] = dict.fromkeys(
        ("starts_at", "first_answered_at", "assigned_at", "scheduled_at", "completed_at", "closed_at", "rated_at")
    )
    steps["place"] = ""
    state = record["state"]
    if state == "requested":
        return steps
    due = due_instant(asked_at)
    answered_at = loading.later(due, 3, 30) if late else min(loading.later(asked_at, 2, 38), due - timedelta(hours=3))
    steps["first_answered_at"] = answered_at
    if state == "declined":
        return steps | {"closed_at": answered_at}
    steps["assigned_at"] = answered_at
    if state == "assigned":
        return steps
    steps["scheduled_at"] = loading.later(answered_at, 2, 30)
    if state == "scheduled":
        day = loading.calendar.day(record["starts_in_days"])
        return steps | {"starts_at": loading.calendar.at(day, loading.rng.choice(HOURS)), "place": record["place"]}
    day = steps["scheduled_at"].astimezone(loading.calendar.zone).date() + timedelta(days=loading.rng.randint(1, 5))
    steps["starts_at"] = loading.calendar.at(day, loading.rng.choice(HOURS))
    steps["place"] = _place(loading, record)
    steps["completed_at"] = loading.later(steps["starts_at"], 2, 20)
    if state == "rated":
        steps["rated_at"] = between(
            steps["completed_at"] + timedelta(hours=1), steps["completed_at"] + timedelta(days=3), loading.rng
        )
    return steps


def _place(loading: Loading, record: Record) -> str:
    if record["mode"] != "in_person":
        return {"phone": "电话", "video": "视频会议"}[record["mode"]]
    companies = {company["id"]: company["name"] for company in loading.community.companies}
    member = next(member for member in loading.community.members if member["id"] == record["member"])
    return companies[member["company"]]
