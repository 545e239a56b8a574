"""The text side once more, alone: sentences against the embeddings of everything they may mean.

Training both sides together shows a sentence some hundred other meanings at a time, and the text
side stays behind the encoder (see the lab log). With the encoder frozen a meaning is one vector,
and every step can hold a sentence against all of them.
"""

from dataclasses import asdict, dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional
from tqdm import tqdm

from engine.text.contract import TextEncoder
from engine.text.library import builtin_library
from training.augment import augmented
from training.config import RefitConfig
from training.grammar import PRIMITIVES, motion_of
from training.grammar.library_texts import library_texts
from training.grammar.playing import FPS
from training.methods.sided import SidedText
from training.methods.text_side import TextSide
from training.model import text_encoder_of
from training.run_folder import Run, build_text_side, load_run, save_text_side
from training.sequences import load_training
from training.sides import ONE_LIMB, known_sides, sided_text
from training.texts import class_texts, drawn_text, read_descriptions
from training.train import torch_embed
from training.windows import random_window
from training.zero_shot import sequence_embeddings

_HOP_S = 1.2
_BATCH = 256


@dataclass(frozen=True, eq=False)
class Meanings:
    """What sentences may mean.

    Attributes:
        embeddings: (K, D) float32 unit rows: the mean embedding of each meaning's performances.
        texts: Per meaning, the sentences that are true of it.
    """

    embeddings: NDArray[np.float32]
    texts: tuple[tuple[str, ...], ...]

    def joined(self, other: "Meanings") -> "Meanings":
        """Both as one."""
        embeddings = np.concatenate([self.embeddings, other.embeddings])
        return Meanings(embeddings, self.texts + other.texts)


def refit(config: RefitConfig, encoder: TextEncoder, *, progress: bool = True) -> float:
    """Mean loss of the last tenth of the steps; the run in ``config.run`` now has a new text side.

    Args:
        config: Settings.
        encoder: Of the sentences.
        progress: Show bars.

    Raises:
        DataError: No run is there, or its data is missing.
    """
    run = load_run(config.run)
    if run.config.threads:
        torch.set_num_threads(run.config.threads)
    plain, encoder = encoder, text_encoder_of(run.config, encoder)
    meanings = performed(run, config, progress=progress).joined(recorded(run, encoder))
    torch.manual_seed(config.seed)
    features = [torch.from_numpy(encoder.encode(texts)) for texts in meanings.texts]
    side, loss = fitted(
        build_text_side(run.config, dim=plain.dim, hidden=config.hidden, dropout=config.dropout),
        torch.from_numpy(meanings.embeddings),
        features,
        config,
        mixed=run.config.mixed_texts,
        progress=progress,
    )
    settings = {key: value for key, value in asdict(config).items() if key != "run"}
    save_text_side(config.run, side, settings=settings)
    return loss


def performed(run: Run, config: RefitConfig, *, progress: bool = True) -> Meanings:
    """Every primitive of the motion grammar with each of its sides, as the run's encoder sees it."""
    rng = np.random.default_rng([config.seed, 2])
    said = library_texts(PRIMITIVES, builtin_library().entries) if run.config.grammar.library else {}
    windows: list[NDArray[np.float32]] = []
    texts: list[tuple[str, ...]] = []
    for primitive in tqdm(PRIMITIVES.values(), "performances", disable=not progress):
        for side in primitive.sides:
            true: list[str] = list(said.get((primitive.key, side), ()))
            for _ in range(config.performances):
                motion = motion_of(primitive.key, side, rng)
                true += motion.texts
                windows.append(_window(motion.positions[slice(*motion.active)], run, rng))
            texts.append(tuple(dict.fromkeys(true)))
    embed = torch_embed(run.model)
    flat = np.stack(windows)[:, None]
    rows = np.concatenate([embed(flat[at : at + _BATCH])[:, 0] for at in range(0, len(flat), _BATCH)])
    return Meanings(_unit(rows.reshape(len(texts), config.performances, -1).mean(axis=1)), tuple(texts))


