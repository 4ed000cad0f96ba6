"""The sign-in cookie, and which pages may use it."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from litestar.datastructures import Cookie

from hub.access.sessions import Opened
from hub.settings import Settings


def is_local(host: str | None) -> bool:
    """Tell whether a host name means this very machine."""
    if host == "localhost":
        return True
    try:
        return ip_address(host or "").is_loopback
    except ValueError:
        return False


def is_plain(settings: Settings) -> bool:
    """Tell whether people come by plain http on their own machine: the only place for a cookie without Secure."""
    public = urlsplit(settings.base_url)
    return public.scheme == "http" and is_local(public.hostname)


def cookie_name(settings: Settings) -> str:
    """Name the cookie; browsers keep a `__Host-` one only when it came by TLS, for this very host (RFC 6265bis)."""
    return "hub_session" if is_plain(settings) else "__Host-hub_session"


def cookie(settings: Settings, opened: Opened | None) -> Cookie:
    """Make the cookie of a fresh session, or the one that removes it."""
    return Cookie(
        key=cookie_name(settings),
        value=opened.token if opened else "",
        max_age=int(opened.lifetime.total_seconds()) if opened else 0,
        path="/",
        secure=not is_plain(settings),
        httponly=True,
        samesite="lax",
    )


def public_origin(settings: Settings) -> str:
    """Spell the public URL as browsers spell an origin: lower case, no port that goes without saying (RFC 6454 §6)."""
    public = urlsplit(settings.base_url)
    implied = {"http": 80, "https": 443}[public.scheme]
    name = public.hostname or ""
    host = f"[{name}]" if ":" in name else name
    return f"{public.scheme}://{host}" + ("" if public.port in {None, implied} else f":{public.port}")


def is_ours(origin: str | None, host: str | None, settings: Settings) -> bool:
    """Tell whether a page of ours is asking: its Origin must be exactly the public one.

    On one's own machine the hub has several names (localhost, 127.0.0.1, [::1], a forwarded port), so there
    the Origin has to be the very host asked, and that host local; a name that merely resolves here is refused.
    """
    if not origin or origin == "null":
        return False
    if origin == public_origin(settings):
        return True
    return is_plain(settings) and is_local(urlsplit(f"//{host}").hostname) and origin == f"http://{host}"
