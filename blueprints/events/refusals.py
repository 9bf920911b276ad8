"""Why an event's rules say no, each with the sentence that the person reads."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from blueprints.events.forms import FAULTS
from blueprints.events.rules import Barrier, Fault
from core.errors import Refusal


class CalledOff(Refusal):
    """The event was called off."""

    message = _l("这场活动已经取消了。")


class Over(Refusal):
    """The event has ended."""

    message = _l("这场活动已经结束了。")


class Begun(Refusal):
    """The event has started."""

    message = _l("活动已经开始了。")


class SignupClosed(Refusal):
    """The time to sign up is over."""

    message = _l("报名已经截止了。")


class TooFewSeats(Refusal):
    """The capacity would fall below the confirmed."""

    def __init__(self, confirmed: int) -> None:
        super().__init__(_l("已有 %(count)d 人报上名，名额不能少于 %(count)d。", count=confirmed))


class WrongTimes(Refusal):
    """The event's times cannot be."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(FAULTS[fault])


class NotSignedUp(Refusal):
    """There is nothing to cancel."""

    message = _l("您没有报名参加这场活动。")


BY_BARRIER: dict[Barrier, type[Refusal]] = {
    Barrier.CANCELLED: CalledOff,
    Barrier.ENDED: Over,
    Barrier.STARTED: Begun,
    Barrier.CLOSED: SignupClosed,
}
