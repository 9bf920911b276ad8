"""My page: what is mine, and the way to everything about my account."""

from blueprints.me import offline
from blueprints.me.routes import blueprint

blueprints = (blueprint,)
__all__ = ["blueprints", "offline"]
