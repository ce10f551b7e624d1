"""`make migration m="…"`: compares the models with a fresh, migrated database and writes the difference."""

import sys
import tempfile
from pathlib import Path

from alembic import command

from alliance import store

with tempfile.TemporaryDirectory() as directory:
    url = f"sqlite:///{Path(directory) / 'models.db'}"
    store.upgrade(url)
    command.revision(store.migration_config(url), sys.argv[1], autogenerate=True)
