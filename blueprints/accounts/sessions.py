"""Who is logged in: sessions in the database, so that each can be listed and ended."""

from __future__ import annotations

import logging
import uuid
from datetime import timedelta
from typing import Any

from flask import Flask, Response, g, request, session
from flask_login import login_user, logout_user
from sqlalchemy import bindparam, func, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import aliased

from blueprints.accounts.models import LoginSession, Member, RoleGrant, Rule, RuleAcceptance
from blueprints.accounts.rules import network_of
from core import faults
from core.access import Viewer, viewer
from core.clock import now
from core.database import db, execute_count, in_transaction, new_id, rows_of, touch

log = logging.getLogger("huiyou.sessions")
LIFETIME = timedelta(days=90)
SEEN_EVERY = timedelta(hours=1)
_newer = aliased(Rule)
_due = (
    select(func.count())
    .select_from(Rule)
    .outerjoin(
        RuleAcceptance,
        (RuleAcceptance.slug == Rule.slug)
        & (RuleAcceptance.version == Rule.version)
        & (RuleAcceptance.member_id == Member.id),
    )
    .where(
        RuleAcceptance.id.is_(None),
        Rule.version
        == select(func.max(_newer.version))
        .where(_newer.slug == Rule.slug, _newer.in_force_from <= bindparam("instant"))
        .scalar_subquery(),
    )
    .correlate(Member)
    .scalar_subquery()
)
# Asked by every request of a logged-in person, hence put together once.
_OF_SESSION = (
    select(
        Member.id,
        Member.real_name,
        Member.status,
        Member.language,
        Member.large,
        Member.palette,
        RoleGrant.role,
        LoginSession.confirmed_at,
        LoginSession.last_seen_at,
        _due.label("due"),
    )
    .select_from(LoginSession)
    .join(Member, Member.id == LoginSession.member_id)
    .outerjoin(RoleGrant, RoleGrant.member_id == Member.id)
    .where(
        LoginSession.id == bindparam("session_id"),
        LoginSession.revoked_at.is_(None),
        LoginSession.expires_at > bindparam("instant"),
    )
)


def load_viewer(session_id: str) -> Viewer | None:
    """The person of a live session, in one query; `None` when it ended or they are suspended."""
    try:
        key = uuid.UUID(session_id)
    except ValueError:
        return None
    rows = rows_of(_OF_SESSION, {"session_id": key, "instant": now()})
    if not rows or rows[0].status not in ("applicant", "refused", "member"):
        g.session_was_revoked = bool(rows) or _was_revoked(key)
        return None
    first = rows[0]
    return Viewer(
        id=first.id,
        session_id=key,
        real_name=first.real_name,
        status=first.status,
        roles=frozenset(row.role for row in rows if row.role),
        language=first.language,
        large=first.large,
        palette=first.palette,
        rules_due=bool(first.due),
        confirmed_at=first.confirmed_at,
        seen_at=first.last_seen_at,
    )


def _was_revoked(session_id: uuid.UUID) -> bool:
    """Whether somebody ended this session; one that is merely too old was not revoked."""
    revoked = select(LoginSession.revoked_at).where(LoginSession.id == session_id)
    return db.session.scalar(revoked) is not None


def was_revoked() -> bool:
    """Whether this request came with the cookie of a session that was taken away: the phone is to forget its pages."""
    return viewer() is None and bool(g.get("session_was_revoked"))


def log_in(member: Member) -> None:
    """Open a session for `member` on this phone; the caller commits. A new cookie each time."""
    instant = now()
    opened = LoginSession(
        id=new_id(),
        member_id=member.id,
        created_at=instant,
        last_seen_at=instant,
        expires_at=instant + LIFETIME,
        confirmed_at=instant,
        device=(request.user_agent.string or "")[:200],
        address=network_of(request.remote_addr or ""),
    )
    db.session.add(opened)
    _take_over_display(member)
    session.clear()
    session.permanent = True
    login_user(Viewer(member.id, opened.id, member.real_name, member.status), force=True)


def _take_over_display(member: Member) -> None:
    """What was chosen on this phone before logging in holds on, where the person themselves chose nothing."""
    chosen: dict[str, Any] = {}
    if request.cookies.get("large") == "1" and not member.large:
        chosen["large"] = True
    if (palette := request.cookies.get("palette")) in ("light", "dark") and member.palette == "auto":
        chosen["palette"] = palette
    if (tongue := request.cookies.get("language")) in ("zh", "en") and member.language is None:
        chosen["language"] = tongue
    if chosen:
        db.session.execute(update(Member).where(Member.id == member.id).values(**chosen))


def log_out(person: Viewer | None) -> None:
    """End the session of this phone; the caller commits."""
    if person:
        revoke(person.id, person.session_id)
    logout_user()
    session.clear()


def confirm(person: Viewer) -> None:
    """Note that the password was given on this phone just now; the caller commits."""
    confirming = update(LoginSession).where(LoginSession.id == person.session_id)
    db.session.execute(confirming.values(confirmed_at=now(), last_seen_at=now()))


def revoke(member_id: uuid.UUID, session_id: uuid.UUID | None = None, *, but: uuid.UUID | None = None) -> int:
    """End one session of a member, or all of them except `but`; returns how many ended."""
    ending = update(LoginSession).where(LoginSession.member_id == member_id, LoginSession.revoked_at.is_(None))
    if session_id:
        ending = ending.where(LoginSession.id == session_id)
    if but:
        ending = ending.where(LoginSession.id != but)
    touch(f"sessions:{member_id}")
    return execute_count(ending.values(revoked_at=now()))


def _note_contact(response: Response) -> Response:
    """Tell a phone whose session was taken away; note once an hour, at a POST, that a live one is in use.

    The answer is decided by now: where the note cannot be written, the log says so and the answer goes out.
    """
    if was_revoked():
        response.headers["Session"] = "ended"
    person = viewer()
    if person and request.method == "POST" and person.seen_at and now() - person.seen_at > SEEN_EVERY:
        seen = update(LoginSession).where(LoginSession.id == person.session_id).values(last_seen_at=now())
        try:
            in_transaction(lambda: db.session.execute(seen))
        except (SQLAlchemyError, OSError) as error:
            if not faults.note(error):
                log.exception("a session's use was not noted")
    return response


def init_app(app: Flask) -> None:
    """Tell Flask-Login how a cookie becomes a person."""
    app.after_request(_note_contact)
    app.login_manager.user_loader(load_viewer)  # type: ignore[attr-defined]
    app.login_manager.session_protection = None  # type: ignore[attr-defined]
