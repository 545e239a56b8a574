"""A generated folder in the very format of NTU RGB+D and of PKU-MMD, through the commands of the README."""

import json
import shlex
from pathlib import Path

import numpy as np
import pytest

import anymove
from tests.streams.formats.written import at
from tests.training.small_data import HashEncoder
from training.benchmarks import class_split
from training.lab.results import read_trials

SMALL = (
    *("--seeds", "1", "--threads", "1", "--window.frames", "12", "--methods", "devise", "neuron", "pgfa"),
    *(
        "--pretrain.epochs",
        "1",
        "--align.epochs",
        "1",
        "--end-to-end.epochs",
        "1",
        "--neuron.prototypes",
        "4",
    ),
    *("--pretrain.batch", "8", "--align.batch", "8", "--end-to-end.batch", "8", "encoder:shift-gcn"),
    *("--encoder.width", "2"),
)


@pytest.fixture(autouse=True)
def hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """In place of the sentence encoder."""
    monkeypatch.setattr("engine.text.encoders.prepare_text_encoder", lambda _id: None)
    monkeypatch.setattr("engine.text.encoders.load_text_encoder", lambda _id: HashEncoder())


def told_in_readme(begin: str, **places: str) -> list[str]:
    """Arguments of the README's command that begins so, its example's places replaced by ours."""
    lines = (Path(__file__).parents[3] / "README.md").read_text("utf-8").splitlines()
    command = next(line for line in lines if line.startswith(f".venv/bin/anymove {begin}"))
    words = shlex.split(command, comments=True)[1:]
    assert set(places) <= set(words), (places, words)
    return [places.get(word, word) for word in words]


def ntu_recording(action: int) -> str:
    """Two people, one of whom enters midway; the other's arm moves at the action's own speed."""
    lines = ["6"]
    for frame in range(6):
        bodies = [0.0] if frame < 3 else [0.0, 0.8]
        lines.append(str(len(bodies)))
        for number, place in enumerate(bodies):
            joints = at(place)
            joints[4:8, 1] += 0.2 * np.sin(0.1 * action * frame)
            lines += [f"7205759403792793{number} 0 1 1 1 1 0 -0.1 0.04 2", "25"]
            lines += [f"{x:.6f} {y:.6f} {z:.6f} 1 2 3 4 0 0 0 1 2" for x, y, z in joints]
    return "\n".join(lines) + "\n"


def test_ntu_folder_to_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    for action in range(1, 61):
        for subject in (1, 3):  # of training and of test
            name = f"S001C001P{subject:03d}R001A{action:03d}.skeleton"
            (raw / name).write_text(ntu_recording(action))
    (raw / "S001C001P001R002A001.skeleton").write_text("nobody")  # of the missing list
    missing, page = tmp_path / "missing.txt", tmp_path / "lab.md"
    missing.write_text("S001C002P005R002A008\nS001C001P001R002A001\n")
    (raw / "S002C001P001R002A001.skeleton").write_text("6\n1\n")  # cut off
    ours = {"runs/ntu60": str(tmp_path / "ntu60"), "lab.md": str(page)}
    places = {"nturgb+d_skeletons/": str(raw), "missing_skeletons.txt": str(missing)}
    command = told_in_readme("convert ntu60", **places, **{"runs/ntu60": ours["runs/ntu60"]})
    assert anymove.main([*command, "--frames", "12"]) == 0
    assert "converted 120" in capsys.readouterr().out
    command = told_in_readme("lab --data runs/ntu60", **ours, **{"50": "12"})
    command.remove("48-12")  # a second task tests nothing else
    at = command.index("encoder:shift-gcn")
    small = [word for word in SMALL if word not in ("encoder:shift-gcn", "--encoder.width")][:-1]
    small = [*small[:4], *small[6:], "--no-pictures", "--out", str(tmp_path / "lab")]
    assert anymove.main([*command[:at], *small, *command[at:], "--encoder.width", "2"]) == 0
    found = json.loads((tmp_path / "lab" / "results.json").read_text())
    assert {trial["task"] for trial in found["trials"]} == {"55-5"}
    assert found["methods"]["neuron"]["chance"]["mean"] == 1 / len(class_split("ntu60", "55-5").unseen)
    rows = [line for line in page.read_text().splitlines() if "NTU-60 55-5" in line and "Neuron" in line]
    assert "not run" not in rows[0]
    assert "not run" in next(line for line in page.read_text().splitlines() if "NTU-120 110-10" in line)


