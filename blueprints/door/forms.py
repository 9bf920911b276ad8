"""What is posted at the door."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from blueprints.door.words import VERDICTS
from core.choices import ChoiceField
from core.fields import Form, PhoneField, TextField, UuidField


class CheckinForm(Form):
    """A ticket's text, a sign-up tapped on the roster, or a walk-in.

    A walk-in may name a sign-up too: that of somebody who waits or had cancelled, and whom
    the organizer lets in all the same. `told` is the verdict that the phone gave at once, by itself.
    """

    ticket = TextField(_l("入场券"), max_length=300)
    signup_id = UuidField(_l("报名人"))
    walk_in_name = TextField(_l("姓名"), max_length=40)
    walk_in_phone = PhoneField(_l("手机号"), description=_l("有手机号就能和会员、报名对上。"))
    device = TextField(_l("设备"), max_length=60)
    id = UuidField(_l("编号"))
    told = ChoiceField(_l("手机当时的判定"), choices=VERDICTS)

    def validate(self, extra_validators: Any = None) -> bool:
        valid = super().validate(extra_validators)
        if self.errors:
            return False
        if self.ticket.data and (self.signup_id.data or self.walk_in_name.data):
            self.ticket.errors = [_l("一次只能登记一个人。")]
            return False
        if not (self.ticket.data or self.signup_id.data or self.walk_in_name.data):
            self.nobody.errors = [_l("请扫入场券、点姓名，或填写来人的姓名。")]
            return False
        return valid

    @property
    def nobody(self) -> Any:
        """The field at which to say that nobody was named."""
        return self.ticket if self.ticket.raw_data else self.walk_in_name


class UndoForm(Form):
    """Why a check-in is taken back."""

    reason = TextField(_l("原因"), max_length=200)


class JoinForm(Form):
    """The code of the invitation that the organizer shows."""

    code = TextField(_l("邀请码"), max_length=64)


class TellForm(Form):
    """Whom to write to after the event."""

    whom = ChoiceField(_l("写给谁"), choices={"came": _l("来了的人"), "missed": _l("没来的人")})
