"""The WSGI application, for granian, gunicorn and the like: ``alliance.wsgi:app``."""

from alliance import create_app

app = create_app()
