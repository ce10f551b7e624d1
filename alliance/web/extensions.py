"""The extensions, and the one database session of a request."""

from inspect import iscoroutinefunction

from apiflask import APIFlask
from flask import Flask, Request, Response
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from flask_babel import Babel, get_locale
from flask_login import LoginManager
from flask_sqlalchemy_lite import SQLAlchemy
from flask_wtf import CSRFProtect

from alliance import store
from alliance.config import Settings
from alliance.web import language


class CookieSessions(SecureCookieSessionInterface):
    """Flask's sessions, for which a program without a cookie does not pay."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """What the cookie says; without one, an empty session at once."""
        if self.get_cookie_name(app) not in request.cookies:
            return self.session_class()
        return super().open_session(app, request)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Nothing to do for a session that nobody has looked at or changed."""
        if session.accessed or session.modified:
            super().save_session(app, session, response)


db = SQLAlchemy(session_options={"class_": store.Session})
login_manager = LoginManager()
csrf = CSRFProtect()
babel = Babel()


def init_app(app: APIFlask, settings: Settings) -> None:
    """Bind all of them to ``app``."""
    url = settings.database_url
    app.config["SQLALCHEMY_ENGINES"] = {"default": {"url": url, **store.engine_options(url)}}
    db.init_app(app)
    app.session_interface = CookieSessions()
    # There are no asynchronous engines; closing their sessions would start an event loop after each request.
    app.teardown_appcontext_funcs[:] = [
        close for close in app.teardown_appcontext_funcs if not iscoroutinefunction(close)
    ]
    with app.app_context():
        store.tune(db.engine)
    # "strong" would sign out a phone whenever it roams from one network to another.
    login_manager.session_protection = "basic"
    login_manager.init_app(app)
    # It looks into every session for its other cookie, "remember me", which nobody is given.
    app.after_request_funcs[None].remove(login_manager._update_remember_cookie)
    csrf.init_app(app)
    babel.init_app(app, default_locale="zh_Hans_CN", locale_selector=language.current)
    app.jinja_env.globals["get_locale"] = get_locale
    with app.app_context():
        translated = {locale.language for locale in babel.list_translations()}
    app.config["LANGUAGES"] = [language.CHINESE, *sorted(translated - {language.CHINESE})]
