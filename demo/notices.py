"""What the people of the printed log-ins were told and have not read yet."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from blueprints.accounts.models import Registration
from blueprints.briefings.models import Briefing
from blueprints.experts.models import Consultation
from blueprints.needs.models import Need, NeedResponse
from blueprints.notices.models import Notice
from demo.community import ADMIN, LOG_INS
from demo.loading import Loading, id_at

APPLICATIONS_TOLD = 5


def add_notices(loading: Loading) -> None:
    """Unread notices of answers, applications, consultations and the issue that was signed off."""
    told = [*_answers(loading), *_applications(loading), *_consultations(loading), *_signed_off(loading)]
    for at, member, kind, url, subject, words in sorted(told, key=lambda one: one[:3]):
        loading.add(
            Notice,
            id=id_at(at),
            member_id=loading.ids[member],
            kind=kind,
            subject=subject,
            words=words,
            url=url,
            made_at=at,
            read_at=None,
        )


Told = tuple[datetime, str, str, str, str, dict[str, Any]]


def _answers(loading: Loading) -> list[Told]:
    needs = {row["id"]: row for row in loading.rows[Need]}
    answers = {row["id"]: row for row in loading.rows[NeedResponse]}
    authors = {post["id"]: post["author"] for post in loading.community.posts}
    told: list[Told] = []
    for response in loading.community.responses:
        key = loading.ids[f"response to {response['post']} by {response['member']}"]
        answer, need = answers[key], needs[loading.ids[response["post"]]]
        url, author, member = f"/needs/{need['id']}", authors[response["post"]], response["member"]
        if author in LOG_INS and answer["state"] == "offered":
            words = {"name": loading.community.names[member], "title": need["title"]}
            told.append((answer["created_at"], author, "need.answered", url, f"response:{key}", words))
        if member in LOG_INS and answer["accepted_at"]:
            words = {"name": loading.community.names[author], "title": need["title"]}
            told.append((answer["accepted_at"], member, "need.accepted", url, f"response:{key}:accepted", words))
    return told


def _applications(loading: Loading) -> list[Told]:
    applications = {row["id"]: row for row in loading.rows[Registration]}
    told: list[Told] = []
    waiting = [record for record in loading.community.applicants if record["state"] == "submitted"]
    for record in waiting[-APPLICATIONS_TOLD:]:
        key = loading.ids[f"registration of {record['id']}"]
        words = {"name": record["real_name"], "company": record["company_name"]}
        at, url = applications[key]["submitted_at"], f"/admin/registrations/{key}"
        told.append((at, ADMIN, "registration.submitted", url, f"registration:{key}:submitted", words))
    return told


def _consultations(loading: Loading) -> list[Told]:
    rows = {row["id"]: row for row in loading.rows[Consultation]}
    leads = {group["slug"]: group["lead"] for group in loading.community.expert_groups}
    told: list[Told] = []
    for record in loading.community.consultations:
        key, url = loading.ids[record["id"]], f"/consultations/{loading.ids[record['id']]}"
        row, names = rows[key], loading.community.names
        lead = leads[record["group"]]
        if record["state"] == "requested" and lead in LOG_INS:
            words = {"member": names[record["member"]], "topic": record["topic"]}
            subject = f"consultation:{key}:requested"
            told.append((row["requested_at"], lead, "consultation.requested", url, subject, words))
    return told


def _signed_off(loading: Loading) -> list[Told]:
    issue = loading.rows[Briefing][-1]
    words = {
        "number": str(issue["number"]),
        "title": issue["title"],
        "publishes_at": issue["publishes_at"].isoformat(),
    }
    refs = {key: ref for ref, key in loading.ids.items() if ref in LOG_INS}
    receivers = [refs[key] for key in (issue["editor_id"], issue["reviewer_id"]) if key in refs]
    url, subject = f"/desk/briefings/{issue['id']}", f"briefing:{issue['id']}:signed_off"
    return [(issue["signed_off_at"], who, "briefing.signed_off", url, subject, words) for who in receivers]
