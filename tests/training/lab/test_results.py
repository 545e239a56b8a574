from pathlib import Path

import numpy as np
import pytest

from training.lab.report import lab_page, paper_table
from training.lab.results import Trial, all_figures, figures, read_trials, summary, trial_path, write_trial
from training.protocols import fit_calibration


def trial(task: str, seed: int, *, branches: int = 1, method: str = "star") -> Trial:
    rng = np.random.default_rng(abs(hash((task, seed))) % 2**32 if seed < 0 else seed)
    truth = np.arange(60) % 6
    scores = rng.normal(size=(branches, 60, 6)).astype(np.float32)
    scores[:, np.arange(60), truth] += 1.5
    scores[:, :, :4] += 1.0
    return Trial(task, method, seed, scores, truth, (4, 5))


def test_a_trial_comes_back_as_it_was_written(tmp_path: Path) -> None:
    wanted = trial("fold-0", 1, branches=2)
    write_trial(tmp_path, wanted)
    assert trial_path(tmp_path, "fold-0", "star", 1).is_file()
    found = read_trials(tmp_path)[0]
    np.testing.assert_array_equal(found.branches, wanted.branches)
    assert (found.task, found.method, found.seed, found.unseen) == ("fold-0", "star", 1, (4, 5))
    assert found.seen == (0, 1, 2, 3)


def test_zero_shot_figures_are_over_the_unseen_classes_alone() -> None:
    one = trial("fold-0", 1)
    hidden = one.truth >= 4
    wanted = np.mean(
        [
            4 + np.argmax(row[4:]) == t
            for row, t in zip(one.branches[0, hidden], one.truth[hidden], strict=True)
        ]
    )
    found = figures(one, gamma=0.0)
    assert found.zero_shot == found.either == pytest.approx(wanted)
    assert found.chance == 0.5


def test_either_hit_is_kept_apart_from_top_1() -> None:
    found = figures(trial("fold-0", 2, branches=2), gamma=0.0)
    assert found.either >= found.zero_shot


def test_no_trial_is_calibrated_on_its_own_labels() -> None:
    trials = [trial("fold-0", 1), trial("fold-1", 2)]
    found = all_figures(trials)
    other = fit_calibration(trials[1].probabilities, trials[1].truth, trials[1].seen)
    assert found["fold-0", "star", 1] == figures(trials[0], gamma=other)


def test_summary_and_page_tell_mean_spread_and_what_was_not_run() -> None:
    found = summary([trial("fold-0", 1), trial("fold-1", 2)])
    values = [one["zero_shot"] for one in found["trials"]]
    assert found["methods"]["star"]["zero_shot"]["mean"] == pytest.approx(np.mean(values), abs=1e-4)
    epochs = {"epochs": 3}
    setting = {
        **dict.fromkeys(("pretrain", "align", "end_to_end"), epochs),
        "encoder": {"kind": "shift-gcn", "width": 8},
        "classes": ["a"],
        "samples": 5,
        "text_encoder": "minilm",
    }
    page = lab_page({**found, "setting": setting}, command="make lab")
    assert f"{100 * np.mean(values):.1f} ±" in page
    assert page.count("not run") >= len(paper_table().splitlines()) - 2
    assert "81.0" in paper_table({("NTU-60 55-5", "STAR"): "81.0"})
