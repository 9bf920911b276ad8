"""What members do with needs and offers: post, edit, answer, accept, take back, close."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from typing import Any

from flask_babel import gettext, pgettext
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select

from blueprints.accounts.models import Member
from blueprints.needs import posting, rules
from blueprints.needs.forms import LAST_DAY_IS_PAST, EditForm, NeedForm, NoFields, OutcomeForm, ResponseForm
from blueprints.needs.models import Need, NeedResponse, Outcome
from blueprints.needs.reading import (
    Figures,
    SharingHourNow,
    earlier_than,
    mine,
    newest,
    shares_phone,
    sharing_hour,
    sharing_hour_posts,
    solved_by_month,
    solved_figures,
    state_of,
    waiting_answers,
)
from blueprints.needs.refusals import (
    AgainstTheRules,
    AlreadyAnswered,
    CannotTakeBack,
    Closed,
    Expired,
    Gone,
    NoSuchPartner,
    OwnNeed,
    OwnPartner,
    Repeated,
    TakenBack,
    TooMany,
    TooManyAnswers,
)
from core.clock import now, today
from core.database import db, locked, new_id
from core.errors import Duplicate, Forbidden, IdTaken, NotFound, Refusal, Stale
from core.operations import Act, operation, version_built_on
from core.operations import Outcome as Decided
from core.registries import check_posting, notice_kind, notice_switch, tell
from core.text import folded, pinyin_key, search_text

__all__ = [
    "Figures",
    "SharingHourNow",
    "mine",
    "newest",
    "shares_phone",
    "sharing_hour",
    "sharing_hour_posts",
    "solved_by_month",
    "solved_figures",
    "state_of",
    "waiting_answers",
]

ANSWERS = notice_switch("needs.answers", _l("有人回应我发的需求或资源"))
DEALS = notice_switch("needs.deals", _l("我的回应被接受了，或者事情办成了"))
ANSWERED = notice_kind("need.answered", _l("%(name)s 回应了您的“%(title)s”"), switch=ANSWERS)
ACCEPTED = notice_kind("need.accepted", _l("%(name)s 接受了您对“%(title)s”的回应，电话在里面"), switch=DEALS)
CLOSED = notice_kind("need.closed", _l("“%(title)s”办成了：%(name)s 写明是和您办成的"), switch=DEALS)


@operation("need.create", form=NeedForm, lane="need")
def create(
    act: Act,
    *,
    kind: str,
    title: str,
    body: str,
    category: str,
    trade: str | None,
    amount: int | None,
    expires_on: date | None,
    id: str | None,  # noqa: A002 the field's name is fixed by the contract
) -> Decided:
    """Post a need or an offer. Raises `TooMany`, `Repeated`, `IdTaken`."""
    author_id = act.person.id
    check_posting(author_id)
    _check_words(f"{title}\n{body}")
    turn = select(Member.trade).where(Member.id == author_id).with_for_update(key_share=True)
    own_trade = db.session.execute(turn).scalar_one()
    hour_ago = now() - timedelta(hours=1)
    posted = select(func.count()).where(Need.author_id == author_id, Need.created_at > hour_ago)
    if rules.over_the_limit(db.session.execute(posted).scalar_one()):
        raise TooMany
    if earlier := earlier_than(author_id, title, body):
        raise _repeated(earlier)
    need = Need(
        id=_free(Need, id),
        author_id=author_id,
        created_at=now(),
        state="open",
        hidden=False,
        **_columns(
            kind=kind,
            title=title,
            body=body,
            category=category,
            trade=trade or own_trade,
            amount=amount,
            expires_on=expires_on,
        ),
    )
    db.session.add(need)
    db.session.flush()
    return Decided(gettext("已发布，会员们现在就能看到。"), f"/needs/{need.id}", made_version=need.version)


@operation("need.update", form=EditForm, lane="need")
def update(
    act: Act,
    *,
    kind: str,
    title: str,
    body: str,
    category: str,
    trade: str | None,
    amount: int | None,
    expires_on: date | None,
    version: str,
    id: str | None,  # noqa: A002, ARG001 an edit keeps its id
) -> Decided:
    """Change what was posted, until it is closed. Raises `Stale` with the values that stand now."""
    need = _own(act)
    if rules.is_closed(need.state):
        raise Closed
    wanted = _columns(
        kind=kind,
        title=title,
        body=body,
        category=category,
        trade=trade or need.trade,
        amount=amount,
        expires_on=expires_on,
    )
    _check_words(f"{title}\n{body}")
    if version_built_on(act.owner, version) != need.version:
        if all(getattr(need, column) == value for column, value in wanted.items()):
            raise Duplicate(_l("这些改动已经保存过了。"), url=f"/needs/{need.id}")
        raise Stale(
            current=values_of(need),
            message=_l("您打开之后，这条在别处改过。两个版本都在下面，请对照后再保存。"),
        )
    if wanted["expires_on"] != need.expires_on and rules.last_day_is_past(wanted["expires_on"], today()):
        raise Refusal(LAST_DAY_IS_PAST)
    for column, value in wanted.items():
        setattr(need, column, value)
    db.session.flush()
    return Decided(gettext("已保存。"), f"/needs/{need.id}", made_version=need.version)


@operation("need.respond", form=ResponseForm, lane="need")
def respond(act: Act, *, body: str, id: str | None) -> Decided:  # noqa: A002 as in `create`
    """Answer a need. Raises `OwnNeed`, `Closed`, `Expired`, `AlreadyAnswered`."""
    need, person = _locked(act.target_id), act.person
    if need.hidden:
        raise NotFound
    check_posting(act.person.id)
    _check_words(body)
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
        id=_free(NeedResponse, id),
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


@operation("need.close", form=OutcomeForm, lane="need")
def close(act: Act, *, result: str, partner: str | None, amount: int | None, summary: str | None) -> Decided:
    """End one's own need with its outcome. A need withdrawn has neither partner nor amount."""
    need = _own(act)
    url = f"/needs/{need.id}"
    if rules.is_closed(need.state):
        if need.state == result:
            raise Duplicate(_l("这条已经结束了。"), url=url)
        raise Closed
    solved = result == "solved"
    partner_id, partner_name = _partner(need, partner) if solved else (None, "")
    need.state = result
    db.session.add(
        Outcome(
            need_id=need.id,
            result=result,
            partner_id=partner_id,
            partner_name=partner_name,
            amount_cny=amount if solved else None,
            summary=summary or "",
            closed_at=now(),
        )
    )
    if partner_id:
        tell(
            [partner_id],
            CLOSED,
            url=url,
            subject=f"need:{need.id}:closed",
            name=act.person.real_name,
            title=need.title,
        )
    return Decided(gettext("已记入账本，恭喜办成！") if solved else gettext("已撤下。"), url)


