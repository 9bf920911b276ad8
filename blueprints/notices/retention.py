"""What notices forget. Nothing is promised of them, but they quote what other promises are about."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete

from blueprints.notices.models import Notice, SmsMessage
from core.database import db, execute_count, touch
from core.registries import forgets


@forgets("notices.notices", months=12)
def notices(before: datetime) -> int:
    """What a member was told, read or not: its occasion is long over, and it names people and topics."""
    readers = db.session.scalars(delete(Notice).where(Notice.made_at < before).returning(Notice.member_id)).all()
    touch(*(f"notices:{member_id}" for member_id in readers))
    return len(readers)


@forgets("notices.messages", days=30)
def messages(before: datetime) -> int:
    """Messages that no gateway took, because it was taken out of the settings."""
    return execute_count(delete(SmsMessage).where(SmsMessage.made_at < before))
