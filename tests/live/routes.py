"""The routes that change something, and why some of them need no verified action."""

import re

from hub.entrypoints.app import described

ELSEWHERE = {
    "signs somebody in or out, or changes how they do: no screen but their own shows it": (
        *("sign_in", "sign_out", "sign_in_by_link", "look_at_link", "use_link", "ask_password_reset"),
        *("change_password", "end_my_session", "end_my_other_sessions", "invite_again", "add_token", "revoke_token"),
    ),
    "admits a visitor, of whom nothing is shown until they speak": ("ChatAdmit",),
    "keeps a file that no message has yet: the message that takes it along tells of it": (
        *("uploadAttachment", "ChatUpload"),
    ),
    "tries settings out and changes nothing": ("testSettings", "testChannel"),
    "takes teams away, at which every screen looks afresh: remove_team verifies that": ("clearDemo",),
    "hands something to intake, whose messages are verified above": (
        *("receiveCallback", "DemoSendMail", "retryArrival"),
    ),
}


def _routes() -> dict[str, re.Pattern[str]]:
    """Return every operation that changes something, with the pattern of its requests."""
    found: dict[str, re.Pattern[str]] = {}
    for path, item in (described().paths or {}).items():
        shape = re.sub(r"\{[^}]+\}", "[^/]+", path.removeprefix("/api"))
        for method in ("post", "put", "patch", "delete"):
            operation = getattr(item, method)
            if path.startswith("/api/") and operation is not None:
                found[operation.operation_id] = re.compile(f"{method.upper()} {shape}")
    return found


ROUTES = _routes()
