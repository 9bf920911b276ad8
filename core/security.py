"""What every answer carries and every request must pass: policy headers and the cross-site check."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes, urlsplit

from flask import Flask, Response, abort, g, request
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import URLSafeTimedSerializer

from core.access import viewer
from core.settings import RELEASE

# No inline script or style, nothing from elsewhere, and no string reaches a script sink
# unless a Trusted Types policy of ours made it (static/js/htmx-policy.js, start.js).
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "connect-src 'self'",
        "manifest-src 'self'",
        "worker-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types huiyou-htmx huiyou-worker",
    )
)
HEADERS = {
    "Huiyou": RELEASE,
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=(), payment=()",
}
# What is no document, data or the inside of a page, needs no more: a phone asks for it often.
DATA = ("application/json", "application/x-ndjson")
DATA_HEADERS = {
    "Huiyou": RELEASE,
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_SAFE = ("GET", "HEAD", "OPTIONS")


def check_origin() -> None:
    """Refuse a write that another site's page caused.

    Browsers say so in `Sec-Fetch-Site`; older ones in `Origin`. No token stands in
    a page, so that a page kept on the phone for a month still posts.
    """
    if request.method in _SAFE:
        return
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        if site not in ("same-origin", "none"):
            abort(403)
        return
    origin = request.headers.get("Origin")
    try:
        theirs = urlsplit(origin or "")
    except ValueError:
        abort(403)
    own = urlsplit(request.host_url)
    if (theirs.scheme, theirs.netloc) != (own.scheme, own.netloc):
        abort(403)


def check_encoding() -> None:
    """Refuse a form whose bytes are not UTF-8, before other words are made of them.

    No browser sends one; Werkzeug would take `%ED%A0%80` for nine characters that nobody typed.
    """
    if request.mimetype == "application/x-www-form-urlencoded":
        try:
            unquote_to_bytes(request.get_data()).decode()
        except UnicodeDecodeError:
            abort(400)


def add_headers(response: Response) -> Response:
    """Put the policy on an answer, and whose session it is; what was made for a person is never kept by a cache.

    An answer without the database does not know whose session it is, and says nothing of it.
    """
    data = response.mimetype in DATA or "Fragment" in request.headers
    own = set(response.headers.keys(lower=True))
    for name, value in (DATA_HEADERS if data else HEADERS).items():
        if name.lower() not in own:
            response.headers.add(name, value)
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if g.get("unavailable"):
        return response
    person = viewer()
    response.headers["Account"] = str(person.id) if person else ""
    if person:
        response.headers["Cache-Control"] = "private, no-store"
    return response


class Sessions(SecureCookieSessionInterface):
    """A cookie that was given over https is sent back over https alone. What signs them is made once."""

    def __init__(self) -> None:
        self._signed_with: str | bytes | None = None
        self._serializer: URLSafeTimedSerializer | None = None

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        if self._signed_with != app.secret_key:
            self._serializer = super().get_signing_serializer(app)
            self._signed_with = app.secret_key
        return self._serializer

    def get_cookie_secure(self, app: Flask) -> bool:  # noqa: ARG002 - as Flask calls it
        return request.is_secure


def init_app(app: Flask) -> None:
    """Cookies for this site alone; the checks before and the headers after each request."""
    app.session_interface = Sessions()
    app.config.update(
        SESSION_COOKIE_NAME="huiyou",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        MAX_CONTENT_LENGTH=1024 * 1024,
        MAX_FORM_MEMORY_SIZE=1024 * 1024,
        MAX_FORM_PARTS=500,
    )
    app.before_request(check_origin)
    app.before_request(check_encoding)
    app.after_request(add_headers)
