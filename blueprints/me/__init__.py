"""My page: what is mine, the way to everything about my account, and what is held on me."""

from blueprints.me import data_routes, erasure, offline
from blueprints.me.routes import blueprint

blueprints = (blueprint,)
__all__ = ["blueprints", "data_routes", "erasure", "offline"]
