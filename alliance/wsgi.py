"""The WSGI application, for granian, gunicorn and the like: ``alliance.wsgi:app``."""

import gc

from alliance import create_app

app = create_app()
# All this lives as long as the process. Looking through it again and again, the collector would stop every
# thread for a tenth of a second.
gc.collect()
gc.freeze()
