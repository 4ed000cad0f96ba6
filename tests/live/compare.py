"""Compares the state of a screen that followed events with a newly loaded state."""

from typing import Any

from tests.live.client import Json, LiveState


def differences(live: LiveState, fresh: LiveState) -> list[str]:
    """Return where the followed state differs from the newly loaded one; nothing if they are equal."""
    found: list[str] = []
    for name in ("rows", "agents", "teams", "channels", "kinds"):
        _compare(found, name, _plain(getattr(live, name)), _plain(getattr(fresh, name)))
    for contact, thread in fresh.threads.items():
        _compare(found, f"thread {contact}", live.threads.get(contact, {}), thread)
    shown_views = {key: ids for key, ids in live.views.items() if key in fresh.views}
    _compare(found, "views", shown_views, {key: ids for key, ids in fresh.views.items() if key in live.views})
    _compare(found, "counts", live.counts, fresh.counts)
    _compare(found, "online", dict.fromkeys(live.online), dict.fromkeys(fresh.online))
    if not fresh.tags <= live.tags:
        found.append(f"tags: {fresh.tags - live.tags} missing")
    return found


def _plain(items: dict[str, Json]) -> dict[str, Json]:
    """Return the agents who are online; this is sent apart from the agents' items."""
    return {id_: {name: value for name, value in item.items() if name != "online"} for id_, item in items.items()}


def _compare(found: list[str], name: str, live: dict[str, Any], fresh: dict[str, Any]) -> None:
    apart = (key for key in sorted({*live, *fresh}) if live.get(key, ...) != fresh.get(key, ...))
    found.extend(f"{name}[{key}]: followed {live.get(key, '-')!r}, fresh {fresh.get(key, '-')!r}" for key in apart)
