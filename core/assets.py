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
from flask import Flask
from whitenoise import WhiteNoise

STATIC = Path(__file__).resolve().parent.parent / "static"
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


def build(instance: Path) -> tuple[Path, dict[str, str]]:
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


def init_app(app: Flask, instance: Path) -> None:
    """Build the files, give templates `asset(name)`, and let WhiteNoise serve them."""
    folder, names = build(instance)

    def asset(name: str) -> str:
        return PREFIX + names[name]

    app.jinja_env.globals["asset"] = asset
    app.extensions["assets"] = names
    server = WhiteNoise(app.wsgi_app, max_age=31536000, immutable_file_test=lambda _path, _url: True)
    server.add_files(str(folder), prefix=PREFIX)
    app.wsgi_app = server  # type: ignore[method-assign]
