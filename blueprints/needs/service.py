"""What members do with their needs and offers: post, edit, close."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select

from blueprints.accounts.models import Member
from blueprints.needs import rules
from blueprints.needs.common import DEALS, check_words, locked_need
from blueprints.needs.forms import LAST_DAY_IS_PAST, EditForm, NeedForm, OutcomeForm
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
    Closed,
    NoSuchPartner,
    OwnPartner,
    Repeated,
    TooMany,
)
from core.clock import now, today
from core.database import db
from core.errors import Duplicate, Forbidden, Refusal, Stale
from core.operations import Act, free_id, operation, version_built_on
from core.operations import Outcome as Decided
from core.registries import check_posting, notice_kind, tell
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
    check_words(f"{title}\n{body}")
    turn = select(Member.trade).where(Member.id == author_id).with_for_update(key_share=True)
    own_trade = db.session.execute(turn).scalar_one()
    hour_ago = now() - timedelta(hours=1)
    posted = select(func.count()).where(Need.author_id == author_id, Need.created_at > hour_ago)
    if rules.over_the_limit(db.session.execute(posted).scalar_one()):
        raise TooMany
    if earlier := earlier_than(author_id, title, body):
        raise _repeated(earlier)
    need = Need(
        id=free_id(Need, id),
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
    check_words(f"{title}\n{body}")
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


def _repeated(earlier: Need) -> Repeated:
    sentence = gettext("七天内您已经发过一样的：“%(title)s”。可以去那一条里修改。", title=earlier.title)
    return Repeated(sentence, url=f"/needs/{earlier.id}")


def _own(act: Act) -> Need:
    need = locked_need(act.target_id)
    if need.author_id != act.person.id:
        raise Forbidden
    return need


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
