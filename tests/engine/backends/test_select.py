"""A backend is chosen by evidence, kept while the machine stays the same, and replaced when it fails."""

import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.backends.base import Backend
from engine.backends.fallback import FallbackBackend
from engine.backends.onnxruntime import OnnxRuntimeBackend
from engine.backends.select import REFERENCE, Choice, choose_backend, open_backend, pick
from engine.backends.trial import Opener, Trial
from engine.bundle import Bundle
from streams.skeleton.errors import BackendUnavailableError, ConfigError, EngineError, ShapeError


class Rival(OnnxRuntimeBackend):
    """The reference under another name, off by ``turn`` and failing when told to."""

    name = "rival"

    def __init__(self, bundle: Bundle, *, turn: float = 0.0) -> None:
        super().__init__(bundle)
        self._turn = turn
        self.broken = False
        self.closed = False

    def _run(self, positions: NDArray[np.float32]) -> NDArray[np.float32]:
        if self.broken:
            raise EngineError("wanted the device, got nothing; restart")
        rows = super()._run(positions)
        turned = rows + self._turn * np.roll(rows, 1, axis=-1)
        return turned / np.linalg.norm(turned, axis=-1, keepdims=True)

    def _release(self) -> None:
        super()._release()
        self.closed = True


def unavailable(bundle: Bundle) -> Backend:
    raise BackendUnavailableError("wanted a device, got none; build one in")


def openers(**others: Opener) -> dict[str, Opener]:
    return {REFERENCE: OnnxRuntimeBackend, **others}


def choose(bundle: Bundle, notes: Path, known: dict[str, Opener], **key: Any) -> tuple[Backend, Choice]:
    return choose_backend(
        bundle, notes=notes, openers=known, machine=lambda: {"cpu": "one", **key}, budget_s=0.0
    )


def trial(name: str, window_ms: float | None, why: str = "") -> Trial:
    return Trial(name, "inexact" if why else "usable", why, "float32", window_ms, 0.0)


def test_the_fastest_is_taken_only_if_it_is_clearly_faster():
    slow, near, fast = trial(REFERENCE, 10.0), trial("near", 9.5), trial("fast", 5.0)
    assert pick((slow, near), incumbent=REFERENCE).backend == REFERENCE
    assert pick((slow, near, fast), incumbent=REFERENCE).backend == "fast"
    assert pick((slow, near), incumbent="near").backend == "near"
    assert pick((slow, near, trial("fast", None, "off")), incumbent="fast").backend == REFERENCE


def test_every_backend_passed_over_has_its_reason(tiny_bundle: Bundle, tmp_path: Path):
    known = openers(absent=unavailable, off=lambda bundle: Rival(bundle, turn=0.1), rival=Rival)
    backend, choice = choose(tiny_bundle, tmp_path / "notes.json", known)
    assert backend.name in (REFERENCE, "rival")
    said = choice.to_json()
    json.dumps(said, allow_nan=False)
    assert said["passed_over"]["absent"].startswith("wanted a device")
    assert "0.0025 is allowed" in said["passed_over"]["off"]
    (other,) = {REFERENCE, "rival"} - {backend.name}
    assert "ms a window" in said["passed_over"][other]


def test_a_choice_is_kept_while_the_machine_is_the_same(tiny_bundle: Bundle, tmp_path: Path):
    notes, opened = tmp_path / "notes.json", [0]

    def counting(bundle: Bundle) -> Backend:
        opened[0] += 1
        return Rival(bundle)

    _, first = choose(tiny_bundle, notes, openers(rival=counting))
    trials = opened[0]
    _, second = choose(tiny_bundle, notes, openers(rival=counting))
    assert second.backend == first.backend
    assert "earlier start" in second.why
    assert opened[0] - trials <= 1, "no second trial"
    _, third = choose(tiny_bundle, notes, openers(rival=counting), driver="new")
    assert "earlier start" not in third.why
    assert json.loads(notes.read_text())[tiny_bundle.fingerprint]["machine"]["driver"] == "new"


def test_a_backend_that_is_gone_is_replaced_and_said(
    tiny_bundle: Bundle, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    notes = tmp_path / "notes.json"
    backend, _ = choose(tiny_bundle, notes, openers())
    record = json.loads(notes.read_text())
    record[tiny_bundle.fingerprint]["backend"] = "rival"
    notes.write_text(json.dumps(record))
    with caplog.at_level(logging.WARNING):
        backend, _ = choose(tiny_bundle, notes, openers(rival=unavailable))
    assert backend.name == REFERENCE
    assert "rival ran the encoder so far" in caplog.text
    assert "instead of rival" in caplog.text
    assert json.loads(notes.read_text())[tiny_bundle.fingerprint]["backend"] == REFERENCE


@pytest.mark.parametrize("content", ["", "[]", "{", '{"x": 1}', '{"FP": {"backend": "y"}}', "\xff"])
def test_a_damaged_note_is_made_anew(tiny_bundle: Bundle, tmp_path: Path, content: str):
    notes = tmp_path / "notes.json"
    notes.write_bytes(content.replace("FP", tiny_bundle.fingerprint).encode("latin-1"))
    backend, _ = choose(tiny_bundle, notes, openers())
    assert backend.name == REFERENCE
    assert json.loads(notes.read_text())[tiny_bundle.fingerprint]["backend"] == REFERENCE


def test_a_folder_that_cannot_be_written_to_stops_nobody(tiny_bundle: Bundle, tmp_path: Path):
    backend, _ = choose(tiny_bundle, tmp_path / "nowhere" / "notes.json", openers())
    assert backend.name == REFERENCE


def test_one_asked_for_by_name_needs_no_trial(tiny_bundle: Bundle, tmp_path: Path):
    backend, choice = choose_backend(tiny_bundle, REFERENCE, notes=tmp_path / "notes.json")
    assert backend.name == REFERENCE
    assert choice.to_json() == {"why": "asked for by name", "measured": None, "passed_over": {}}
    assert not (tmp_path / "notes.json").exists()
    with pytest.raises(ConfigError, match="openvino"):
        choose_backend(tiny_bundle, "abacus")


def windows(bundle: Bundle) -> NDArray[np.float32]:
    shape = (2, 1, bundle.manifest.window.frames, 25, 3)
    return np.random.default_rng(0).normal(0, 0.5, shape).astype(np.float32)


def test_the_reference_goes_on_for_a_backend_that_fails(
    tiny_bundle: Bundle, caplog: pytest.LogCaptureFixture
):
    rival = Rival(tiny_bundle)
    watched = FallbackBackend(rival, lambda: open_backend(tiny_bundle))
    before = watched.embed(windows(tiny_bundle))
    assert (watched.name, watched.failure) == ("rival", None)
    rival.broken = True
    with caplog.at_level(logging.ERROR):
        np.testing.assert_allclose(watched.embed(windows(tiny_bundle)), before, atol=1e-5)
    assert watched.name == REFERENCE
    assert rival.closed
    assert watched.failure is not None
    assert "onnxruntime goes on for rival" in caplog.text
    watched.close()
    with pytest.raises(EngineError, match="closed"):
        watched.embed(windows(tiny_bundle))


def test_bad_input_is_no_failure_of_the_backend(tiny_bundle: Bundle):
    watched = FallbackBackend(Rival(tiny_bundle), lambda: open_backend(tiny_bundle))
    with pytest.raises(ShapeError):
        watched.embed(np.zeros((1, 1, 3, 25, 3), np.float32))
    assert watched.name == "rival"
