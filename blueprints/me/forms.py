"""What a member fills in about leaving."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from core.fields import Form, PasswordField


class EraseForm(Form):
    """The password, to be erased."""

    password = PasswordField(_l("密码"), required=True, min_length=1)


class KeepForm(Form):
    """A button: the way back."""
