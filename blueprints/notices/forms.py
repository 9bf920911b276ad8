"""What is posted about notices."""

from __future__ import annotations

from core.fields import Form, UuidField


class ReadForm(Form):
    """`until` is the newest notice that the person saw; what came later stays unread."""

    until = UuidField()


class OpenForm(Form):
    """Opening one notice needs nothing else."""
