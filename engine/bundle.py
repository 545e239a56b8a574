"""A model bundle: one folder that holds everything recognition needs.

    manifest.json     what it is, how it was made, a SHA-256 for every other file
    skeleton.onnx     positions (N, M, T, 25, 3), normalised -> embedding (N, P, D), unit rows
    text.onnx         features (N, E), unit rows of the text encoder -> classes (N, P, D), unit rows
    vocabulary.json   seen classes: name, texts
    ATTRIBUTION.md    the notices of the data it was trained on

A class scores the mean over P of the cosines between its rows and the embedding's. The P axis
is 1 for PGFA and STAR and 2 for Neuron; everything behind the bundle sees only (P, D).
"""

import hashlib
import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from engine.background import Background, read_background
from engine.bank.constants import BankConstants
from streams.skeleton.errors import BundleError
from streams.skeleton.normalize import Normalization
from streams.skeleton.window import WindowSpec

FORMAT = 1
MAX_BYTES = 64 * 1024 * 1024
DEFAULT_BUNDLE = Path(__file__).parent / "bundles" / "default"


@dataclass(frozen=True)
class Calibration:
    """Constants of the decision, measured on pseudo-unseen classes, never on evaluation data."""

    temperature: float = 0.07
    """Cosines are divided by it before the softmax."""
    unknown_cosine: float = 0.15
    """Score of the unnamed class: a best class below it is called unknown, [-1, 1]."""
    idle_extent_m: float = 0.06
    """A person none of whose joints leaves a ball of this radius within a window is idle, metres."""
    bank_entropy: float = 0.9
    """Share of the lowest-entropy observations a prototype uses (PGFA's alpha), (0, 1]."""
    bank: BankConstants = field(default_factory=BankConstants)
    """What the anchored bank knows of the encoder; the defaults where a manifest has none."""


@dataclass(frozen=True)
class TextEncoderRef:
    """The text encoder a bundle was aligned with."""

    id: str
    """Key of ``engine.text.encoders.ENCODERS``."""
    sha256: str
    """Of the encoder's weights."""
    dim: int
    """E, length of its features."""


@dataclass(frozen=True)
class Manifest:
    """What a bundle is and how it was made."""

    name: str
    method: str
    layout: str
    dim: int
    """D, embedding length."""
    parts: int
    """P, embeddings per window."""
    text_encoder: TextEncoderRef
    window: WindowSpec = field(default_factory=WindowSpec)
    normalization: Normalization = field(default_factory=Normalization)
    calibration: Calibration = field(default_factory=Calibration)
    seen_classes: tuple[str, ...] = ()
    parity: dict[str, float] = field(default_factory=dict[str, float])
    """Largest absolute difference torch against ONNX, by output."""
    data: tuple[str, ...] = ()
    """Data sets trained on, with their licences."""
    licence: str = "Apache-2.0"
    commit: str = ""
    evaluation: dict[str, Any] = field(default_factory=dict[str, Any])
    files: dict[str, str] = field(default_factory=dict[str, str])
    """SHA-256 of every other file, by name."""
    format: int = FORMAT


@dataclass(frozen=True)
class Bundle:
    """A bundle whose files have been checked against its manifest."""

    folder: Path
    manifest: Manifest

    @property
    def skeleton_onnx(self) -> Path:
        """The skeleton encoder."""
        return self.folder / "skeleton.onnx"

    @property
    def text_onnx(self) -> Path:
        """The map from text features to class rows."""
        return self.folder / "text.onnx"

    @property
    def background(self) -> Background:
        """A new one of the movements it knows and never names; empty for a bundle without.

        Raises:
            BundleError: The file is damaged.
        """
        return read_background(self.folder, parts=self.manifest.parts, dim=self.manifest.dim)

    @property
    def fingerprint(self) -> str:
        """Changes whenever any file of the bundle does: the SHA-256 of its hashes."""
        joined = "\n".join(f"{name} {digest}" for name, digest in sorted(self.manifest.files.items()))
        return hashlib.sha256(joined.encode()).hexdigest()


def load_bundle(folder: Path) -> Bundle:
    """The bundle in this folder, every file checked against its hash.

    Raises:
        BundleError: A file is missing, foreign or damaged, or the format is newer than this program.
    """
    path = folder / "manifest.json"
    if not path.is_file():
        raise BundleError(f"wanted a model bundle with manifest.json, got {folder}; name a bundle folder")
    try:
        manifest = _manifest_from(json.loads(path.read_text("utf-8")))
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise BundleError(f"{path} is not a manifest ({error}); export or copy the bundle again") from None
    for name in ("skeleton.onnx", "text.onnx", "vocabulary.json"):
        if name not in manifest.files:
            raise BundleError(f"{path} lists no {name}; export the bundle again")
    for name, expected in manifest.files.items():
        _check_file(folder, name, expected)
    return Bundle(folder=folder, manifest=manifest)


def write_manifest(folder: Path, manifest: Manifest) -> Bundle:
    """The bundle after its manifest was written with fresh hashes of every other file."""
    names = sorted(p.name for p in folder.iterdir() if p.is_file() and p.name != "manifest.json")
    files = {name: sha256_of(folder / name) for name in names}
    complete = replace(manifest, files=files)
    text = json.dumps(asdict(complete), indent=2, ensure_ascii=False) + "\n"
    temporary = folder / "manifest.json.tmp"
    temporary.write_text(text, "utf-8")
    temporary.replace(folder / "manifest.json")
    return Bundle(folder=folder, manifest=complete)


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _manifest_from(raw: Any) -> Manifest:
    if not isinstance(raw, dict):
        raise TypeError(f"wanted a JSON object, got {type(raw).__name__}")
    if raw.get("format") != FORMAT:
        raise ValueError(f"wanted format {FORMAT}, got {raw.get('format')!r}")
    unknown = set(raw) - set(Manifest.__dataclass_fields__)
    if unknown:
        raise ValueError(f"unknown fields {sorted(unknown)}")
    typed: dict[str, Any] = {
        **raw,
        "text_encoder": TextEncoderRef(**raw["text_encoder"]),
        "window": WindowSpec(**raw["window"]),
        "normalization": Normalization(**raw["normalization"]),
        "calibration": _calibration_from(raw["calibration"]),
        "seen_classes": tuple(raw["seen_classes"]),
        "data": tuple(raw["data"]),
        "files": {str(name): str(digest) for name, digest in dict(raw["files"]).items()},
    }
    return Manifest(**typed)


def _calibration_from(raw: dict[str, Any]) -> Calibration:
    # Bundles made before there were constants of the bank have none.
    bank: Any = raw.get("bank", {})
    if not isinstance(bank, dict):
        raise TypeError(f"wanted the bank's constants as a JSON object, got {type(bank).__name__}")
    constants: dict[str, Any] = {**bank}
    typed: dict[str, Any] = {**raw, "bank": BankConstants(**constants)}
    return Calibration(**typed)


def _check_file(folder: Path, name: str, expected: str) -> None:
    path = folder / name
    if Path(name).name != name:
        raise BundleError(f"manifest names {name!r}, which is not a plain file name")
    if not path.is_file():
        raise BundleError(f"wanted {name} in {folder}, found none; export or copy the bundle again")
    if path.stat().st_size > MAX_BYTES:
        raise BundleError(f"{path} is larger than {MAX_BYTES} bytes; this is not a bundle of ours")
    found = sha256_of(path)
    if found != expected:
        raise BundleError(
            f"{path} is damaged or was changed: wanted SHA-256 {expected[:12]}…, got {found[:12]}…; "
            "export or copy the bundle again"
        )
