"""Render a message as the customer sent it, for a sandboxed frame without an origin."""

from html import escape

from litestar import Response

from hub.timeline.models import Message

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox allow-popups;"
    " frame-ancestors 'self'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "private, no-store",
}
STYLE = "body{font:15px/1.6 system-ui,sans-serif;margin:16px;overflow-wrap:anywhere;background:#fff;color:#1d1b18}"


def original_page(message: Message) -> Response[str]:
    """Return a page with a message's sanitised HTML, or its text; it runs no script and loads nothing."""
    body = message.html or f'<div style="white-space:pre-wrap">{escape(message.full_body or message.body)}</div>'
    page = (
        '<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(message.subject or '')}</title><style>{STYLE}</style>"
        f'<body dir="auto">{body}</body>'
    )
    return Response(page, media_type="text/html", headers=HEADERS)
