"""How migrations run: in one transaction, with foreign keys off on SQLite.

SQLite alters a table by building it anew; with foreign keys on, dropping the old
one would delete the rows of other tables that cascade from it.
"""

from alembic import context
from flask import current_app

from core.database import Base, db


def run() -> None:
    """Apply the migrations that were asked for, all or none."""
    options = current_app.extensions["migrate"].configure_args
    engine = db.engine
    with engine.connect() as connection:
        raw = connection.connection.dbapi_connection
        sqlite = engine.dialect.name == "sqlite"
        if sqlite:
            raw.execute("PRAGMA foreign_keys=OFF")
        try:
            context.configure(connection=connection, target_metadata=Base.metadata, **options)
            with context.begin_transaction():
                context.run_migrations()
            connection.commit()
        finally:
            if sqlite:
                connection.rollback()
                raw.execute("PRAGMA foreign_keys=ON")


if context.is_offline_mode():
    context.configure(url=str(db.engine.url), target_metadata=Base.metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    run()