def test_one_shot_split_needs_its_exemplars(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    split = class_split("ntu60", "one-shot-50-10")
    names = [f"S001C001P001R001A{action:03d}" for action in range(1, 61)]
    raw, out = tmp_path / "raw", str(tmp_path / "ntu60")
    raw.mkdir()
    for name in (*names, *split.exemplars):
        (raw / f"{name}.skeleton").write_text(ntu_recording(int(name[-3:])))
    assert anymove.main(["convert", "ntu60", str(raw), "--out", out, "--frames", "12"]) == 0
    page = tmp_path / "lab.md"
    command = ["lab", "--data", out, "--out", str(tmp_path / "lab"), "--split", split.name]
    assert (
        anymove.main([*command, "--report", str(page), *SMALL[:6], "--methods", "pgfa", *SMALL[10:]]) == 0
    )
    found = json.loads((tmp_path / "lab" / "results.json").read_text())
    shown = {trial["method"]: trial for trial in found["trials"]}
    assert {"pgfa-exemplars", "pgfa-one-shot"} < set(shown)
    assert shown["pgfa-one-shot"]["harmonic"] is None
    row = next(line for line in page.read_text().splitlines() if "NTU-60 one-shot-50-10" in line)
    assert "not run" not in row
    trial = next(t for t in read_trials(tmp_path / "lab") if t.method == "pgfa-one-shot")
    assert sorted(trial.truth) == sorted(split.unseen)  # a recording each; the exemplars are not asked
    capsys.readouterr()

    (raw / f"{split.exemplars[3]}.skeleton").unlink()
    other = str(tmp_path / "without")
    assert anymove.main(["convert", "ntu60", str(raw), "--out", other, "--frames", "12"]) == 0
    assert anymove.main(["lab", "--data", other, "--out", str(tmp_path / "x"), "--split", split.name]) == 2
    assert split.exemplars[3] in capsys.readouterr().err


def test_pku_folder_to_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for folder in ("skeleton", "label"):
        (tmp_path / folder).mkdir()
    for name in ("0002-L", "0003-L"):
        frames = np.concatenate([at(0.0).ravel(), np.zeros(75)])[None].repeat(51 * 4, axis=0)
        frames[:, 13] += 0.1 * np.sin(np.arange(51 * 4))
        np.savetxt(tmp_path / "skeleton" / f"{name}.txt", frames, fmt="%.5f")
        told = "".join(f"{k + 1},{4 * k},{4 * k + 3},2\n" for k in range(51))
        (tmp_path / "label" / f"{name}.txt").write_text(told)
    split = tmp_path / "cross-subject.txt"
    split.write_text("Training videos:\n0002-L\nValidation videos:\n0003-L\n")
    out = str(tmp_path / "pku")
    places = {"skeleton/": str(tmp_path / "skeleton"), "label/": str(tmp_path / "label")}
    command = told_in_readme(
        "convert pku-mmd", **places, **{"cross-subject.txt": str(split), "runs/pku": out}
    )
    assert anymove.main([*command, "--frames", "12"]) == 0
    command = ["lab", "--data", out, "--out", str(tmp_path / "lab"), "--split", "46-5"]
    assert anymove.main([*command, *SMALL]) == 0
    assert "Neuron" in capsys.readouterr().out


def test_labels_are_wanted_for_pku(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert anymove.main(["convert", "pku-mmd", str(tmp_path)]) == 2
    assert "--labels" in capsys.readouterr().err
