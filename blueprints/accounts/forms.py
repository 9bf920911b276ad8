"""What people fill in about themselves."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from core.fields import Form, PasswordField, PhoneField


class LoginForm(Form):
    """Phone and password."""

    phone = PhoneField(_l("手机号"), required=True)
    password = PasswordField(_l("密码"), required=True, min_length=1)
