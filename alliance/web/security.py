"""The security headers of every answer.

Written out rather than taken from a preset: presets switch the camera off, which the counter needs.
"""

from apiflask import APIFlask
from flask import Response

from alliance.config import Settings

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        # The QR decoder is WebAssembly.
        "script-src 'self' 'wasm-unsafe-eval'",
        "img-src 'self' data: blob:",
        "media-src 'self' blob:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "form-action 'self'",
    )
)
PERMISSIONS_POLICY = ", ".join(
    (
        "camera=(self)",
        # The camera's picture and the counter's sounds play by themselves.
        "autoplay=(self)",
        *(
            f"{feature}=()"
            for feature in (
                "accelerometer",
                "browsing-topics",
                "display-capture",
                "geolocation",
                "gyroscope",
                "hid",
                "magnetometer",
                "microphone",
                "midi",
                "payment",
                "serial",
                "usb",
            )
        ),
    )
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Permissions-Policy": PERMISSIONS_POLICY,
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
ONE_YEAR = "max-age=31536000"


def init_app(app: APIFlask, settings: Settings) -> None:
    """Put the headers on every answer."""
    headers = HEADERS | ({"Strict-Transport-Security": ONE_YEAR} if settings.https else {})

    @app.after_request
    def add_headers(response: Response) -> Response:
        # Nobody else sets them. ``update`` would look each of them up among all the others.
        response.headers.extend(headers)
        # Pages hold personal data or a form's token; whoever wants an answer kept says so itself.
        if "Cache-Control" not in response.headers:
            response.headers["Cache-Control"] = "no-store"
        return response
