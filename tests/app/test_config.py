import pytest

from app.config import RunConfig
from streams.skeleton.errors import ConfigError


def test_names_are_trimmed_and_said_once() -> None:
    config = RunConfig(actions=" squat, wave the right hand,,squat , ")
    assert config.action_names == ("squat", "wave the right hand")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"port": 70000}, "--port"),
        ({"headless": True}, "--actions"),
        ({"fast": True}, "--headless"),
        ({"predictions": True}, "--headless"),
        ({"poses": 7}, "--poses"),
        ({"actions": ",".join(map(str, range(501)))}, "fewer"),
    ],
)
def test_what_cannot_be_is_refused_in_words(options: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        RunConfig(**options)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("source", "is_file"),
    [
        *[
            ("0", False),
            ("camera:1", False),
            ("synthetic", False),
            ("synthetic:squat", False),
            ("auto", False),
            ("rtsp://camera/1", False),
            ("kinect:tcp://127.0.0.1:5590", False),
            ("browser", False),
        ],
        *[("clip.mp4", True), ("/a/b:c.mp4", True), ("camera:x", True)],
    ],
)
def test_files_have_an_end(source: str, is_file: bool) -> None:
    assert RunConfig(source=source).source_is_file == is_file
