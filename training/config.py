"""Settings of a training run; every field is a flag of ``anymove train``."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import tyro

from streams.skeleton.errors import ConfigError
from streams.skeleton.window import WindowSpec
from training.augment import Augmentation
from training.windows import RandomWindows

Target = Literal["paper", "released", "soft"]
"""What the loss compares predictions with; see ``training.losses.match_target``."""

OPEN_SETS = (
    "ui_prmd",
    "ui_prmd_incorrect",
    "berkeley_mhad",
    "accad",
    "cmu_locomotion",
    "cmu_iclone",
    "cmu_dance",
    "precog",
)
"""Sets whose licences allow shipped weights. HDM05 is share-alike: it is the development set."""


@dataclass(frozen=True)
class StGcnConfig:
    """Size and habits of ST-GCN; the defaults are PGFA's ST-GCN-16, 821,380 parameters."""

    kind: Literal["st-gcn"] = "st-gcn"
    """Tells the encoders apart in a run's settings."""
    width: int = 16
    """Channels of the first four blocks; later ones have two and four times as many."""
    features: int = 256
    """Length of the output."""
    dropout: float = 0.5
    """Share of channels' values dropped in every block but the first, [0, 1)."""
    absent: Literal["averaged", "masked"] = "masked"
    """What a person made of zeros contributes: his features (PGFA), or nothing (ours)."""

    def __post_init__(self) -> None:
        """Refuse sizes nobody can build."""
        if not (1 <= self.width <= 256 and 1 <= self.features <= 4096 and 0 <= self.dropout < 1):
            raise ConfigError(f"wanted width 1 to 256, features 1 to 4096, dropout in [0, 1), got {self}")


@dataclass(frozen=True)
class ShiftGcnConfig:
    """Size and habits of Shift-GCN; the defaults are the published ones."""

    kind: Literal["shift-gcn"] = "shift-gcn"
    """Tells the encoders apart in a run's settings."""
    width: int = 64
    """Channels of the first four units; later ones have two and four times as many."""
    absent: Literal["averaged", "masked"] = "masked"
    """What a person made of zeros contributes: his features (as published), or nothing (ours).
    ``"averaged"`` also normalises each person by statistics of its own, as published."""
    shift_gradient: Literal["plain", "released"] = "plain"
    """``"released"`` gives every temporal shift a gradient of 0.01 and its sign alone."""

    def __post_init__(self) -> None:
        """Refuse sizes nobody can build."""
        if not 1 <= self.width <= 256:
            raise ConfigError(f"wanted a width of 1 to 256 channels, got {self.width}")


@dataclass(frozen=True)
class TransformerConfig:
    """Size and habits of the transformer over body parts and time."""

    kind: Literal["transformer"] = "transformer"
    """Tells the encoders apart in a run's settings."""
    width: int = 256
    """Numbers in a token, and in the output."""
    depth: int = 4
    """Blocks."""
    heads: int = 4
    """Of attention; a divisor of ``width``."""
    frames: int = 48
    """T of the windows."""
    patch: int = 6
    """Frames in a token; a divisor of ``frames``."""
    parts: Literal[5, 10] = 5
    """Trunk and limbs, or head, hips, arms, hands, legs and feet."""
    token_drop: float = 0.25
    """Share of tokens left out in training, [0, 1)."""

    def __post_init__(self) -> None:
        """Refuse sizes nobody can build."""
        sizes = 1 <= self.width <= 2048 and 1 <= self.depth <= 24 and 2 <= self.frames <= 512
        fits = self.heads >= 1 and self.patch >= 1
        fits = fits and self.width % self.heads == 0 and self.frames % self.patch == 0
        if not (sizes and fits and 0 <= self.token_drop < 1):
            raise ConfigError(
                "wanted width 1 to 2048 that heads divide, depth 1 to 24, 2 to 512 frames that patch "
                f"divides, token_drop in [0, 1), got {self}"
            )


