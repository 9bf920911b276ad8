"""How templates are read: compiled once, and what all of them may name."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

from flask import Flask
from jinja2 import FileSystemBytecodeCache, Template
from jinja2.bccache import Bucket
from jinja2.environment import TemplateModule
from jinja2.runtime import Context

from core import access, chamber, clock, i18n, pages


class Compiled(FileSystemBytecodeCache):
    """Compiled templates on the disk, so that a server which has just started answers as soon as one at work.

    On a full disk, or one that cannot be written, each worker compiles its own.
    """

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep one template's code."""
        with suppress(OSError):
            super().dump_bytecode(bucket)


class Plain(Template):
    """A template that knows what all of them know and nothing more, and whose macros are therefore made once.

    Jinja compares the names that the importing template knows with this one's, at each import of
    each page: an eighth of all that making an event's page calls.
    """

    def _get_default_module(self, ctx: Context | None = None) -> TemplateModule:  # noqa: ARG002 - as Jinja calls it
        return super()._get_default_module()


def init_app(app: Flask, instance: Path) -> None:
    """Keep what is compiled in `instance`; give every template the viewer, the chamber and the clock."""
    folder = instance / "templates"
    with suppress(OSError):
        folder.mkdir(mode=0o700, exist_ok=True)
    app.jinja_options = {"bytecode_cache": Compiled(str(folder)), "trim_blocks": True, "lstrip_blocks": True}
    app.jinja_env.template_class = Plain
    app.jinja_env.filters.update(when=clock.local, utc=i18n.utc)
    app.jinja_env.globals.update(spoken=i18n.spoken, new_op=pages.Op)
    app.jinja_env.globals.update(now=clock.now, today=clock.today, clock=clock.clock)

    @app.context_processor
    def shell() -> dict[str, Any]:
        return {
            "viewer": access.viewer(),
            "chamber": chamber.current(),
            "language": i18n.language(),
            "display": pages.display(),
        }
