"""What a member was told; and their name in what others were told."""

from __future__ import annotations

import json

from flask_babel import lazy_gettext as _l
from sqlalchemy import Text, cast, delete, select

from blueprints.notices.models import MutedNotice, Notice, SmsMessage
from core.database import db
from core.held import held
from core.registries import Leaver, erases, exports

exports(
    held(
        Notice,
        _l("我收到的通知"),
        {"kind": _l("种类"), "words": _l("内容"), "url": _l("网址"), "made_at": _l("时间"), "read_at": _l("读过于")},
        "member_id",
        without=("subject",),
    ),
    held(
        SmsMessage,
        _l("等着发给我的短信"),
        {"body": _l("内容"), "made_at": _l("时间"), "tries": _l("试过几次"), "next_try_at": _l("下次发送")},
        "member_id",
    ),
    held(MutedNotice, _l("我关掉的通知"), {"switch": _l("哪一种")}, "member_id"),
)


@erases("notices")
def forget_who(leaver: Leaver) -> None:
    """What the member was told goes; where others were told of them, the name goes."""
    for model in (Notice, SmsMessage, MutedNotice):
        db.session.execute(delete(model).where(model.member_id == leaver.id))
    for name in (leaver.real_name, leaver.phone):
        escaped = json.dumps(name)[1:-1]
        for notice in db.session.scalars(
            select(Notice).where(cast(Notice.words, Text).contains(escaped, autoescape=True))
        ):
            notice.words = {key: leaver.called if word == name else word for key, word in notice.words.items()}
    db.session.flush()
