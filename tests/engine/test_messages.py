"""What the engine says survives the journey through JSON."""

import json
from typing import Any

import pytest

from engine.messages import (
    Action,
    ActionEvent,
    ClassScore,
    Prediction,
    RecordedEvent,
    action_from,
    event_from,
    prediction_from,
    recorded_from,
    to_json,
)

SCORE = ClassScore("w", "wave ☺", 0.5, 0.75)
EVENT = ActionEvent("e", "onset", "cam", 0, "w", "wave", 0.5, 100.0, 0.0)
PREDICTION = Prediction("cam", 1, 2, "action", SCORE, (SCORE, SCORE), 0.25, 0.4, 7, {"decided": 80.5}, 3)


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (PREDICTION, prediction_from),
        (Prediction("cam", 0, 0, "idle", None, (), 1.0, 0.0, 0), prediction_from),
        (EVENT, event_from),
        (RecordedEvent(5, "2026-01-01T00:00:00+00:00", EVENT), recorded_from),
        (Action("a", "wave", ("wave", "both hands"), "user", {"matched": None}), action_from),
    ],
)
def test_round_trip(value: Any, read: Any):
    assert read(json.loads(json.dumps(to_json(value)))) == value


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        ({**to_json(PREDICTION), "colour": "red"}, prediction_from),
        ({"stream": "cam"}, event_from),
        ({"number": 1, "recorded": "", "event": {}}, recorded_from),
        ({"id": "a", "texts": []}, action_from),
    ],
)
def test_other_fields_are_refused(raw: dict[str, Any], read: Any):
    with pytest.raises(TypeError):
        read(raw)
