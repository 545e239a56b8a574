from streams.sources.presence import Presence


def test_losses_and_returns_are_told_once_each() -> None:
    told: list[str | None] = []
    presence = Presence("camera:0")
    presence.on_change(told.append)
    assert told == []
    presence.find()
    presence.lose("no picture")
    presence.lose("no picture")
    presence.find()
    presence.find()
    presence.lose("no picture")
    presence.lose("another reason")
    assert told == ["no picture", None, "no picture", "another reason"]
    assert (presence.losses, presence.returns) == (2, 1)
    assert presence.absent == "another reason"


def test_somebody_waited_for_was_not_lost() -> None:
    told: list[str | None] = []
    presence = Presence("kinect:x", absent="start it")
    presence.on_change(told.append)
    presence.find()
    assert told == ["start it", None]
    assert (presence.losses, presence.returns) == (0, 0)
