from hub.channels.contract import Appearance
from hub.channels.models import Channel
from hub.inbox.directory import appearances


def channel(kind: str) -> Channel:
    return Channel(kind=kind, name="A channel", address="a", settings={})


def test_a_kind_whose_folder_was_removed_has_no_appearance() -> None:
    found = appearances([channel("webchat"), channel("webchat"), channel("pigeon")])
    assert list(found) == ["webchat"]
    assert isinstance(found["webchat"], Appearance)