EncoderConfig = (
    Annotated[TransformerConfig, tyro.conf.subcommand("transformer")]
    | Annotated[StGcnConfig, tyro.conf.subcommand("st-gcn")]
    | Annotated[ShiftGcnConfig, tyro.conf.subcommand("shift-gcn")]
)
"""The encoders there are; on the command line ``encoder:st-gcn`` and its flags come last."""


@dataclass(frozen=True)
class SidesConfig:
    """How an embedding is divided between what a mirror leaves and what it negates."""

    even: int = 256
    """Numbers that a mirror leaves as they are."""
    odd: int = 0
    """Numbers that a mirror negates; 0 for an encoder that is told nothing of mirrors, as PGFA's."""

    def __post_init__(self) -> None:
        """Refuse sizes no embedding has."""
        if not (1 <= self.even <= 4096 and 0 <= self.odd <= 4096):
            raise ConfigError(f"wanted even 1 to 4096 and odd 0 to 4096, got {self.even} and {self.odd}")


@dataclass(frozen=True)
class GrammarConfig:
    """How much of the training comes from the motion grammar."""

    motions: int = 0
    """Motions in the pool, sampled once; 0 trains on recordings alone."""
    share: float = 0.5
    """Share of a batch drawn from the pool, (0, 1)."""
    library: bool = True
    """Let the engine's library of actions speak of the motions its entries name, too."""

    def __post_init__(self) -> None:
        """Refuse shares that leave nothing of either."""
        if not (0 <= self.motions <= 200_000 and 0 < self.share < 1):
            raise ConfigError(f"wanted 0 to 200,000 motions and a share in (0, 1), got {self}")


