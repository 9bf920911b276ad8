"""What people fill in about themselves, and what admins fill in about them."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms.widgets import HiddenInput

from blueprints.accounts.labels import ROLE_LABELS, TRADE_LABELS
from blueprints.accounts.passwords import hash_ahead
from core.choices import ChoiceField, FlagField, MultiChoiceField
from core.fields import DateField, Form, IdentityNumberField, PasswordField, PhoneField, TextField, UsccField, UuidField

NAME = 40
COMPANY = 80
BODY = 5000
ABOUT = 1000
TITLE = 80
RULE = 20_000


class LoginForm(Form):
    """Phone and password; how long the password is was settled when it was chosen."""

    phone = PhoneField(_l("手机号"), required=True)
    password = PasswordField(_l("密码"), required=True, min_length=1)


class NewPasswordForm(Form):
    """A form with a password to keep: it is hashed as soon as all is valid, before any transaction."""

    kept_field = "password"

    def validate(self, *args: Any, **kwargs: Any) -> bool:
        valid = bool(super().validate(*args, **kwargs))
        if valid:
            hash_ahead(self[self.kept_field].data)
        return valid


class RegistrationForm(NewPasswordForm):
    """An application under one's real name."""

    real_name = TextField(_l("姓名"), max_length=NAME, required=True)
    phone = PhoneField(_l("手机号"), required=True)
    password = PasswordField(_l("密码"), required=True)
    company_name = TextField(_l("公司全称"), max_length=COMPANY, required=True)
    uscc = UsccField(_l("统一社会信用代码"))
    position = TextField(_l("职务"), max_length=NAME, required=True)
    trade = ChoiceField(_l("行业"), choices=TRADE_LABELS, required=True)
    id_number = IdentityNumberField(_l("身份证号"))
    referrer = TextField(_l("介绍人"), max_length=NAME)
    introduction = TextField(_l("自我介绍"), max_length=ABOUT, multiline=True)
    accept_rules = FlagField(_l("我已年满 18 周岁，读过并接受群规与诚信承诺"), required=True)
    accept_privacy = FlagField(_l("我读过并同意隐私说明"), required=True)


class AnswerForm(Form):
    """What an applicant adds to the application."""

    body = TextField(_l("您的回答"), max_length=BODY, multiline=True, required=True)


class ApproveForm(Form):
    """Nothing needs to be said to approve."""


class RefuseForm(Form):
    """Why an application is refused; the applicant reads it."""

    reason = TextField(_l("谢绝的理由"), max_length=ABOUT, multiline=True, required=True)


class AskForm(Form):
    """What the admin wants to know before deciding."""

    question = TextField(_l("要问的问题"), max_length=ABOUT, multiline=True, required=True)


class RolesForm(Form):
    """The roles of one member; none is a possible answer."""

    roles = MultiChoiceField(_l("角色"), choices=ROLE_LABELS)


class SuspendForm(Form):
    """Why a member is suspended; the member reads it."""

    reason = TextField(_l("停用的理由"), max_length=ABOUT, multiline=True, required=True)


class ReinstateForm(Form):
    """Why a member comes back, if there is something to say."""

    reason = TextField(_l("恢复的说明"), max_length=ABOUT, multiline=True)


class OneTimeLinkForm(Form):
    """A way back in, handed over by an admin: for a new password, or for a new phone."""

    purpose = ChoiceField(_l("用途"), choices={"password": _l("重设密码"), "phone": _l("更换手机号")}, required=True)
    phone = PhoneField(_l("新手机号"))


class AcceptRulesForm(Form):
    """`shown` are the versions that the page showed; without it, those in force are meant."""

    shown = TextField(_l("规则"), max_length=ABOUT)


class RuleCommentForm(Form):
    """What a member says of a rule; the phone names it."""

    body = TextField(_l("您的话"), max_length=ABOUT, multiline=True, required=True)
    id = UuidField(_l("编号"))


class RuleTextForm(Form):
    """A rule's new text, the day from which it is in force, and the version that it was made from."""

    title = TextField(_l("标题"), max_length=TITLE, required=True)
    body = TextField(_l("全文"), max_length=RULE, multiline=True, required=True)
    on = DateField(_l("哪天起用"))
    version = TextField(_l("版本"), max_length=36)


