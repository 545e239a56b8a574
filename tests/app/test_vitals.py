import pytest

from app.child import ChildStatus
from app.vitals import SLOW_MS, Vitals, label_of
from engine.messages import Action
from tests.app.fakes import prediction

WAVE = Action("a1", "wave", ("A person waves.",), "library")


def _vitals(statuses: dict[str, ChildStatus] | None = None) -> Vitals:
    found = statuses or {
        "engine": ChildStatus("engine", "ready"),
        "capture": ChildStatus("capture", "ready"),
    }
    vitals = Vitals(lambda: found, clock=_Clock())
    vitals.on_source({"source": "camera:0", "joints_only": True})
    return vitals


class _Clock:
    """Each look at it is a tenth of a second later."""

    def __init__(self) -> None:
        self.now_ns = 0

    def __call__(self) -> int:
        self.now_ns += 100_000_000
        return self.now_ns


def _values(vitals: Vitals) -> dict[str, str]:
    return {meter["before"] or meter["after"]: meter["value"] for meter in vitals.message()["meters"]}


def test_nothing_measured_is_not_zero_latency() -> None:
    values = _values(_vitals())
    assert values["capture to caption"] == "–"
    assert values["recognised"] == "0.0"


def test_rates_and_latency() -> None:
    vitals = _vitals()
    for _ in range(10):
        vitals.on_prediction(prediction(WAVE, decided_ms=80.0), transit_ms=5.0)
    for _ in range(10):
        vitals.on_preview(camera_fps=29.7, missed=3)
    values = _values(vitals)
    assert values["capture to caption"] == "85 ms"
    assert values["recognised"] == "10.0"
    assert values["captured"] == "30"
    assert values["shown"] == "10"
    assert values["pictures"] == "3"


def test_a_slow_road_is_marked() -> None:
    vitals = _vitals()
    vitals.on_prediction(prediction(WAVE, decided_ms=SLOW_MS + 1))
    assert vitals.message()["meters"][0]["warn"]


def test_processes_have_the_names_people_use() -> None:
    processes = _vitals().message()["processes"]
    assert [process["label"] for process in processes.values()] == ["engine", "camera 0"]


def test_a_dead_process_is_the_problem_shown() -> None:
    lost = ChildStatus("capture", "waiting", "wanted camera 0, got none; plug one in", 3)
    vitals = _vitals({"engine": ChildStatus("engine", "ready"), "capture": lost})
    message = vitals.message()
    assert message["problem"] == "camera 0: wanted camera 0, got none; plug one in; trying again"
    assert message["processes"]["capture"]["restarts"] == 3


def test_a_problem_of_our_own_is_shown_and_taken_back() -> None:
    vitals = _vitals()
    vitals.complain("the engine does not answer")
    assert vitals.message()["problem"] == "the engine does not answer"
    vitals.complain(None)
    assert vitals.message()["problem"] is None


def test_a_source_that_fell_silent_is_the_problem_until_it_is_back() -> None:
    vitals = _vitals()
    vitals.on_source({"source": "camera:0"})
    vitals.on_gone("wanted a picture, got none for 2 s; plug it in")
    assert vitals.message()["problem"] == "camera 0: wanted a picture, got none for 2 s; plug it in"
    vitals.on_gone(None)
    assert vitals.message()["problem"] is None
    vitals.on_gone("wanted a picture")
    vitals.on_source({"source": "camera:0"})
    assert vitals.message()["problem"] is None


def test_what_is_wrong_with_the_view_is_said_while_it_is_seen() -> None:
    vitals = _vitals()
    for _ in range(10):
        vitals.on_preview(camera_fps=30.0, missed=0, advice=("the picture is too dark: put on a light",))
    assert vitals.message()["advice"] == ["the picture is too dark: put on a light"]
    for _ in range(30):
        vitals.message()
    assert vitals.message()["advice"] == []


def test_only_a_camera_is_mirrored_and_can_be_joints_only() -> None:
    vitals = _vitals()
    assert (vitals.message()["mirror"], vitals.message()["joints_only"]) == (True, True)
    vitals.on_source({"source": "synthetic", "joints_only": True})
    assert (vitals.message()["mirror"], vitals.message()["joints_only"]) == (False, False)


@pytest.mark.parametrize(
    ("source", "label"),
    [
        ("camera:1", "camera 1"),
        ("synthetic:squat", "synthetic person"),
        ("synthetic", "synthetic person"),
        ("kinect:tcp://127.0.0.1:5590", "sensor"),
        ("browser:tcp://127.0.0.1:5585", "browser's camera"),
        ("/some/folder/clip.mp4", "clip.mp4"),
        ("", "source"),
    ],
)
def test_sources_have_names_people_use(source: str, label: str) -> None:
    assert label_of(source) == label
