"""Whatever is typed gets a sensible answer: what will work, what will not, and what to type instead."""

from collections.abc import Sequence

import numpy as np
import pytest

from engine.messages import Action, NameCheck, check_from, to_json
from engine.text.check import NameChecker
from engine.text.descriptions import class_feature, describe
from engine.text.encoders import TextEncoder
from engine.text.library import builtin_library
from engine.text.remembering import RememberingEncoder


def project(features: np.ndarray) -> np.ndarray:
    """A bundle that leaves text features as they are."""
    return features[:, None, :]


@pytest.fixture(scope="module")
def encoder(minilm: TextEncoder) -> RememberingEncoder:
    return RememberingEncoder(minilm, known=builtin_library().known(minilm))


@pytest.fixture(scope="module")
def checker(encoder: RememberingEncoder) -> NameChecker:
    made = NameChecker(encoder, project)
    made.warm_up()
    return made


def there(encoder: RememberingEncoder, *names: str) -> list[tuple[Action, np.ndarray]]:
    texts = [describe(name, encoder).texts for name in names]
    rows = [project(class_feature(text, encoder)[None])[0] for text in texts]
    return [
        (Action(id=name.upper(), name=name, texts=text, source="library"), row)
        for name, text, row in zip(names, texts, rows, strict=True)
    ]


def codes(found: NameCheck) -> list[str]:
    return [notice.code for notice in found.notices]


def test_an_action_the_library_knows_will_do(checker: NameChecker):
    found = checker.check("jumping jacks")
    assert (found.verdict, found.notices, found.source) == ("good", (), "library")
    assert found.matched == "jumping jacks"
    assert found.texts[0] == "jumping jacks"
    assert len(found.texts) > 3
    assert found.suggestions == ()


@pytest.mark.parametrize(
    ("typed", "verdict", "code"),
    [
        ("", "refused", "refused"),
        ("  ", "refused", "refused"),
        ("a\x07b", "refused", "refused"),
        ("\ud800", "refused", "refused"),
        ("wave the hand " * 67, "refused", "refused"),
        ("🫥 ?!", "poor", "symbols"),
        ("mit der linken Hand winken", "poor", "language"),
        ("прыгать", "poor", "language"),
        ("you idiot", "poor", "insult"),
        ("<script>alert(1)</script>", "poor", "markup"),
        ("typing on my laptop", "poor", "hidden"),
        ("wink", "poor", "hidden"),
        ("qwrtzp blorf", "poor", "unfamiliar"),
        ("do something", "doubtful", "vague"),
        ("lift an arm and put it down and do it again and again", "doubtful", "long"),
    ],
)
def test_bad_input_is_answered_sensibly(checker: NameChecker, typed: str, verdict: str, code: str):
    found = checker.check(typed)
    assert (found.verdict, codes(found)) == (verdict, [code])
    assert found.notices[0].message.endswith(".")
    assert "wanted" not in found.notices[0].message
    assert check_from(to_json(found)) == found


@pytest.mark.parametrize(
    ("typed", "suggestion"),
    [("winken", "wave one hand"), ("springen", "jump")],
)
def test_something_that_works_is_suggested(checker: NameChecker, typed: str, suggestion: str):
    assert suggestion in checker.check(typed).suggestions


def test_emoji_and_misspelt_names_are_read(checker: NameChecker):
    assert checker.check("👏").matched == "clap"
    found = checker.check("jumpign jacks")
    assert (found.verdict, codes(found)) == ("good", ["spelling"])
    assert "jumping jacks" in found.notices[0].message


def test_suggestions_can_be_seen_and_are_three_at_most(checker: NameChecker):
    visible = {entry.name for entry in builtin_library().entries if entry.visible}
    for typed in ("wink", "click", "cook dinner", "fight"):
        suggestions = checker.check(typed).suggestions
        assert len(suggestions) <= 3
        assert visible.issuperset(suggestions)


def test_a_description_says_what_the_name_does_not(checker: NameChecker):
    found = checker.check("zxqv", "swing both arms up over the head")
    assert (found.verdict, found.source) == ("good", "user")
    assert found.texts == ("zxqv", "swing both arms up over the head")
    assert codes(checker.check("zxqv", "x\n" * 20)) == ["refused"]


def test_a_name_that_is_taken_is_told(checker: NameChecker, encoder: RememberingEncoder):
    found = checker.check("WAVE", actions=there(encoder, "wave", "squat"))
    assert (found.verdict, codes(found)) == ("refused", ["taken"])
    assert [rival.name for rival in found.rivals] == ["squat"]


def test_close_actions_are_named_nearest_first(checker: NameChecker, encoder: RememberingEncoder):
    actions = there(encoder, "squat", "walk", "run", "push-ups", "clap")
    found = checker.check("jog", actions=actions)
    assert codes(found) == ["confusable"]
    assert found.verdict == "doubtful"
    assert len(found.rivals) == 3
    assert found.rivals[0].id == "RUN"
    assert "run" in found.notices[0].message
    assert [rival.cosine for rival in found.rivals] == sorted(
        (r.cosine for r in found.rivals), reverse=True
    )
    assert [rival.risk for rival in found.rivals] == sorted((r.risk for r in found.rivals), reverse=True)


def test_far_actions_are_no_reason_to_warn(checker: NameChecker, encoder: RememberingEncoder):
    found = checker.check("squat", actions=there(encoder, "wave one hand", "play the piano"))
    assert (found.verdict, len(found.rivals)) == ("good", 2)


def test_typing_on_costs_one_new_text_a_key(minilm: TextEncoder):
    class Counting:
        id, sha256, dim = minilm.id, minilm.sha256, minilm.dim
        asked = 0

        def encode(self, texts: Sequence[str]) -> np.ndarray:
            self.asked += len(texts)
            return minilm.encode(texts)

    counting = Counting()
    encoder = RememberingEncoder(counting, known=builtin_library().known(minilm))
    checker = NameChecker(encoder, project)
    checker.warm_up()
    assert counting.asked == 0, "the library's features are known"
    checker.check("ride a unicycle")
    first = counting.asked
    assert first <= 3
    checker.check("ride a unicycle")
    assert counting.asked == first
