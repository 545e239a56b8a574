import itertools
import json
from contextlib import closing
from pathlib import Path

import pytest

from engine.replay import Replayed
from engine.replay_command import Outcome, ReplayConfig, main, rescore, table
from streams.recorder import SessionRecorder
from streams.skeleton.errors import ConfigError
from streams.sources.synthetic import SyntheticSource


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("replay") / "a.session"
    source = SyntheticSource("synthetic:jumping jacks", realtime=False)
    with closing(SessionRecorder(path, source=source.name)) as recorder:
        for frame in itertools.islice(source, 240):
            recorder.write(frame)
    return path


def test_rescoring_says_which_actions_would_have_fired_and_when(session: Path) -> None:
    replayed, (jacks, bow) = rescore(ReplayConfig(session, actions="jumping jacks, bow"))
    assert (jacks.action, bow.action) == ("jumping jacks", "bow")
    # Two seconds of standing come first.
    assert len(jacks.began_s) == 1
    assert 1.5 < jacks.began_s[0] < 5.0
    assert jacks.best_probability > 0.5
    assert bow.began_s == []
    assert bow.best_probability < jacks.best_probability
    assert replayed.windows > 20


def test_the_commands_print_lines_of_json_or_a_table(
    session: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay", str(session), "--actions", "jumping jacks,bow"]) == 0
    *events, summary = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [event["phase"] for event in events] == ["onset", "offset"]
    assert summary["type"] == "summary"
    assert len(summary["digest"]) == 64
    assert summary["events"] == 1
    assert main(["rescore", str(session), "--actions", "jumping jacks,bow"]) == 0
    assert "would not have fired" in capsys.readouterr().out


def test_a_table_names_what_fired_and_what_did_not() -> None:
    replayed = Replayed("a", frames=10, duration_s=3.0, windows=2, digest="")
    fired = Outcome("squat", began_s=[float(i) for i in range(10)], best_probability=0.9, best_at_s=1.0)
    text = table(replayed, (fired, Outcome("bow")))
    assert "fired 10 times" in text
    assert "and 2 more s" in text
    assert "bow    would not have fired; at most 0.00" in text


@pytest.mark.parametrize("bad", [{"actions": " , "}, {"actions": "squat", "hop_s": 0.0}], ids=str)
def test_settings_are_checked(bad: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="wanted"):
        ReplayConfig(Path("a"), **bad)  # type: ignore[arg-type]
