"""A bundle is whole, ours and unchanged, or it is refused in words."""

import dataclasses
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine import bundle as bundles
from engine.bank.constants import BankConstants
from engine.bundle import Manifest, load_bundle, sha256_of, write_manifest
from streams.skeleton.errors import BundleError
from tests.engine.tiny_bundle import make_tiny_bundle


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_tiny_bundle(tmp_path / "bundle", dim=8, text_dim=12).folder


def _edit(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    path = folder / "manifest.json"
    raw = json.loads(path.read_text("utf-8"))
    change(raw)
    path.write_text(json.dumps(raw), "utf-8")


def test_what_was_written_is_read_back(folder: Path):
    loaded = load_bundle(folder)
    assert loaded.manifest.name == "tiny"
    assert loaded.manifest.seen_classes == ("squat", "wave the right hand")
    assert loaded.manifest.window.frames == 48
    assert (loaded.manifest.dim, loaded.manifest.parts, loaded.manifest.text_encoder.dim) == (8, 1, 12)
    assert loaded.skeleton_onnx.is_file()
    assert loaded.text_onnx.is_file()
    assert write_manifest(folder, loaded.manifest) == loaded


def test_every_field_of_the_manifest_survives_a_round_trip(folder: Path):
    before = load_bundle(folder).manifest
    manifest = dataclasses.replace(
        before,
        parity={"skeleton": 1e-6},
        data=("a set (CC BY 4.0)",),
        evaluation={"top1": 0.5, "sets": ["x"]},
        commit="abc",
        calibration=dataclasses.replace(
            before.calibration, temperature=0.1, bank=BankConstants(within=0.3)
        ),
    )
    written = write_manifest(folder, manifest)
    assert load_bundle(folder).manifest == written.manifest
    assert {field.name for field in dataclasses.fields(Manifest)} == set(
        json.loads((folder / "manifest.json").read_text("utf-8"))
    )


def test_sha256_is_the_hash_of_the_bytes(tmp_path: Path):
    (tmp_path / "file").write_bytes(b"abc")
    assert sha256_of(tmp_path / "file") == hashlib.sha256(b"abc").hexdigest()


@pytest.mark.parametrize("name", ["skeleton.onnx", "text.onnx", "vocabulary.json", "ATTRIBUTION.md"])
def test_a_changed_byte_is_found(folder: Path, name: str):
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(bytes(content))
    with pytest.raises(BundleError, match=f"{name} is damaged"):
        load_bundle(folder)


@pytest.mark.parametrize("name", ["skeleton.onnx", "text.onnx", "vocabulary.json", "ATTRIBUTION.md"])
def test_a_missing_file_is_named(folder: Path, name: str):
    (folder / name).unlink()
    with pytest.raises(BundleError, match=f"wanted {name}"):
        load_bundle(folder)


def test_a_manifest_must_list_the_files_every_bundle_has(folder: Path):
    _edit(folder, lambda raw: raw["files"].pop("text.onnx"))
    with pytest.raises(BundleError, match=r"lists no text\.onnx"):
        load_bundle(folder)


@pytest.mark.parametrize("where", ["nothing there", "a folder of something else"])
def test_a_folder_that_is_no_bundle_is_refused(tmp_path: Path, where: str):
    folder = tmp_path / where
    if where.startswith("a folder"):
        folder.mkdir()
    with pytest.raises(BundleError, match=r"wanted a model bundle with manifest\.json"):
        load_bundle(folder)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "not json",
        "[]",
        "null",
        "3",
        "{}",
        '{"format": 1}',
        '{"format": 1, "name": "x"}',
        '{"name": "config", "model_type": "bert"}',
        b"\xff\xfe\x00",
        "[" * 100_000,
    ],
)
def test_a_foreign_manifest_is_refused(folder: Path, content: str | bytes):
    (folder / "manifest.json").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(BundleError, match="is not a manifest"):
        load_bundle(folder)


@pytest.mark.parametrize("files", [3, [1], {"skeleton.onnx": None}, {}])
def test_hashes_of_another_kind_are_refused(folder: Path, files: object):
    _edit(folder, lambda raw: raw.update(files=files))
    with pytest.raises(BundleError):
        load_bundle(folder)


def test_a_newer_format_is_refused(folder: Path):
    _edit(folder, lambda raw: raw.update(format=bundles.FORMAT + 1))
    with pytest.raises(BundleError, match=f"wanted format {bundles.FORMAT}, got {bundles.FORMAT + 1}"):
        load_bundle(folder)


def test_a_field_nobody_knows_is_refused(folder: Path):
    _edit(folder, lambda raw: raw.update(surprise=1))
    with pytest.raises(BundleError, match="surprise"):
        load_bundle(folder)


@pytest.mark.parametrize("field", ["name", "dim", "text_encoder", "window", "seen_classes"])
def test_a_field_left_out_is_refused(folder: Path, field: str):
    _edit(folder, lambda raw: raw.pop(field))
    with pytest.raises(BundleError, match="is not a manifest"):
        load_bundle(folder)


def test_a_window_out_of_range_is_refused(folder: Path):
    _edit(folder, lambda raw: raw["window"].update(frames=100_000))
    with pytest.raises(BundleError, match="is not a manifest"):
        load_bundle(folder)


@pytest.mark.parametrize("name", ["../outside.bin", "sub/inside.bin", "/etc/hostname", ".."])
def test_a_name_that_leaves_the_folder_is_refused(folder: Path, name: str):
    (folder.parent / "outside.bin").write_bytes(b"x")
    _edit(folder, lambda raw: raw["files"].update({name: hashlib.sha256(b"x").hexdigest()}))
    with pytest.raises(BundleError):
        load_bundle(folder)


def test_a_file_too_large_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bundles, "MAX_BYTES", 100)
    with pytest.raises(BundleError, match="larger than 100 bytes"):
        load_bundle(folder)


def test_the_fingerprint_follows_the_files(folder: Path):
    before = load_bundle(folder).fingerprint
    assert load_bundle(folder).fingerprint == before
    (folder / "vocabulary.json").write_text("[]", "utf-8")
    after = write_manifest(folder, load_manifest(folder)).fingerprint
    assert after != before


def load_manifest(folder: Path) -> Manifest:
    raw = json.loads((folder / "manifest.json").read_text("utf-8"))
    return bundles._manifest_from(raw)  # pyright: ignore[reportPrivateUsage]


def test_a_bundle_made_before_the_bank_had_constants_has_the_default_ones(folder: Path):
    _edit(folder, lambda raw: raw["calibration"].pop("bank"))
    assert load_bundle(folder).manifest.calibration.bank == BankConstants()


@pytest.mark.parametrize("bank", [{"within": -1.0}, {"colour": 1.0}, [], None])
def test_constants_of_no_bank_are_refused(folder: Path, bank: object):
    _edit(folder, lambda raw: raw["calibration"].update(bank=bank))
    with pytest.raises(BundleError, match="is not a manifest"):
        load_bundle(folder)
