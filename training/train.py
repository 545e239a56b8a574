"""Train PGFA: one linear run that can be stopped and taken up at any epoch."""

import math
import time
from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from engine.text.encoders import TextEncoder
from training.batches import Batch, Batches
from training.config import TrainConfig
from training.datasets.packed import load_packed
from training.grammar_batches import GrammarBatches
from training.losses import contrastive_kl
from training.model import Model, build_model, embed, text_encoder_of
from training.run_folder import resume, save_epoch
from training.sequences import Sequences, joined, load_training
from training.texts import class_texts, read_descriptions
from training.zero_shot import Embed, accuracies, scores, sequence_embeddings


def train(config: TrainConfig, encoder: TextEncoder, *, progress: bool = True) -> list[dict[str, float]]:
    """Metrics of every epoch, the last of which is in ``config.out``; goes on with a run found there.

    A run that was stopped gives the same numbers as one that was not: the checkpoint of every
    epoch holds model, optimizer and the state of all chance.

    Args:
        config: Settings.
        encoder: Of the class texts.
        progress: Show a bar.

    Raises:
        DataError: Data is missing or unusable, or ``out`` holds a run with other settings.
    """
    if config.threads:
        torch.set_num_threads(config.threads)
    torch.manual_seed(config.seed)
    rng = np.random.default_rng(config.seed)
    seen, hidden = load_training(config)
    plain, encoder = encoder, text_encoder_of(config, encoder)
    watch = _watches(config, hidden, encoder)
    texts = class_texts(seen.classes, encoder, descriptions=read_descriptions())
    batches = Batches(seen, texts, config=config, rng=rng)
    grammar = _grammar(config, encoder, rng, first_label=len(texts.names), progress=progress)
    model = build_model(config, dim=plain.dim)
    optimizer = _optimizer(config, model)
    history = resume(config, model, optimizer, rng)
    draw = partial(_draw, config, batches, grammar)
    for epoch in range(len(history), config.last_epoch):
        began_ns = time.monotonic_ns()
        row = {"epoch": float(epoch), "loss": _epoch(config, epoch, model, optimizer, draw, progress)}
        if (epoch + 1) % config.dev_every == 0 or epoch + 1 == config.last_epoch:
            for name, look in watch.items():
                row |= {f"{name}_{key}": value for key, value in look(model).items()}
        row["seconds"] = (time.monotonic_ns() - began_ns) / 1e9
        history.append(row)
        save_epoch(config, model, optimizer, rng, history)
    return history


def torch_embed(model: Model) -> Embed:
    """The model as ``training.zero_shot`` wants it: arrays in, arrays (N, 1, D) out."""
    return lambda positions: embed(model, torch.from_numpy(positions)).numpy()[:, None]


def class_rows(model: Model, features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Class rows (K, 1, D) of the model for text features (K, E)."""
    with torch.no_grad():
        return model.text(torch.from_numpy(features)).numpy()[:, None]


def _adapted_negatives(model: Model, negatives: Tensor) -> Tensor | None:
    """The negatives through the text side, rows of zeros where there is none; None without any."""
    known = negatives.any(dim=1, keepdim=True)
    return torch.where(known, model.text(negatives), 0.0) if known.any() else None


def _grammar(
    config: TrainConfig,
    encoder: TextEncoder,
    rng: np.random.Generator,
    *,
    first_label: int,
    progress: bool,
) -> GrammarBatches | None:
    if config.grammar.motions == 0:
        return None
    return GrammarBatches(encoder, config=config, rng=rng, first_label=first_label, progress=progress)


def _draw(config: TrainConfig, batches: Batches, grammar: GrammarBatches | None) -> Batch:
    """The next batch: of recordings, then of the grammar where there is one."""
    if grammar is None:
        return batches.draw(config.batch)
    return batches.draw(config.batch - config.synthetic).joined(grammar.draw(config.synthetic))


def _optimizer(config: TrainConfig, model: Model) -> torch.optim.Optimizer:
    if config.optimizer == "sgd":
        return torch.optim.SGD(
            model.parameters(), config.learning_rate, momentum=0.9, weight_decay=config.weight_decay
        )
    return torch.optim.AdamW(model.parameters(), config.learning_rate, weight_decay=config.weight_decay)


def learning_rate(config: TrainConfig, step: int) -> float:
    """Of step ``step`` (from 0): linear from nearly 0 during the warm-up, then the schedule."""
    warmup = config.warmup_epochs * config.steps_per_epoch
    if step < warmup:
        return config.learning_rate * (step + 1) / (warmup + 1)
    if config.schedule == "constant":
        return config.learning_rate
    total = config.epochs * config.steps_per_epoch
    share = (step - warmup) / max(total - warmup, 1.0)
    return config.learning_rate * 0.5 * (1.0 + math.cos(math.pi * share))


def _epoch(
    config: TrainConfig,
    epoch: int,
    model: Model,
    optimizer: torch.optim.Optimizer,
    draw: Callable[[], Batch],
    progress: bool,
) -> float:
    """Mean loss of one epoch."""
    model.train()
    losses: list[float] = []
    bar = tqdm(range(config.steps_per_epoch), f"epoch {epoch + 1}/{config.epochs}", disable=not progress)
    for step in bar:
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(config, epoch * config.steps_per_epoch + step)
        batch = draw()
        with torch.autocast("cpu", torch.bfloat16, enabled=config.bfloat16):
            embeddings = model(batch.positions)
        loss = contrastive_kl(
            embeddings.float(),
            model.text(batch.text),
            batch.labels,
            negatives=_adapted_negatives(model, batch.negatives),
            temperature=config.temperature,
            target=config.target,
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        bar.set_postfix(loss=f"{np.mean(losses):.3f}", refresh=False)
    return float(np.mean(losses))


def _watches(
    config: TrainConfig, hidden: Sequences | None, encoder: TextEncoder
) -> dict[str, Callable[[Model], dict[str, float]]]:
    """What to look at while training, by name. Nothing is chosen by it within a run."""
    watched: dict[str, Sequences] = {} if hidden is None else {"hidden": hidden}
    if config.dev is not None:
        watched["dev"] = joined([load_packed(config.data / f"{config.dev}.npz")])
    return {name: _watch(config, sequences, encoder) for name, sequences in watched.items()}


def _watch(
    config: TrainConfig, sequences: Sequences, encoder: TextEncoder
) -> Callable[[Model], dict[str, float]]:
    texts = class_texts(sequences.classes, encoder, descriptions=read_descriptions())

    def look(model: Model) -> dict[str, float]:
        rows = sequence_embeddings(sequences, torch_embed(model), spec=config.window)
        by_name = accuracies(scores(rows, class_rows(model, texts.named)), sequences)
        return accuracies(scores(rows, class_rows(model, texts.described)), sequences) | {
            f"name_{key}": value for key, value in by_name.items()
        }

    return look
