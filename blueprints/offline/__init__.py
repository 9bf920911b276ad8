"""What a phone asks of the server itself: is it there, and is it ready."""

from blueprints.offline.routes import blueprint

blueprints = (blueprint,)
__all__ = ["blueprints"]