def recorded(run: Run, encoder: TextEncoder) -> Meanings:
    """Every class of the recordings the run was trained on; one of one limb also with either side.

    A model that knows sides apart is told of a class without one that it has none.
    """
    seen, _ = load_training(run.config)
    rows = sequence_embeddings(seen, torch_embed(run.model), spec=run.config.window, hop_s=_HOP_S)[:, 0]
    labels, even = np.array(seen.labels), run.config.sides.even
    texts = class_texts(seen.classes, encoder, descriptions=read_descriptions())
    means = np.stack([rows[labels == name].mean(axis=0) for name in seen.classes])
    if not run.config.sides.odd:
        return Meanings(_unit(means), texts.texts)
    means[:, even:] = 0.0
    flip = np.where(np.arange(rows.shape[1]) < even, 1.0, -1.0).astype(np.float32)
    sides = known_sides(seen.labels, seen.positions)
    signs = np.array([0 if side is None else 1 if side == "left" else -1 for side in sides])
    sided = [key for key in texts.sided if (signs[labels == key[0]] != 0).any()]
    left = {name: _as_left(rows[labels == name], signs[labels == name], flip) for name, _ in sided}
    told = [left[name] if side == "left" else left[name] * flip for name, side in sided]
    said = [
        tuple(sided_text(text, side, ONE_LIMB[name]) for text in texts.texts[texts.names.index(name)])
        for name, side in sided
    ]
    return Meanings(_unit(np.stack([*means, *told])), (*texts.texts, *said))


def _as_left(
    rows: NDArray[np.float32], signs: NDArray[np.int64], flip: NDArray[np.float32]
) -> NDArray[np.float32]:
    """(D,) mean of the rows whose side is known, those of the right side mirrored."""
    return np.concatenate([rows[signs == 1], rows[signs == -1] * flip]).mean(axis=0)


def fitted(
    side: TextSide | SidedText,
    embeddings: Tensor,
    features: list[Tensor],
    config: RefitConfig,
    *,
    mixed: int,
    progress: bool = True,
) -> tuple[TextSide | SidedText, float]:
    """The text side, trained for these meanings, in evaluation mode, and its last tenth's mean loss.

    A meaning is drawn, then one of its sentences or the mean of several; the loss is the cross
    entropy of its cosines to all K meanings. A sentence that is true of two meanings is drawn for
    either, so it comes to lie between them.

    Args:
        side: A new one.
        embeddings: (K, D) unit rows.
        features: Per meaning, (sentences, E) unit rows.
        config: Settings.
        mixed: Most sentences in a mean; see ``training.texts.drawn_text``.
        progress: Show a bar.
    """
    rng = np.random.default_rng([config.seed, 3])
    side.fit(torch.cat(features))
    optimizer = torch.optim.AdamW(side.parameters(), config.learning_rate, weight_decay=config.weight_decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, config.steps)
    rows, losses = [group.numpy() for group in features], list[float]()
    for _ in tqdm(range(config.steps), "text side", disable=not progress):
        drawn = rng.integers(len(rows), size=config.batch)
        text = np.stack([drawn_text(rows[k], rng, most=mixed) for k in drawn])
        cosines = side(torch.from_numpy(text)) @ embeddings.T
        loss = functional.cross_entropy(cosines / config.temperature, torch.from_numpy(drawn))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
    return side.eval(), float(np.mean(losses[-max(1, config.steps // 10) :]))


def _window(positions: NDArray[np.float32], run: Run, rng: np.random.Generator) -> NDArray[np.float32]:
    config = run.config
    raw = random_window(positions, rng, fps=FPS, spec=config.window, config=config.random)
    return augmented(raw, rng, config=config.augmentation, mirror=False)[0]


def _unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    return rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-12)
