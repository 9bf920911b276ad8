"""What a phone needs to work without us: shell, worker, manifest, /ops, /sync, the outbox; and signs of life."""

from blueprints.offline import health, shell
from blueprints.offline.blueprint import blueprint

blueprints = (blueprint,)
ROUTES = (health, shell)
__all__ = ["blueprints"]
