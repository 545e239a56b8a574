"""What the methods are told of a class: name, descriptions, body parts, stages in space and time."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engine.text.descriptions import class_feature
from engine.text.encoders import TextEncoder
from streams.skeleton.errors import DataError
from training.texts import DESCRIPTIONS, read_descriptions

_DATA = Path(__file__).parents[1] / "data"
NTU_PKU_TEXTS = _DATA / "ntu_pku_descriptions.json"
"""Complete, skeleton, parts and stages of every class of NTU-120 and PKU-MMD."""
OPEN_TEXTS = _DATA / "open_side_information.json"
"""Parts and stages of classes of the open sets; their descriptions are in ``descriptions.json``."""
PARTS = ("head", "hands", "arms", "hips", "legs", "feet")
STAGES = 3


@dataclass(frozen=True)
class SideInformation:
    """One class in this project's own words.

    Attributes:
        name: As it would be typed.
        complete: What the whole body does.
        skeleton: The same, told by the joints.
        parts: Six sentences in the order of ``PARTS`` (STAR, sec. 3.2).
        space: Three sentences from coarse to fine (Neuron, sec. 3.2).
        time: Three sentences from beginning to end.
    """

    name: str
    complete: str
    skeleton: str
    parts: tuple[str, ...]
    space: tuple[str, ...]
    time: tuple[str, ...]

    @property
    def verb(self) -> str:
        """The first word of the name: what JPoSE and SynSE take as its verb."""
        return self.name.split()[0]

    @property
    def noun(self) -> str:
        """What follows the first word, or all of a name of one word."""
        return " ".join(self.name.split()[1:]) or self.name


@dataclass(frozen=True, eq=False)
class Semantics:
    """Text features of K classes, unit rows float32.

    Attributes:
        names: K.
        name: (K, E) of the bare names.
        described: (K, E) of name and descriptions together, made as the engine makes a class.
        parts: (K, 6, E).
        space: (K, 3, E).
        time: (K, 3, E).
        verb: (K, E).
        noun: (K, E).
    """

    names: tuple[str, ...]
    name: Tensor
    described: Tensor
    parts: Tensor
    space: Tensor
    time: Tensor
    verb: Tensor
    noun: Tensor

    def __len__(self) -> int:
        """K."""
        return len(self.names)

    def of(self, classes: Sequence[int]) -> "Semantics":
        """Those classes, in that order."""
        at = torch.as_tensor(list(classes), device=self.name.device)
        tensors = {key: getattr(self, key)[at] for key in _TENSORS}
        return Semantics(names=tuple(self.names[k] for k in classes), **tensors)

    def to(self, device: str) -> "Semantics":
        """The same on another device."""
        return Semantics(names=self.names, **{key: getattr(self, key).to(device) for key in _TENSORS})


_TENSORS = ("name", "described", "parts", "space", "time", "verb", "noun")


def read_side_information() -> dict[str, SideInformation]:
    """Of every class of the open sets that has it, and of every class of NTU-120 and PKU-MMD, by name.

    A name that both have is the open sets'.

    Raises:
        DataError: A file is of another form.
    """
    described = read_descriptions(DESCRIPTIONS)
    found = {name: _entry(NTU_PKU_TEXTS, name, raw) for name, raw in _json(NTU_PKU_TEXTS).items()}
    for name, raw in _json(OPEN_TEXTS).items():
        if name not in described:
            raise DataError(f"{OPEN_TEXTS}: {name!r} has no description in {DESCRIPTIONS}")
        entry = described[name]
        whole = {**raw, "complete": entry.complete, "skeleton": entry.skeleton}
        found[name] = _entry(OPEN_TEXTS, name, whole)
    return found


def read_benchmark_information() -> dict[str, SideInformation]:
    """Of every class of NTU-120 and PKU-MMD, by name, whatever the open sets say of it."""
    return {name: _entry(NTU_PKU_TEXTS, name, raw) for name, raw in _json(NTU_PKU_TEXTS).items()}


def semantics(
    names: Sequence[str], encoder: TextEncoder, *, texts: Mapping[str, SideInformation]
) -> Semantics:
    """Features of these classes.

    Args:
        names: K class names.
        encoder: Asked once for every text.
        texts: By class name.

    Raises:
        DataError: A class nobody has described.
    """
    missing = [name for name in names if name not in texts]
    if missing:
        raise DataError(
            f"wanted parts and stages of every class, got none of {', '.join(missing[:5])}"
            f"{' and others' if len(missing) > 5 else ''}; describe them or leave them out"
        )
    entries = [texts[name] for name in names]
    flat = [text for entry in entries for text in _all(entry)]
    once = list(dict.fromkeys(flat))
    rows = dict(zip(once, encoder.encode(once), strict=True))

    def stacked(groups: Sequence[Sequence[str]]) -> Tensor:
        return torch.from_numpy(np.stack([np.stack([rows[text] for text in group]) for group in groups]))

    whole = [class_feature((e.name, e.complete, e.skeleton), encoder) for e in entries]
    return Semantics(
        names=tuple(names),
        name=stacked([[entry.name] for entry in entries])[:, 0],
        described=torch.from_numpy(np.stack(whole)),
        parts=stacked([entry.parts for entry in entries]),
        space=stacked([entry.space for entry in entries]),
        time=stacked([entry.time for entry in entries]),
        verb=stacked([[entry.verb] for entry in entries])[:, 0],
        noun=stacked([[entry.noun] for entry in entries])[:, 0],
    )


def _all(entry: SideInformation) -> tuple[str, ...]:
    return (entry.name, entry.verb, entry.noun, *entry.parts, *entry.space, *entry.time)


def _json(path: Path) -> dict[str, Any]:
    try:
        raw = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"wanted the classes' texts in {path} ({error}); restore the file") from None
    if not isinstance(raw, dict):
        raise DataError(f"{path}: wanted an object of classes, got a {type(raw).__name__}")
    return raw


def _entry(path: Path, name: str, raw: Any) -> SideInformation:
    try:
        entry = SideInformation(
            name=name,
            complete=raw["complete"],
            skeleton=raw["skeleton"],
            parts=tuple(raw["parts"][part] for part in PARTS),
            space=tuple(raw["space"]),
            time=tuple(raw["time"]),
        )
    except (KeyError, TypeError) as error:
        raise DataError(f"{path}: {name!r} lacks {error}") from None
    if len(entry.space) != STAGES or len(entry.time) != STAGES:
        raise DataError(f"{path}: {name!r}: wanted {STAGES} stages in space and in time")
    return entry