class ProfileForm(Form):
    """What members say of themselves."""

    position = TextField(_l("职务"), max_length=NAME)
    introduction = TextField(_l("自我介绍"), max_length=ABOUT, multiline=True)
    strengths = TextField(_l("我能帮上什么"), max_length=ABOUT, multiline=True)
    shortfalls = TextField(_l("我缺什么"), max_length=ABOUT, multiline=True)
    phone_visible = FlagField(_l("允许会员看到我的手机号"))


class CompanyForm(Form):
    """What a company makes and buys, edited by any member of it."""

    products = TextField(_l("产品和服务"), max_length=ABOUT, multiline=True)
    buys = TextField(_l("采购什么"), max_length=ABOUT, multiline=True)
    version = TextField(_l("版本"), max_length=36)


class CompanyChangeForm(Form):
    """How one's company is called now, or for which one works now."""

    change = ChoiceField(
        _l("怎么变的"),
        choices={"moved": _l("我换了公司"), "renamed": _l("公司改了名，同公司的会员一起改")},
        required=True,
    )
    company_name = TextField(_l("公司全称"), max_length=COMPANY, required=True)
    uscc = UsccField(_l("统一社会信用代码"))
    new_position = TextField(_l("职务"), max_length=NAME)


class CorrectionForm(Form):
    """What an admin corrects of a member's names, and why; the member reads it."""

    real_name = TextField(_l("姓名"), max_length=NAME, required=True)
    company_name = TextField(_l("公司全称"), max_length=COMPANY, required=True)
    uscc = UsccField(_l("统一社会信用代码"))
    position = TextField(_l("职务"), max_length=NAME, required=True)
    trade = ChoiceField(_l("行业"), choices=TRADE_LABELS, required=True)
    referrer = TextField(_l("介绍人"), max_length=NAME)
    reason = TextField(_l("理由"), max_length=ABOUT, multiline=True, required=True)


class EmptyForm(Form):
    """A button."""


class ChangePasswordForm(NewPasswordForm):
    """The old password and the new one."""

    kept_field = "new"
    current = PasswordField(_l("现在的密码"), required=True, min_length=1)
    new = PasswordField(_l("新密码"), required=True)


class NewPhoneForm(Form):
    """The phone that shall be used from now on."""

    phone = PhoneField(_l("新手机号"), required=True)
    password = PasswordField(_l("密码"), required=True, min_length=1)


class CodeForm(Form):
    """The code that a message brought."""

    code = TextField(_l("短信验证码"), max_length=12, required=True)


class PasskeyForm(Form):
    """A new passkey; `credential` is what the browser's script fills in (WebAuthn's JSON)."""

    name = TextField(_l("给它起个名字"), max_length=NAME)
    credential = TextField(_l("通行密钥"), max_length=20_000, required=True, widget=HiddenInput())


class PasskeyLoginForm(Form):
    """What the browser's script fills in to log in."""

    credential = TextField(_l("通行密钥"), max_length=20_000, required=True, widget=HiddenInput())


class ForgotForm(Form):
    """Whose password is forgotten."""

    phone = PhoneField(_l("手机号"), required=True)


class ResetByCodeForm(NewPasswordForm):
    """A new password, by the code that came to the phone."""

    phone = PhoneField(_l("手机号"), required=True)
    code = TextField(_l("短信验证码"), max_length=12, required=True)
    password = PasswordField(_l("新密码"), required=True)


class ResetByLinkForm(NewPasswordForm):
    """A new password, by an admin's one-time link."""

    password = PasswordField(_l("新密码"), required=True)


class DisplayForm(Form):
    """How the screen is shown; what is left out stays as it is."""

    large = ChoiceField(_l("大字"), choices={"1": _l("大字"), "0": _l("常规字号")})
    palette = ChoiceField(_l("配色"), choices={"auto": _l("自动"), "light": _l("浅色"), "dark": _l("深色")})
    language = ChoiceField(_l("语言"), choices={"zh": "中文", "en": "English"})


class DirectoryForm(Form):
    """What is looked for among the members."""

    q = TextField(_l("找人"), max_length=80)
    trade = ChoiceField(_l("行业"), choices=TRADE_LABELS, blank=_l("全部行业"))
