"""To come."""

blueprints = ()