@dataclass(frozen=True)
class TrainConfig:
    """Train PGFA on packed motion sets."""

    data: Path
    """Folder of the packed sets."""
    out: Path
    """Folder of the run: checkpoint, metrics, settings. A run found there goes on."""
    sets: tuple[str, ...] = OPEN_SETS
    """File stems to train on."""
    dev: str | None = "hdm05"
    """File stem to watch; trained on never."""
    dev_every: int = 4
    """Epochs between two looks at the development set and the hidden classes."""
    hidden_fold: int | None = None
    """Hide this fold of classes from training and watch them, 0 to ``folds`` - 1; None hides none."""
    folds: int = 3
    """Number of folds of hidden classes."""
    epochs: int = 50
    """Passes of ``epoch_windows`` windows."""
    stop: int | None = None
    """End after this many epochs, the learning rate wherever it is; None to go through all of them."""
    epoch_windows: int = 3072
    """Windows drawn in an epoch."""
    batch: int = 128
    """Windows in a step."""
    optimizer: Literal["adamw", "sgd"] = "adamw"
    """``"sgd"`` with momentum 0.9 is PGFA's."""
    learning_rate: float = 2e-3
    """Highest learning rate; PGFA's SGD takes 0.05."""
    schedule: Literal["cosine", "constant"] = "cosine"
    """What follows the warm-up; PGFA's is constant."""
    warmup_epochs: float = 2.0
    """Epochs over which the learning rate rises from 0."""
    weight_decay: float = 5e-4
    """Of the optimizer."""
    temperature: float = 0.07
    """Cosines are divided by it in the loss."""
    target: Target = "paper"
    """See ``training.losses.match_target``."""
    mixed_texts: int = 1
    """Most sentences whose mean stands for a window's text; 1 for a single one, as PGFA has it."""
    adapter: int = 0
    """Hidden units of the text adapter; 0 leaves the text side frozen, as PGFA does."""
    balance: float = 0.5
    """Sequences are drawn with chance (size of their class) ** -balance: 0 as they are, 1 classes alike."""
    seed: int = 0
    """Of everything that is drawn."""
    bfloat16: bool = False
    """Mixed precision: twice as fast on processors that have it."""
    threads: int = 0
    """Of torch; 0 leaves the choice to it."""
    window: WindowSpec = field(default_factory=WindowSpec)
    encoder: EncoderConfig = field(default_factory=TransformerConfig)
    sides: SidesConfig = field(default_factory=SidesConfig)
    grammar: GrammarConfig = field(default_factory=GrammarConfig)
    random: RandomWindows = field(default_factory=RandomWindows)
    augmentation: Augmentation = field(default_factory=Augmentation)

    def __post_init__(self) -> None:
        """Refuse settings no run can have."""
        if min(self.epochs, self.dev_every, self.epoch_windows // max(self.batch, 1)) < 1 or self.batch < 2:
            raise ConfigError(
                f"wanted 1 epoch or more of at least one batch of 2 or more, got epochs={self.epochs}, "
                f"epoch_windows={self.epoch_windows}, batch={self.batch}"
            )
        if self.stop is not None and not 1 <= self.stop <= self.epochs:
            raise ConfigError(f"wanted stop from 1 to {self.epochs} epochs, got {self.stop}")
        if self.sides.odd and not (self.adapter and isinstance(self.encoder, TransformerConfig)):
            raise ConfigError(
                "wanted a transformer and adapter units where sides.odd is above 0, got "
                f"{self.encoder.kind} and adapter {self.adapter}; set --adapter, or sides.odd to 0"
            )
        if self.hidden_fold is not None and not 0 <= self.hidden_fold < self.folds:
            raise ConfigError(f"wanted hidden_fold 0 to {self.folds - 1}, got {self.hidden_fold}")
        if not (self.learning_rate > 0 and self.temperature > 0 and 0 <= self.balance <= 1):
            raise ConfigError(
                "wanted learning_rate and temperature above 0 and balance in [0, 1], got "
                f"{self.learning_rate}, {self.temperature}, {self.balance}"
            )
        if self.adapter < 0 or not 1 <= self.mixed_texts <= 16:
            raise ConfigError(
                "wanted 0 or more hidden units of the text adapter and 1 to 16 mixed texts, got "
                f"{self.adapter} and {self.mixed_texts}"
            )
        if self.grammar.motions and not 0 < self.synthetic < self.batch:
            raise ConfigError(
                f"wanted a batch with windows of recordings and of the grammar, got {self.synthetic} of "
                f"{self.batch} from the grammar; change grammar.share or batch"
            )

    @property
    def synthetic(self) -> int:
        """Windows of a batch that come from the motion grammar."""
        return round(self.grammar.share * self.batch) if self.grammar.motions else 0

    @property
    def last_epoch(self) -> int:
        """Epochs after which the run is finished."""
        return self.stop or self.epochs

    @property
    def steps_per_epoch(self) -> int:
        """Optimizer steps in an epoch; an incomplete batch is not drawn."""
        return self.epoch_windows // self.batch


@dataclass(frozen=True)
class RefitConfig:
    """Train the text side of a finished run again, alone, against everything a sentence may mean."""

    run: tyro.conf.Positional[Path]
    """Folder of the run."""
    hidden: int = 1024
    """Units of each of the two hidden layers."""
    performances: int = 8
    """Motions of each primitive and side whose mean embedding is its meaning."""
    steps: int = 2000
    """Optimizer steps."""
    batch: int = 256
    """Sentences in a step."""
    learning_rate: float = 2e-3
    """Highest learning rate; it falls to 0 as a cosine."""
    weight_decay: float = 0.05
    """Of the optimizer."""
    dropout: float = 0.1
    """Share of hidden units dropped, [0, 1)."""
    temperature: float = 0.1
    """Cosines are divided by it in the loss."""
    seed: int = 0
    """Of everything that is drawn."""

    def __post_init__(self) -> None:
        """Refuse settings no refit can have."""
        if min(self.hidden, self.performances, self.steps, self.batch) < 1:
            raise ConfigError(f"wanted hidden, performances, steps and batch of 1 or more, got {self}")
        if not (self.learning_rate > 0 and self.temperature > 0 and 0 <= self.dropout < 1):
            raise ConfigError(
                "wanted learning_rate and temperature above 0 and dropout in [0, 1), got "
                f"{self.learning_rate}, {self.temperature}, {self.dropout}"
            )
