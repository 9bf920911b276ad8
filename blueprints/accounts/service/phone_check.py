"""Whether a phone is its applicant's: a code goes there and comes back. Offered, never asked for."""

from __future__ import annotations

from flask_babel import gettext, lazy_gettext

from blueprints.accounts.forms import CodeForm, EmptyForm
from blueprints.accounts.models import Member
from blueprints.accounts.service.credentials import code_fits, code_of, send_code, wrong_code
from blueprints.accounts.service.registration import STATUS_URL
from core import sms
from core.access import Viewer
from core.clock import now
from core.database import locked
from core.errors import NotFound, Refusal
from core.operations import Act, Outcome, operation
from core.values import masked_phone

CHECK_URL = "/register/phone"
PURPOSE = "check_code"


class NoGateway(Refusal):
    """This installation sends no messages."""

    message = lazy_gettext("这里没有开通短信，秘书处会打电话核实。")


def pending_check(person: Viewer) -> bool:
    """Whether a code is on its way that can still be entered."""
    return code_of(person.id, PURPOSE) is not None


@operation("phone.check", form=EmptyForm, requires="signed_in", waits=False)
def check_phone(act: Act) -> Outcome:
    """Send a code to the phone that the account has."""
    if not sms.available():
        raise NoGateway
    member = _member(act)
    send_code(member.id, PURPOSE, member.phone)
    return Outcome(gettext("验证码已发到 %(phone)s。", phone=masked_phone(member.phone)), url=CHECK_URL)


@operation("phone.verify", form=CodeForm, requires="signed_in", waits=False)
def verify_phone(act: Act, *, code: str) -> Outcome:
    """Take the code back: the phone is this person's."""
    member = _member(act)
    pending = code_of(member.id, PURPOSE)
    if pending is None or pending.phone != member.phone or not code_fits(member.id, PURPOSE, code):
        return wrong_code()
    member.phone_verified_at = now()
    return Outcome(gettext("手机号核实好了。"), url="/me" if act.person.is_member else STATUS_URL)


def _member(act: Act) -> Member:
    member = locked(Member, act.person.id)
    if member is None:
        raise NotFound
    return member
