"""The sign-in cookie, and the check that a request comes from a page of the hub."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from litestar.datastructures import Cookie

from hub.access.sessions import NewSession
from hub.settings import Settings


def is_local(host: str | None) -> bool:
    """Return whether a host name or address means this machine."""
    if host == "localhost":
        return True
    try:
        return ip_address(host or "").is_loopback
    except ValueError:
        return False


def is_local_http(settings: Settings) -> bool:
    """Return whether the public URL is plain http on this machine, the only case of a cookie without Secure."""
    public = urlsplit(settings.base_url)
    return public.scheme == "http" and is_local(public.hostname)


def cookie_name(settings: Settings) -> str:
    """Return the cookie's name: with the prefix `__Host-`, which browsers accept only by TLS (RFC 6265bis)."""
    return "hub_session" if is_local_http(settings) else "__Host-hub_session"


def session_cookie(settings: Settings, new_session: NewSession | None) -> Cookie:
    """Return the cookie of a new session; None: the cookie that deletes it."""
    return Cookie(
        key=cookie_name(settings),
        value=new_session.token if new_session else "",
        max_age=int(new_session.lifetime.total_seconds()) if new_session else 0,
        path="/",
        secure=not is_local_http(settings),
        httponly=True,
        samesite="lax",
    )


def public_origin(settings: Settings) -> str:
    """Return the public URL as browsers write an origin: lower case, without a default port (RFC 6454 §6)."""
    public = urlsplit(settings.base_url)
    default_port = {"http": 80, "https": 443}[public.scheme]
    name = public.hostname or ""
    host = f"[{name}]" if ":" in name else name
    return f"{public.scheme}://{host}" + ("" if public.port in {None, default_port} else f":{public.port}")


def is_own_origin(origin: str | None, host: str | None, settings: Settings) -> bool:
    """Return whether a request's Origin is the hub's own: exactly the public origin.

    On a local machine the hub has several names (localhost, 127.0.0.1, [::1], a forwarded port), so there the
    Origin must equal the request's Host, and that host must be local; other names that resolve here are refused.
    """
    if not origin or origin == "null":
        return False
    if origin == public_origin(settings):
        return True
    return is_local_http(settings) and is_local(urlsplit(f"//{host}").hostname) and origin == f"http://{host}"
