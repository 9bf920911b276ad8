"""Static files under hashed names: `static/assets.json` lists what is joined, unchanged, into one file.

The result lies in `instance/assets/<digest>/` with precompressed copies, and is
served by WhiteNoise for a year; nothing in it is rewritten.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
import tempfile
from pathlib import Path

import brotli
from flask import Flask, current_app
from whitenoise import WhiteNoise

from core.settings import RELEASE, ROOT

STATIC = ROOT / "static"
_MADE_OF = ("templates/**/*.html", "translations/**/*.po", "core/**/*.py", "blueprints/**/*.py")
PREFIX = "/static/"
_SEPARATE = ("icons/*", "vendor/jsqr*")


def _sources() -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    for name, parts in json.loads((STATIC / "assets.json").read_text("utf-8")).items():
        files[name] = b"\n".join((STATIC / part).read_bytes() for part in parts)
    for pattern in _SEPARATE:
        for path in sorted(STATIC.glob(pattern)):
            files[path.relative_to(STATIC).as_posix()] = path.read_bytes()
    return files


def _hashed(name: str, content: bytes) -> str:
    stem, dot, ending = name.rpartition(".")
    return f"{stem}.{hashlib.sha256(content).hexdigest()[:12]}{dot}{ending}"


def join(instance: Path) -> tuple[Path, dict[str, str]]:
    """Write the hashed and compressed files once; returns their folder and name → hashed name."""
    sources = _sources()
    names = {name: _hashed(name, content) for name, content in sources.items()}
    digest = hashlib.sha256(json.dumps(names, sort_keys=True).encode()).hexdigest()[:12]
    folder = instance / "assets" / digest
    if not folder.exists():
        (instance / "assets").mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(dir=instance / "assets"))
        unfinished.chmod(0o755)
        for name, content in sources.items():
            target = unfinished / names[name]
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            if not name.endswith((".png", ".ico")):
                target.with_name(target.name + ".br").write_bytes(brotli.compress(content, quality=11))
                target.with_name(target.name + ".gz").write_bytes(gzip.compress(content, 9, mtime=0))
        try:
            unfinished.rename(folder)
        except OSError:
            shutil.rmtree(unfinished)
    return folder, names


def _digest(names: dict[str, str]) -> str:
    """What pages are made of besides what is in the database, as 8 hexadecimal characters."""
    made = hashlib.blake2b(json.dumps(names, sort_keys=True).encode(), digest_size=4)
    for pattern in _MADE_OF:
        for path in sorted(ROOT.glob(pattern)):
            made.update(path.read_bytes())
    return made.hexdigest()


def build() -> str:
    """The release with a digest of what makes its pages: a phone's copies hold for this build alone."""
    return str(current_app.extensions["build"])


def url_of(name: str) -> str | None:
    """The hashed URL of an asset, if there is one of this name."""
    names: dict[str, str] = current_app.extensions["assets"]
    return PREFIX + names[name] if name in names else None


def init_app(app: Flask, instance: Path) -> None:
    """Build the files, give templates `asset(name)`, and let WhiteNoise serve them."""
    folder, names = join(instance)

    app.extensions["assets"] = names
    app.extensions["build"] = f"{RELEASE}+{_digest(names)}"
    app.jinja_env.globals.update(asset=lambda name: PREFIX + names[name], assets=names, release=app.extensions["build"])
    server = WhiteNoise(app.wsgi_app, max_age=31536000, immutable_file_test=lambda _path, _url: True)
    server.add_files(str(folder), prefix=PREFIX)
    app.wsgi_app = server  # type: ignore[method-assign]
