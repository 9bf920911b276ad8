"""What is said about an issue: a reviewer's comment on a line, and the correction of what is out."""

from __future__ import annotations

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from blueprints.briefings import search_index, service
from blueprints.briefings.forms import CommentForm, CorrectionForm
from blueprints.briefings.models import BriefingComment, BriefingCorrection
from blueprints.briefings.steps import NotItsTurn, known, outcome, step
from core.clock import now
from core.database import db, new_id, touch
from core.errors import Forbidden, Refusal, Stale
from core.operations import Act, Outcome, free_id, operation, version_built_on

MOST_COMMENTS = 200


class NoSuchLine(Refusal):
    """The text has fewer lines."""

    message = _l("文稿里没有这一行，请看最新的文稿再批。")


class TooMany(Refusal):
    """More comments than anybody reads."""

    message = _l("批注太多了，请退回并在意见里写明。")


class NotSignedOff(Refusal):
    """There is nothing to correct before it is signed off."""

    message = _l("还没有签发，直接退回修改就行，不用更正。")


@operation("briefing.comment", form=CommentForm, requires="desk.read", lane="briefing")
def comment(act: Act, *, line: int, body: str, version: str, id: str | None) -> Outcome:  # noqa: A002
    """Say something to one line of what was submitted; who may review or sign it off may."""
    found = known(act)
    hands = service.hands_on((found.id,))[found.id]
    if not {"review", "sign_off"} & set(service.allowed(found, act.person, hands)):
        raise Forbidden if found.state in ("submitted", "reviewed") else NotItsTurn
    if version_built_on(act.owner, version) < found.text_version:
        raise Stale(current={"body": found.body, "version": found.version})
    lines = found.body.split("\n")
    if line > len(lines) or not lines[line - 1].strip():
        raise NoSuchLine
    if len(found.comments) >= MOST_COMMENTS:
        raise TooMany
    key = free_id(BriefingComment, id)
    made = BriefingComment(id=key, briefing_id=found.id, version=found.text_version, line=line, author_id=act.person.id)
    made.quote, made.body, made.at = lines[line - 1], body, now()
    db.session.add(made)
    return outcome(found, gettext("批注已记下。"))


@operation("briefing.correct", form=CorrectionForm, requires="briefing.sign_off", lane="briefing")
def correct(act: Act, *, body: str) -> Outcome:
    """Put a correction on top of an issue that was signed off; its text stays."""
    found = known(act)
    if found.state != "signed_off":
        raise NotSignedOff
    db.session.add(BriefingCorrection(id=new_id(), briefing_id=found.id, body=body, author_id=act.person.id, at=now()))
    db.session.flush()
    db.session.expire(found, ["corrections"])
    search_index.put(found)
    touch(*found.topics())
    step(act, found, "correct", comment=body)
    return outcome(found, gettext("更正已发出，显示在这一期的最前面。"))
