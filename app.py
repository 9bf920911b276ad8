"""Huiyou 会友: the application, put together from its features. Nothing imports this."""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable
from importlib import import_module
from typing import Any

from flask import Flask, Response, current_app, request
from flask.typing import ResponseReturnValue
from flask_compress import Compress
from flask_login import LoginManager
from htmx_flask import Htmx
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from core import (
    access,
    assets,
    audit_verify,
    backup,
    clock,
    crypto,
    faults,
    i18n,
    limits,
    logs,
    metrics,
    migrating,
    pages,
    restore,
    retention,
    security,
    templates,
)
from core.database import db, engine_options, prepare_engine, rate_limits
from core.errors import Refusal
from core.settings import Settings
from demo.commands import demo

FEATURES = (
    "accounts",
    "notices",
    "reports",
    "needs",
    "events",
    "experts",
    "door",
    "briefings",
    "admin",
    "today",
    "me",
    "offline",
)
log = logging.getLogger("huiyou")


class Huiyou(Flask):
    """Flask without the question, asked of each function at each request, whether it is a coroutine: none is."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The function as it is."""
        return func


def create_app(settings: Settings | None = None) -> Flask:
    """The WSGI application for `settings`, by default those of the environment."""
    settings = settings or Settings.from_environment()
    settings.instance.mkdir(parents=True, exist_ok=True)
    app = Huiyou(__name__, static_folder=None, instance_path=str(settings.instance))
    app.secret_key = settings.secret_key
    app.secret_key_bytes = settings.secret_key.encode()  # type: ignore[attr-defined]
    app.testing = settings.testing
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database_url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(settings.database_url)
    app.config["PERMANENT_SESSION_LIFETIME"] = 90 * 24 * 3600
    app.config["SESSION_REFRESH_EACH_REQUEST"] = False
    app.config["COMPRESS_STREAMS"] = False
    app.config["COMPRESS_ALGORITHM"] = ["br", "gzip"]
    app.config["COMPRESS_BR_LEVEL"] = 5  # a sixth less than with 4, for 0.2 ms
    app.extensions["settings"] = settings
    app.extensions["pages"] = pages.PageMemory()
    clock.clock.zone = settings.zone
    clock.clock.freeze(settings.frozen_at)

    vault = app.extensions["vault"] = crypto.Vault(settings.secret_key)
    db.init_app(app)
    migrating.init_app(app)
    with app.app_context():
        prepare_engine(db.engine)
        app.extensions["limits"] = limits.Limits(
            limits.storage_for(settings.redis_url, db.engine, rate_limits),
            hashed=lambda key: vault.keyed_hash(key, "limits"),
        )
    templates.init_app(app, settings.instance)
    logs.init_app(app)
    metrics.init_app(app)
    security.init_app(app)
    i18n.init_app(app)
    Htmx(app)
    Compress(app)
    LoginManager(app)
    app.before_request(access.check_access)
    app.after_request(_keep_fragment_from_redirecting)
    app.register_error_handler(Refusal, _refused)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _fault)
    faults.init_app(app)
    for feature in FEATURES:
        _register(app, feature)
    app.cli.add_command(demo)
    retention.init_app(app)
    for command in (audit_verify.commands, backup.backup, backup.check_backup, restore.command):
        app.cli.add_command(command)
    assets.init_app(app, settings.instance)
    if settings.proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, settings.proxies, settings.proxies)  # type: ignore[method-assign]
    return app


def serve() -> Flask:
    """The application of one of the server's workers: what was loaded stays, so nobody looks for garbage in it.

    Looking seldom through what requests leave behind takes a tenth off the time of a write.
    """
    app = create_app()
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    return app


def _register(app: Flask, feature: str) -> None:
    module = import_module(f"blueprints.{feature}")
    for blueprint in module.blueprints:
        app.register_blueprint(blueprint)
    if hasattr(module, "init_app"):
        module.init_app(app)


def _refused(refusal: Refusal) -> Response:
    heading, _ = pages.said(refusal.status)
    return pages.error_page(refusal.status, str(refusal.heading or heading), str(refusal.message))


def _http_error(error: HTTPException) -> ResponseReturnValue:
    fault = getattr(error, "original_exception", None)  # met after the answer was made
    if isinstance(fault, Exception):
        return faults.answer(fault) or _fault(fault)
    if error.response is not None or (error.code or 500) < 400:
        return error.get_response()
    return pages.error_page(error.code or 500, *pages.said(error.code or 500))


def _fault(error: Exception) -> ResponseReturnValue:
    if current_testing():
        raise error
    log.error("fault in %s %s", request.method, request.url_rule, exc_info=error)
    db.session.rollback()
    return pages.error_page(500, *pages.said(500))


def current_testing() -> bool:
    """Whether faults are to be seen by the test rather than by a person."""
    return bool(current_app.testing and current_app.config.get("PROPAGATE_FAULTS", True))


def _keep_fragment_from_redirecting(response: Response) -> Response:
    """A fragment is never a 3xx: the header names where to go instead (offline protocol, "Wire")."""
    if 300 <= response.status_code < 400 and response.location and pages.wants_fragment():
        location = response.location.removeprefix(request.host_url.rstrip("/"))
        response = Response(status=200)
        response.headers["Fragment-Location"] = location
        response.headers["Vary"] = pages.VARY
        response.headers["Cache-Control"] = "no-store"
    return response
