"""Who may do what. Access is denied unless a view says otherwise.

Roles give permissions, and a permission is a word that a view or an operation
names. What depends on the thing itself (the organizer of *this* event) is asked
by the feature's service, which raises `Forbidden`.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import abort, current_app, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import UserMixin, current_user

from core.clock import now

CONFIRMED_FOR = timedelta(minutes=10)
ROLES = ("admin", "editor", "reviewer", "publisher", "organizer", "expert", "lead")
PERMISSIONS: dict[str, frozenset[str]] = {
    "event.create": frozenset({"organizer", "admin"}),
    "desk.read": frozenset({"editor", "reviewer", "publisher", "admin"}),
    "briefing.edit": frozenset({"editor"}),
    "briefing.review": frozenset({"reviewer"}),
    "briefing.sign_off": frozenset({"publisher"}),
    "registration.decide": frozenset({"admin"}),
    "members.manage": frozenset({"admin"}),
    "audit.read": frozenset({"admin"}),
    "settings.change": frozenset({"admin"}),
    "figures.read": frozenset({"admin"}),
    "reports.decide": frozenset({"admin"}),
}
View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, eq=False)
class Viewer(UserMixin):
    """The person whose session this is, as read once for the request."""

    id: uuid.UUID
    session_id: uuid.UUID
    real_name: str
    status: str
    roles: frozenset[str] = field(default_factory=frozenset)
    language: str | None = None
    large: bool = False
    palette: str = "auto"
    rules_due: bool = False
    confirmed_at: datetime | None = None
    seen_at: datetime | None = None

    def get_id(self) -> str:
        return str(self.session_id)

    @property
    def is_member(self) -> bool:
        return self.status == "member"

    @property
    def is_applicant(self) -> bool:
        return self.status in ("applicant", "refused")

    @property
    def is_confirmed(self) -> bool:
        """Whether the password was given a short while ago, as handing out or changing much asks for."""
        return self.confirmed_at is not None and now() - self.confirmed_at < CONFIRMED_FOR

    def can(self, permission: str) -> bool:
        """Whether this person's standing and roles allow `permission`."""
        if permission == "signed_in":
            return True
        if not self.is_member:
            return False
        return permission == "member" or bool(PERMISSIONS[permission] & self.roles)


def viewer() -> Viewer | None:
    """The person of this request, or `None` for a visitor."""
    person = getattr(g, "_login_user", None) if g else None  # where Flask-Login keeps whom it has loaded
    if person is None:
        person = current_user._get_current_object()  # noqa: SLF001 - the way through Werkzeug's proxy
    return person if person is not None and person.is_authenticated else None


def member() -> Viewer:
    """The viewer of a view that a visitor cannot reach."""
    person = viewer()
    if person is None:
        abort(403)
    return person


def public(view: View) -> View:
    """This view is open to everyone."""
    view.__dict__["access"] = "public"
    return view


def requires(permission: str) -> Callable[[View], View]:
    """This view is open to who has `permission` ("signed_in", "member", or one of `PERMISSIONS`)."""
    if permission not in ("signed_in", "member", *PERMISSIONS):
        raise ValueError(f"{permission!r} is no permission")

    def mark(view: View) -> View:
        view.__dict__["access"] = permission
        return view

    return mark


def check_access() -> ResponseReturnValue | None:
    """Before each request: let it through, send to log-in, or refuse."""
    if request.endpoint is None:
        return None
    access = access_of(request.endpoint)
    if access == "public":
        return None
    person = viewer()
    if person is None:
        return redirect(url_for("accounts.login", next=_wanted()), 303)
    if access is None or not person.can(access):
        abort(403)
    return None


def access_of(endpoint: str) -> str | None:
    """What the view of `endpoint` says of who may enter, or `None` where it says nothing."""
    if endpoint == "static":
        return "public"
    return getattr(current_app.view_functions[endpoint], "access", None)


def _wanted() -> str:
    """Where a person goes on after log-in: the page asked for; after a post the one that it came from."""
    if request.method in ("GET", "HEAD"):
        return request.full_path.rstrip("?")
    try:
        left = urlsplit(request.headers.get("HX-Current-URL") or request.referrer or "")
    except ValueError:
        return "/"
    own = left.netloc == request.host
    return (safe_next(f"{left.path}?{left.query}".rstrip("?")) if own else None) or "/"


def safe_next(target: str | None) -> str | None:
    """`target` if it is a path of this site, else `None` (no open redirect)."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return None
    if any(ord(c) < 32 or c == "\\" for c in target):
        return None
    return target
