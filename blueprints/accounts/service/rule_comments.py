"""What members say of a rule, under their own names: read by members, reported and hidden as other words are."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import timedelta

from flask_babel import gettext, lazy_gettext
from sqlalchemy import func, or_, select
from sqlalchemy.orm import joinedload

from blueprints.accounts.forms import EmptyForm, RuleCommentForm
from blueprints.accounts.models import RuleComment
from blueprints.accounts.rules import said_enough
from blueprints.accounts.service.community_rules import rule
from blueprints.accounts.service.registration import everyone_with
from core.clock import now
from core.database import db, locked
from core.errors import IdTaken, Later, NotFound, constraint_means
from core.operations import Act, Outcome, free_id, operation
from core.registries import Subject, check_posting, notice_kind, notice_switch, reportable, tell

constraint_means("pk_rule_comments", IdTaken)
SHOWN = 50
COMMENTS = notice_switch("rules.comments", lazy_gettext("会员对规则说的话"), roles=("admin",))
COMMENTED = notice_kind("rule.commented", lazy_gettext("%(name)s 对《%(title)s》说了一句"), switch=COMMENTS)


class SaidEnough(Later):
    """More words in a day than anybody reads."""

    message = lazy_gettext("您今天说得很多了，明天再来，或者直接找秘书处。")
    wait_seconds = 3600


@operation("rule.comment", form=RuleCommentForm, lane="rule")
def comment(act: Act, *, body: str, id: str | None) -> Outcome:  # noqa: A002 the field's name is the phone's
    """Say something of a rule; of the version that is announced, where one is. Raises `SaidEnough`, `IdTaken`."""
    check_posting(act.person.id)
    found = rule(act.target or "")
    key = free_id(RuleComment, id)
    day = now() - timedelta(days=1)
    said = select(func.count()).where(RuleComment.author_id == act.person.id, RuleComment.made_at > day)
    if said_enough(db.session.scalar(said) or 0):
        raise SaidEnough
    version = (found.coming or found).version
    made = RuleComment(
        id=key, slug=found.slug, version=version, author_id=act.person.id, body=body, made_at=now(), hidden=False
    )
    db.session.add(made)
    admins = [admin for admin in everyone_with("admin") if admin != act.person.id]
    name, subject = act.person.real_name, f"rule_comment:{key}"
    tell(admins, COMMENTED, url=url_of(found.slug), subject=subject, name=name, title=found.title)
    return Outcome(gettext("记下了，会员们看得到，署的是您的真名。"), url=url_of(found.slug))


@operation("rule.take_back", form=EmptyForm, lane="rule")
def take_back(act: Act) -> Outcome:
    """Take one's own words back."""
    made = locked(RuleComment, act.target_id)
    if made is None or made.author_id != act.person.id:
        raise NotFound
    db.session.delete(made)
    return Outcome(gettext("撤下了"), url=url_of(made.slug))


def url_of(slug: str) -> str:
    """Where the words on a rule stand."""
    return f"/rules/{slug}#comments"


def comments_on(slug: str, reader: uuid.UUID) -> Sequence[RuleComment]:
    """The newest words on a rule; what is hidden is shown to its author alone."""
    query = select(RuleComment).where(
        RuleComment.slug == slug, or_(RuleComment.hidden.is_(False), RuleComment.author_id == reader)
    )
    query = query.options(joinedload(RuleComment.author))
    return db.session.scalars(query.order_by(RuleComment.id.desc()).limit(SHOWN)).unique().all()


def _subject(comment_id: uuid.UUID) -> Subject | None:
    made = db.session.get(RuleComment, comment_id)
    if made is None:
        return None
    return Subject(made.author_id, rule(made.slug).title, url_of(made.slug), made.body, made.hidden)


def _hide(comment_id: uuid.UUID, hidden: bool) -> None:
    if made := locked(RuleComment, comment_id):
        made.hidden = hidden


reportable("rule_comment", lazy_gettext("对规则说的话"), find=_subject, hide=_hide)
