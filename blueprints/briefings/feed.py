"""The issues as an Atom feed (RFC 4287), at an address that each member makes for themselves.

The briefing is for members: there is no public feed. The address is a secret; a new one makes the old one useless.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from xml.sax.saxutils import escape, quoteattr

from flask import Response
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from blueprints.accounts.models import Member
from blueprints.briefings.forms import NothingForm
from blueprints.briefings.models import Briefing, BriefingFeed
from blueprints.briefings.service import is_published, its_people
from core import chamber
from core.database import db, insert_once
from core.markdown import render
from core.operations import Act, Outcome, operation

ENTRIES = 30


def token_of(member_id: uuid.UUID) -> str | None:
    """The secret part of a member's address, if they made one."""
    return db.session.scalar(select(BriefingFeed.token).where(BriefingFeed.member_id == member_id))


def is_known(token: str) -> bool:
    """Whether an address is that of somebody who is a member now."""
    if not 20 <= len(token) <= 64:
        return False
    found = select(BriefingFeed.member_id).join(Member).where(BriefingFeed.token == token, Member.status == "member")
    return db.session.scalar(found) is not None


@operation("feed.renew", form=NothingForm, lane="feed", waits=False)
def renew(act: Act) -> Outcome:
    """Make a new address; the old one stops at once."""
    had_one = token_of(act.person.id) is not None
    token = secrets.token_urlsafe(24)
    statement = insert_once(BriefingFeed).values(member_id=act.person.id, token=token)
    db.session.execute(statement.on_conflict_do_update(index_elements=["member_id"], set_={"token": token}))
    said = gettext("订阅地址换好了，旧的不再有效。") if had_one else gettext("订阅地址生成好了。")
    return Outcome(said, url="/briefings/feed")


def newest() -> list[Briefing]:
    """The issues of the feed, the newest first."""
    return list(
        db.session.scalars(
            select(Briefing)
            .where(is_published(), Briefing.number.is_not(None))
            .options(*its_people(), selectinload(Briefing.corrections))
            .order_by(Briefing.number.desc())
            .limit(ENTRIES)
        )
    )


def atom(issues: Iterable[Briefing], root: str, address: str) -> Response:
    """The feed's document."""
    issues, root = list(issues), root.rstrip("/")
    name = gettext("%(chamber)s每日简报", chamber=chamber.current().name)
    updated = max((_updated(found) for found in issues), default=datetime(2000, 1, 1, tzinfo=UTC))
    parts = [
        '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="zh-CN">',
        f"<id>{escape(root)}/briefings</id><title>{escape(name)}</title><updated>{_instant(updated)}</updated>",
        f'<link rel="self" type="application/atom+xml" href={quoteattr(address)}/>',
        f'<link rel="alternate" type="text/html" href={quoteattr(f"{root}/briefings")}/>',
        f"<author><name>{escape(chamber.current().name)}</name></author>",
        *(_entry(found, root) for found in issues),
        "</feed>\n",
    ]
    response = Response("\n".join(parts), content_type="application/atom+xml; charset=utf-8")
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _entry(found: Briefing, root: str) -> str:
    title = f"{gettext('第 %(number)s 期', number=found.number)} {found.title}"
    corrections = "".join(f"<p><b>{escape(gettext('更正：'))}</b>{escape(each.body)}</p>" for each in found.corrections)
    body = f"{corrections}{render(found.body, without_title=True, as_issue=True)}"
    editor = found.editor.real_name if found.editor else (found.printed or {}).get("editor", "")
    return "".join(
        (
            f"<entry><id>urn:uuid:{found.id}</id><title>{escape(title)}</title>",
            f"<updated>{_instant(_updated(found))}</updated>",
            f"<published>{_instant(found.publishes_at or _updated(found))}</published>",
            f'<link rel="alternate" type="text/html" href={quoteattr(root + found.place)}/>',
            f"<author><name>{escape(editor)}</name></author>" if editor else "",
            f'<content type="html">{escape(body)}</content></entry>',
        )
    )


def _updated(found: Briefing) -> datetime:
    return max([each.at for each in found.corrections] + [found.publishes_at or datetime(2000, 1, 1, tzinfo=UTC)])


def _instant(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
