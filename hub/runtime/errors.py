"""Errors of the HTTP interface itself: routes, bodies, fields and pages."""

from hub.errors import BadInput, HubError, Internal, NotFound, TooLarge


class PageKeyInvalid(BadInput):
    """This is not a place in the list. Pass the key that came with the previous page, or start with the first."""


class FieldMissing(BadInput):
    """The field {name} is missing. Add it."""

    name: str


class FieldUnknown(BadInput):
    """There is no field {name}. Remove it, or check the spelling."""

    name: str


class FieldTooLong(BadInput):
    """This is too long. Use at most {most} characters."""

    most: int


class FieldTooShort(BadInput):
    """This is too short. Use at least {least} characters."""

    least: int


class FieldInvalid(BadInput):
    """This value cannot be used: {problem}."""

    problem: str


class RequestInvalid(HubError):
    """The request cannot be read: {problem}."""

    status = 400
    title = "Invalid request"
    problem: str


class RouteNotFound(NotFound):
    """There is nothing at this address. Check its spelling."""


class MethodNotAllowed(HubError):
    """This address does not support the method of the request. See the interface description."""

    status = 405
    title = "Method not allowed"


class RequestTooLarge(TooLarge):
    """The request is too large. Send less at once."""


class RequestRefused(HubError):
    """The server refused the request: {problem}."""

    title = "Request refused"
    problem: str


class InternalError(Internal):
    """Something went wrong in the hub; nothing was changed. Try again; the details are in the server's log."""
