import json

import pytest

from app.kiosk.manners import Manners
from app.tabs.live import STATIC
from engine.text.library import builtin_library
from streams.skeleton.errors import ActionNameError

MANNERS = Manners()


@pytest.mark.parametrize(
    "name",
    [
        "fuck",
        "FUCKING hell",
        "fuuuuck",
        "sh1t",
        "f u c k",
        "f.u.c.k",
        "go, bitch!",
        "Scheiße",
        "hijo  de puta",
        "ｆｕｃｋ",
        "你他妈的",
        "ابن الكلب",
        "Sieg Heil",
    ],
)
def test_an_unkind_name_is_refused(name: str) -> None:
    with pytest.raises(ActionNameError, match="friendly"):
        MANNERS.check(name)


@pytest.mark.parametrize(
    "name",
    [
        "wave",
        "bob up and down",
        "bobs",
        "shoot a ball",
        "assist",
        "Scunthorpe",
        "pass the ball",
        "cock your head",
        "dig",
        "poner un cono",
        "like a fox",
        "喝水",
        "يصفق",
        "",
        "grasp",
        "hit the target",
        "shitake",
        "5 jumps",
    ],
)
def test_a_harmless_name_passes(name: str) -> None:
    MANNERS.check(name)


def test_everything_the_program_itself_says_passes() -> None:
    for entry in builtin_library().entries:
        for text in entry.phrases:
            MANNERS.check(text)
    for idea in json.loads((STATIC / "ideas.json").read_text("utf-8")):
        for text in (*idea["names"].values(), *idea["description"]):
            MANNERS.check(text)
