"""What members answer to needs and offers: offer, accept, take back."""

from __future__ import annotations

import uuid
from datetime import timedelta

from flask_babel import gettext, pgettext
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select

from blueprints.accounts.models import Member
from blueprints.needs import posting, rules
from blueprints.needs.common import ANSWERS, DEALS, check_words, locked_need
from blueprints.needs.forms import NoFields, ResponseForm
from blueprints.needs.models import Need, NeedResponse
from blueprints.needs.reading import state_of
from blueprints.needs.refusals import (
    AlreadyAnswered,
    CannotTakeBack,
    Closed,
    Expired,
    Gone,
    OwnNeed,
    TakenBack,
    TooManyAnswers,
)
from core.clock import now
from core.database import db
from core.errors import Duplicate, Forbidden, NotFound
from core.operations import Act, free_id, operation
from core.operations import Outcome as Decided
from core.registries import check_posting, notice_kind, tell

ANSWERED = notice_kind("need.answered", _l("%(name)s 回应了您的“%(title)s”"), switch=ANSWERS)
ACCEPTED = notice_kind("need.accepted", _l("%(name)s 接受了您对“%(title)s”的回应，电话在里面"), switch=DEALS)


@operation("need.respond", form=ResponseForm, lane="need")
def respond(act: Act, *, body: str, id: str | None) -> Decided:  # noqa: A002 the field's name is fixed by the contract
    """Answer a need. Raises `OwnNeed`, `Closed`, `Expired`, `AlreadyAnswered`."""
    need, person = locked_need(act.target_id), act.person
    if need.hidden:
        raise NotFound
    check_posting(act.person.id)
    check_words(body)
    answered = db.session.scalars(
        select(NeedResponse).where(
            NeedResponse.need_id == need.id,
            NeedResponse.member_id == person.id,
            NeedResponse.state != "withdrawn",
        )
    ).one_or_none()
    reason = rules.against_response(state_of(need), own=need.author_id == person.id, already=answered is not None)
    if reason == "already" and answered and answered.body == body:
        raise Duplicate(_l("您已经这样回应过了。"), url=f"/needs/{need.id}")
    if reason:
        raise {"own": OwnNeed, "closed": Closed, "expired": Expired, "already": AlreadyAnswered}[reason]
    _still_a_member(need.author_id)
    _check_rate(person.id, body)
    response = NeedResponse(
        id=free_id(NeedResponse, id),
        need_id=need.id,
        member_id=person.id,
        body=body,
        state="offered",
        created_at=now(),
    )
    db.session.add(response)
    db.session.flush()
    tell(
        [need.author_id],
        ANSWERED,
        url=f"/needs/{need.id}",
        subject=f"response:{response.id}",
        name=person.real_name,
        title=need.title,
    )
    return Decided(gettext("已回应。对方接受后，你们会看到彼此的电话。"), f"/needs/{need.id}")


@operation("need.accept_response", form=NoFields, lane="need")
def accept_response(act: Act) -> Decided:
    """Accept an answer (the target) to one's own need: both see each other's phone from now on."""
    need, response = _locked_with_answer(act)
    if need.author_id != act.person.id:
        raise Forbidden
    if response.hidden:
        raise NotFound
    url = f"/needs/{need.id}"
    match rules.against_acceptance(state_of(need), response.state):
        case "accepted":
            raise Duplicate(_l("您已经接受过这条回应。"), url=url)
        case "withdrawn":
            raise TakenBack
        case "closed":
            raise Closed
    _still_a_member(response.member_id)
    response.state, response.accepted_at = "accepted", now()
    tell(
        [response.member_id],
        ACCEPTED,
        url=url,
        subject=f"response:{response.id}:accepted",
        name=act.person.real_name,
        title=need.title,
    )
    return Decided(gettext("已接受。你们现在能看到彼此的电话，打一个吧。"), url)


@operation("need.withdraw_response", form=NoFields, lane="need")
def withdraw_response(act: Act) -> Decided:
    """Take one's own answer (the target) back, as long as it is not accepted."""
    need, response = _locked_with_answer(act)
    if response.member_id != act.person.id:
        raise Forbidden
    url = f"/needs/{need.id}"
    match rules.against_withdrawal(response.state):
        case "withdrawn":
            raise Duplicate(_l("这条回应已经撤回了。"), url=url)
        case "accepted":
            raise CannotTakeBack
    response.state = "withdrawn"
    return Decided(pgettext("answer", "已撤回。"), url)


def _check_rate(member_id: uuid.UUID, body: str) -> None:
    """No more answers in an hour than one can mean, and not one text under every need."""
    hour_ago, week_ago = now() - timedelta(hours=1), now() - rules.REPEAT_WITHIN
    mine = select(func.count()).where(NeedResponse.member_id == member_id)
    lately = db.session.scalar(mine.where(NeedResponse.created_at > hour_ago)) or 0
    same = db.session.scalar(mine.where(NeedResponse.created_at > week_ago, NeedResponse.body == body)) or 0
    if lately >= posting.ANSWERS_AN_HOUR:
        raise TooManyAnswers
    if same >= posting.SAME_ANSWERS and len(body) > posting.SHORT_ANSWER:
        raise TooManyAnswers(_l("同样的话您已经回应过好几条了，请针对这一条写。"))


def _locked_with_answer(act: Act) -> tuple[Need, NeedResponse]:
    need_id = db.session.scalar(select(NeedResponse.need_id).where(NeedResponse.id == act.target_id))
    if need_id is None:
        raise NotFound
    need = locked_need(need_id)
    return need, db.session.get_one(NeedResponse, act.target_id, populate_existing=True)


def _still_a_member(member_id: uuid.UUID) -> None:
    if db.session.scalar(select(Member.status).where(Member.id == member_id)) != "member":
        raise Gone
