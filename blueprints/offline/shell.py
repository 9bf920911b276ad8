"""What a phone installs: the shell, the worker's script with the assets that it keeps, and the manifest."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from flask import Response, current_app, request
from flask_babel import gettext

from blueprints.offline.blueprint import blueprint
from core import assets, chamber, pages
from core.access import public
from core.database import stamps_of
from core.i18n import language

# In this order; each is a classic script, loaded by the worker itself.
SCRIPTS = ("engine.js", "sw.js")
# Beside the joined files, what the shell shows with no network.
ICONS = ("icons/icon.svg",)
PAPER = "#faf8f4"
# A worker has no page whose scripts could be injected; it loads our own scripts and asks our own server.
WORKER_POLICY = "default-src 'none'; script-src 'self'; connect-src 'self'"


@blueprint.get("/shell")
@public
def shell() -> Response:
    """Everything around `<main>` for this reader."""
    return pages.shell()


@blueprint.get("/sw.js")
@public
def worker() -> Response:
    """The worker's script: byte for byte the same until a release or a file that it keeps is another."""
    scripts = [url for name in SCRIPTS if (url := assets.url_of(name))]
    text = f"const RELEASE={json.dumps(assets.build())}, ASSETS={json.dumps(kept_assets())};\n"
    if scripts:
        text += f"importScripts({', '.join(map(json.dumps, scripts))});\n"
    response = _kept_by_etag(text, "text/javascript")
    response.headers["Service-Worker-Allowed"] = "/"
    response.headers["Content-Security-Policy"] = WORKER_POLICY
    return response


def kept_assets() -> list[str]:
    """The URLs that a worker keeps, all or none: every joined file but its own, data, and the icon."""
    names: dict[str, str] = current_app.extensions["assets"]
    kept = [name for name in names if "/" not in name and name != "sw.js"]
    return [assets.PREFIX + names[name] for name in (*kept, *ICONS)]


@blueprint.get("/manifest.webmanifest")
@public
def manifest() -> Response:
    """How the application installs itself, in the reader's language."""
    chamber.refresh(stamps_of(("chamber",)))
    return _kept_by_etag(json.dumps(_manifest(), ensure_ascii=False), "application/manifest+json")


def _manifest() -> dict[str, Any]:
    name = chamber.current().name
    return {
        "id": "/",
        "name": name,
        "short_name": name[:12],
        "description": gettext("企业家互相解决问题的会员社区：发需求、约活动、问专家，没有信号也能用。"),
        "lang": "en" if language() == "en" else "zh-CN",
        "dir": "ltr",
        "start_url": "/?from=home",
        "scope": "/",
        "display": "standalone",
        "background_color": PAPER,
        "theme_color": PAPER,
        "categories": ["business", "social"],
        "icons": [
            _icon("icons/icon-192.png", "192x192"),
            _icon("icons/icon-512.png", "512x512"),
            _icon("icons/maskable-512.png", "512x512", "maskable"),
            {"src": assets.url_of("icons/icon.svg"), "sizes": "any", "type": "image/svg+xml", "purpose": "any"},
        ],
        "shortcuts": [
            {"name": said, "url": url, "icons": [_icon("icons/icon-192.png", "192x192")]}
            for said, url in (
                (gettext("今日"), "/"),
                (gettext("需求"), "/needs"),
                (gettext("活动"), "/events"),
                (gettext("签到"), "/door"),
            )
        ],
    }


def _icon(name: str, sizes: str, purpose: str = "any") -> dict[str, str | None]:
    return {"src": assets.url_of(name), "sizes": sizes, "type": "image/png", "purpose": purpose}


def _kept_by_etag(text: str, mimetype: str) -> Response:
    response = Response(text, mimetype=mimetype)
    response.set_etag(hashlib.blake2b(text.encode(), digest_size=8).hexdigest())
    response.headers["Cache-Control"] = "no-cache"
    response.make_conditional(request)
    return response
