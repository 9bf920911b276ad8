"""Passkeys: the second way to log in. A member may have several, one for each device."""

from __future__ import annotations

import uuid

from flask_babel import gettext, lazy_gettext
from sqlalchemy import func, select

from blueprints.accounts import ceremonies
from blueprints.accounts.forms import EmptyForm, PasskeyForm
from blueprints.accounts.models import Passkey
from core.clock import now
from core.database import db, new_id
from core.errors import Forbidden, NotFound, Refusal, constraint_means
from core.operations import Act, Outcome, operation

PASSKEYS_URL = "/me/passkeys"
MOST = 10


class KnownKey(Refusal):
    """The device's key is on the list."""

    message = lazy_gettext("这把通行密钥已经登记过了。")


constraint_means("uq_passkeys_credential_id", KnownKey)


def passkeys_of(member_id: uuid.UUID) -> list[Passkey]:
    """A member's passkeys, newest first."""
    return list(db.session.scalars(select(Passkey).where(Passkey.member_id == member_id).order_by(Passkey.id.desc())))


@operation("passkey.add", form=PasskeyForm, requires="signed_in", waits=False)
def add_passkey(act: Act, *, name: str | None, credential: str) -> Outcome:  # noqa: ARG001 the route has checked it
    """Keep a key that the route found good."""
    key = ceremonies.new_key_ahead()
    if key is None:
        raise Forbidden
    count = db.session.scalar(select(func.count()).where(Passkey.member_id == act.person.id)) or 0
    if count >= MOST:
        raise Refusal(gettext("最多登记 %(most)d 把，请先删去不用的。", most=MOST))
    db.session.add(
        Passkey(
            id=new_id(),
            member_id=act.person.id,
            credential_id=key.credential_id,
            public_key=key.public_key,
            sign_count=key.sign_count,
            name=name or gettext("我的设备"),
            created_at=now(),
        )
    )
    return Outcome(gettext("登记好了，下次可以用它登录。"), url=PASSKEYS_URL)


@operation("passkey.remove", form=EmptyForm, requires="signed_in", waits=False)
def remove_passkey(act: Act) -> Outcome:
    """Take one of one's own keys off the list: it opens nothing any more."""
    key = db.session.get(Passkey, act.target_id)
    if key is None or key.member_id != act.person.id:
        raise NotFound
    db.session.delete(key)
    return Outcome(gettext("已删去，用它不能再登录。"), url=PASSKEYS_URL)
