"""What a phone needs to work without us: shell, worker, manifest, /ops, /sync, the outbox; and signs of life."""

from blueprints.offline import health, ops, outbox, sets, shell, sync
from blueprints.offline.blueprint import blueprint

blueprints = (blueprint,)
ROUTES = (health, ops, outbox, sets, shell, sync)
__all__ = ["blueprints"]