def editable(need: Need, member_id: uuid.UUID) -> None:
    """Refuse whoever is not the author, and an author who has closed it."""
    if need.author_id != member_id:
        raise Forbidden
    if rules.is_closed(need.state):
        raise Closed


def values_of(need: Need) -> dict[str, Any]:
    """What stands in the form of an edit."""
    return {
        "kind": need.kind,
        "title": need.title,
        "body": need.body,
        "category": need.category,
        "trade": need.trade,
        "amount": need.amount_cny,
        "expires_on": need.expires_on,
        "version": str(need.version),
    }


def _columns(
    *, kind: str, title: str, body: str, category: str, trade: str, amount: int | None, expires_on: date | None
) -> dict[str, Any]:
    return {
        "kind": kind,
        "title": title,
        "body": body,
        "category": category,
        "trade": trade,
        "amount_cny": amount,
        "expires_on": expires_on,
        "search_text": f"{search_text(title)} {folded(body)}",
    }


def _free(model: type[Need] | type[NeedResponse], given: str | None) -> uuid.UUID:
    """The id that the phone gave, if nobody has it, or a new one."""
    if given is None:
        return new_id()
    key = uuid.UUID(given)
    if db.session.get(model, key):
        raise IdTaken
    return key


def _check_words(text: str) -> None:
    if fault := posting.fault_of(text):
        raise AgainstTheRules(fault)


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


def _repeated(earlier: Need) -> Repeated:
    sentence = gettext("七天内您已经发过一样的：“%(title)s”。可以去那一条里修改。", title=earlier.title)
    return Repeated(sentence, url=f"/needs/{earlier.id}")


def _locked(need_id: uuid.UUID) -> Need:
    need = locked(Need, need_id)
    if need is None:
        raise NotFound
    return need


def _own(act: Act) -> Need:
    need = _locked(act.target_id)
    if need.author_id != act.person.id:
        raise Forbidden
    return need


def _locked_with_answer(act: Act) -> tuple[Need, NeedResponse]:
    need_id = db.session.scalar(select(NeedResponse.need_id).where(NeedResponse.id == act.target_id))
    if need_id is None:
        raise NotFound
    need = _locked(need_id)
    return need, db.session.get_one(NeedResponse, act.target_id, populate_existing=True)


def _still_a_member(member_id: uuid.UUID) -> None:
    if db.session.scalar(select(Member.status).where(Member.id == member_id)) != "member":
        raise Gone


def _partner(need: Need, text: str | None) -> tuple[uuid.UUID | None, str]:
    """The member whom an id or a name means, or the name of somebody who is none."""
    if not text:
        return None, ""
    try:
        member_id: uuid.UUID | None = uuid.UUID(text)
    except ValueError:
        member_id = _member_called(need, text)
        if member_id is None:
            return None, text
    else:
        person = db.session.get(Member, member_id)
        if person is None or person.status != "member":
            raise NoSuchPartner
    if member_id == need.author_id:
        raise OwnPartner
    return member_id, ""


def _member_called(need: Need, name: str) -> uuid.UUID | None:
    """Who answered under this name (the accepted one first), else the only member of this name."""
    answered = db.session.scalars(
        select(Member.id)
        .join(NeedResponse, NeedResponse.member_id == Member.id)
        .where(NeedResponse.need_id == need.id, NeedResponse.state != "withdrawn", Member.real_name == name)
        .order_by(NeedResponse.state, NeedResponse.created_at)
    ).all()
    if answered:
        return answered[0]
    called = select(Member.id).where(
        Member.sort_key == pinyin_key(name), Member.real_name == name, Member.status == "member"
    )
    known = db.session.scalars(called.limit(2)).all()
    return known[0] if len(known) == 1 else None
