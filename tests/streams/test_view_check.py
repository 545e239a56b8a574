import numpy as np
import pytest

from streams.sources.base import Person, Picture, SkeletonFrame
from streams.tracking import Tracked
from streams.view_check import ViewCheck
from tests.streams.fakes import person_at, standing

SURE = np.ones(25, np.float32)


def look(
    check: ViewCheck,
    person: Person | None,
    *,
    rgb: np.ndarray | None = None,
    fps: float = 30.0,
    seconds: float = 2.2,
) -> list[str]:
    """What is said while somebody is seen so long."""
    said: list[str] = []
    begin_ns = check._looks[-1].captured_ns if check._looks else 0
    for i in range(1, round(seconds * fps) + 1):
        at_ns = begin_ns + round(i * 1e9 / fps)
        picture = None if rgb is None else Picture(rgb, at_ns)
        persons = () if person is None else (person,)
        frame = SkeletonFrame(persons, captured_ns=at_ns, picture=picture)
        said += check(frame, tuple(Tracked(0, p) for p in persons))
    return said


def in_picture(*, size: float = 0.5, y: float = 0.5, confidence: np.ndarray = SURE) -> Person:
    body = standing()
    points = np.stack([0.5 - body[:, 0] * size, y - body[:, 1] * size], axis=1).astype(np.float32)
    return Person(body, confidence, image_points=points)


BRIGHT = np.full((480, 640, 3), 120, np.uint8)


def test_a_good_view_is_not_commented_on() -> None:
    check = ViewCheck()
    assert look(check, in_picture(), rgb=BRIGHT) == []
    assert look(check, person_at(0)) == []
    assert look(check, None, rgb=BRIGHT) == []
    assert check.warnings == ()


@pytest.mark.parametrize(
    ("person", "rgb", "fps", "said"),
    [
        (in_picture(y=0.65), BRIGHT, 30.0, "feet are out of sight"),
        (
            in_picture(confidence=np.where(np.arange(25) == 19, 0, 1).astype(np.float32)),
            BRIGHT,
            30.0,
            "feet",
        ),
        (in_picture(y=0.3), BRIGHT, 30.0, "heads are out of sight"),
        (in_picture(size=0.08), BRIGHT, 30.0, "too far away"),
        (person_at(0, z=6.0), None, 30.0, "too far away"),
        (in_picture(), np.full((480, 640, 3), 12, np.uint8), 30.0, "too dark"),
        (None, np.full((480, 640, 3), 12, np.uint8), 30.0, "too dark"),
        (in_picture(), BRIGHT, 5.0, "too few pictures"),
        (Person(standing() * np.array([-1, 1, 1], np.float32), SURE), None, 30.0, "look mirrored"),
    ],
)
def test_what_is_wrong_is_said_within_the_first_two_seconds(
    person: Person | None, rgb: np.ndarray | None, fps: float, said: str
) -> None:
    heard = look(ViewCheck(), person, rgb=rgb, fps=fps)
    assert len(heard) == 1
    assert said in heard[0]


def test_a_warning_is_said_once_and_taken_back() -> None:
    check = ViewCheck()
    assert len(look(check, in_picture(y=0.65), rgb=BRIGHT, seconds=6.0)) == 1
    assert len(check.warnings) == 1
    assert look(check, in_picture(), rgb=BRIGHT, seconds=6.0) == []
    assert check.warnings == ()


def test_rate_size_and_noise_are_estimated() -> None:
    check = ViewCheck()
    rng = np.random.default_rng(0)
    for i in range(70):
        noisy = person_at(0).positions + rng.normal(0, 0.004, (25, 3)).astype(np.float32)
        person = Person(noisy, SURE)
        check(SkeletonFrame((person,), captured_ns=round(i * 1e9 / 25)), (Tracked(0, person),))
    assert check.estimates["fps"] == pytest.approx(25, abs=0.5)
    assert check.estimates["body_size_m"] == pytest.approx(1.32, abs=0.03)
    # Half the sum of two neighbours is subtracted: sqrt(1.5) of the noise, in three dimensions.
    assert check.estimates["noise_mm"] == pytest.approx(4 * np.sqrt(1.5) * 1.54, rel=0.15)


def test_a_thousand_frames_a_second_take_no_memory() -> None:
    check = ViewCheck()
    look(check, person_at(0), fps=1000.0, seconds=3.0)
    assert check.estimates["fps"] == pytest.approx(83, abs=5)
    assert len(check._looks) <= 180


def test_two_who_come_in_changing_order_are_no_noise() -> None:
    check = ViewCheck()
    for i in range(70):
        two = [Tracked(0, person_at(-1)), Tracked(1, person_at(1))]
        seen = tuple(two if i % 2 else two[::-1])
        check(SkeletonFrame(tuple(t.person for t in seen), captured_ns=round(i * 1e9 / 30)), seen)
    assert check.estimates["noise_mm"] == 0.0
