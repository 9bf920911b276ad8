"""Why something cannot be done with a need, each in the sentence that the person reads."""

from __future__ import annotations

from types import MappingProxyType

from flask_babel import lazy_gettext as _l

from core.errors import IdTaken, Refusal, constraint_means


class Closed(Refusal):
    """The author has closed it."""

    message = _l("这条已经结束，不能再改。")


class Expired(Refusal):
    """Its last day is over."""

    message = _l("这条已经过了有效期，不能再回应。")


class OwnNeed(Refusal):
    """Nobody answers themselves."""

    message = _l("这是您自己发的，不用回应自己。")


class AlreadyAnswered(Refusal):
    """One open answer per member and need."""

    message = _l("您已经回应过这条。想换个说法，请先撤回原来的回应。")


class TakenBack(Refusal):
    """The answer was withdrawn."""

    message = _l("对方已经撤回了这条回应。")


class CannotTakeBack(Refusal):
    """The answer was accepted."""

    message = _l("对方已经接受，双方都看到了电话，不能再撤回。请打电话说明。")


class Gone(Refusal):
    """The other side is no member any more."""

    message = _l("这位会员现在不在商会里，联系不上了。")


class Repeated(Refusal):
    """The same title and body within seven days."""


class TooMany(Refusal):
    """More posts than the limit within an hour."""

    status = 429
    message = _l("您这一小时发得太多了，请过一会儿再发。")


class AgainstTheRules(Refusal):
    """What a post must not hold, as far as a machine sees it."""

    SENTENCES = MappingProxyType(
        {
            "links": _l("网址太多了，最多三个。用自己的话说清楚，对同仁的生意有什么用。"),
            "short_link": _l("请写完整的网址，短网址看不出通向哪里。"),
            "identity_number": _l("里面像是有身份证号。别人的、自己的证件号都不要发，要给谁看就单独给谁。"),
            "card": _l("里面像是有银行卡号。卡号不要发出来，要给谁看就单独给谁。"),
        }
    )

    def __init__(self, fault: str) -> None:
        super().__init__(self.SENTENCES[fault])


class TooManyAnswers(Refusal):
    """More answers than the limit within an hour, or the same words under one need after the other."""

    status = 429
    message = _l("您这一小时回应得太多了，请过一会儿再发。")


class NoSuchPartner(Refusal):
    """The partner's id is no member's."""

    message = _l("没有这位会员，请写对方的姓名。")


class OwnPartner(Refusal):
    """Nobody deals with themselves."""

    message = _l("合作方不能是您自己。")


constraint_means("pk_needs", IdTaken)
constraint_means("pk_need_responses", IdTaken)
constraint_means("uq_need_responses_open", AlreadyAnswered)
