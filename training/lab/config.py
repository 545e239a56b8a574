"""Settings of the laboratory; every field is a flag of ``anymove lab``."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from streams.skeleton.errors import ConfigError
from streams.skeleton.window import WindowSpec
from training.config import OPEN_SETS, EncoderConfig, TransformerConfig
from training.methods.neuron import NeuronConfig
from training.methods.star import StarConfig

END_TO_END = "pgfa"
ALL_METHODS = (
    *("devise", "relation-net", "revise", "jpose", "cada-vae", "synse", "smie"),
    *("pgfa-frozen", "star", "neuron", END_TO_END),
)
"""In the order of the tables; all but the last work on one frozen encoder's features."""


@dataclass(frozen=True)
class FitConfig:
    """How long and how fast something is trained."""

    epochs: int = 30
    """Passes over the training samples."""
    batch: int = 64
    """Samples in a step; an incomplete batch is left out."""
    optimizer: Literal["sgd", "adamw"] = "sgd"
    """``"sgd"`` has momentum 0.9, Nesterov's, as the papers'."""
    learning_rate: float = 0.1
    """At the beginning."""
    milestones: tuple[float, ...] = (1 / 3, 2 / 3)
    """Shares of the epochs after which the learning rate is divided by 10."""
    weight_decay: float = 5e-4
    """Of the optimizer."""
    bfloat16: bool = False
    """Mixed precision: about twice as fast on processors that have it."""

    def __post_init__(self) -> None:
        """Refuse settings no run can have."""
        sound = self.epochs >= 1 and self.batch >= 2 and self.learning_rate > 0
        if not sound or not all(0 < share < 1 for share in self.milestones):
            raise ConfigError(
                "wanted 1 epoch or more, 2 samples a batch or more, a learning rate above 0 and "
                f"milestones in (0, 1), got {self}"
            )


@dataclass(frozen=True)
class LabConfig:
    """Train and compare every method, on folds of the open sets or on a papers' benchmark."""

    data: Path
    """Folder of the packed open sets, or of a data set that ``anymove convert`` wrote."""
    out: Path = Path("runs/lab")
    """Folder of all that is learnt; what is found there is not done again."""
    methods: tuple[str, ...] = ALL_METHODS
    """Names of the methods."""
    split: tuple[str, ...] = ()
    """Class splits of a converted data set, for example ``smie-1 smie-2 smie-3``; all its own if none."""
    recordings: str = "xsub"
    """Recording split of a converted data set."""
    sets: tuple[str, ...] = OPEN_SETS
    """Open sets to use, file stems."""
    across: tuple[str, ...] = ()
    """Open sets to test on, in place of folds: what ``sets`` have is learnt, what they lack is hidden."""
    folds: int = 3
    """Folds of hidden classes of the open sets."""
    only_folds: tuple[int, ...] = ()
    """Folds to run, from 0; all if none."""
    seeds: int = 3
    """Runs with other chance."""
    only_seeds: tuple[int, ...] = ()
    """Seeds to run, from 0; all if none."""
    least: int = 10
    """Classes of the open sets with fewer sequences are left out."""
    most: int = 60
    """Sequences taken of a class of the open sets."""
    windows: int = 2
    """Windows cut from a sequence of the open sets, evenly spread."""
    held_subjects: float = 0.25
    """Share of the open sets' subjects whose seen classes are for testing."""
    text_encoder: str = "minilm"
    """Of the class texts."""
    device: Literal["cpu", "cuda"] = "cpu"
    """Where networks are trained; ``--pretrain.bfloat16`` and the like give mixed precision on either."""
    threads: int = 0
    """Of torch; 0 leaves the choice to it."""
    report: Path | None = None
    """Markdown table to write from the results; None writes none."""
    pictures: bool = True
    """Draw confusion matrices and t-SNE maps into ``pictures`` in ``out``."""
    results: Path | None = None
    """JSON of the results to write; None for ``results.json`` in ``out``."""
    encoder: EncoderConfig = field(
        default_factory=lambda: TransformerConfig(width=128, depth=3, patch=8, parts=10)
    )
    window: WindowSpec = field(default_factory=WindowSpec)
    pretrain: FitConfig = field(
        default_factory=lambda: FitConfig(
            epochs=16, optimizer="adamw", learning_rate=1e-3, weight_decay=0.05, bfloat16=True
        )
    )
    """Of the frozen encoder, by cross-entropy on the seen classes."""
    align: FitConfig = field(
        default_factory=lambda: FitConfig(
            epochs=6, optimizer="adamw", learning_rate=1e-3, weight_decay=0.01
        )
    )
    """Of the methods on its features."""
    end_to_end: FitConfig = field(
        default_factory=lambda: FitConfig(
            epochs=30, optimizer="adamw", learning_rate=1e-3, weight_decay=0.05, bfloat16=True
        )
    )
    """Of PGFA."""
    star: StarConfig = field(
        default_factory=lambda: StarConfig(
            attributes=48, width=64, heads=4, similarity="cosine", temperature=0.1
        )
    )
    neuron: NeuronConfig = field(
        default_factory=lambda: NeuronConfig(prototypes=24, similarity="cosine", temperature=0.1)
    )
    prototype_share: float = 0.9
    """Alpha of PGFA's prototypes: share of the least uncertain test samples of a class they are made of."""

    def __post_init__(self) -> None:
        """Refuse what cannot be run."""
        unknown = [name for name in self.methods if name not in ALL_METHODS]
        if unknown or not self.methods:
            raise ConfigError(f"wanted methods among {', '.join(ALL_METHODS)}, got {unknown or 'none'}")
        if self.folds < 2 or self.seeds < 1 or self.windows < 1 or not 0 < self.prototype_share <= 1:
            raise ConfigError(
                "wanted 2 folds, a seed, a window or more and a prototype share in (0, 1], "
                f"got {self.folds}, {self.seeds}, {self.windows}, {self.prototype_share}"
            )
        if both := sorted({*self.across} & {*self.sets}):
            raise ConfigError(
                f"wanted other sets to test on than to learn from, got {both} in both; name --sets, too"
            )
        for what, only, count in (
            ("folds", self.only_folds, self.folds),
            ("seeds", self.only_seeds, self.seeds),
        ):
            if not all(0 <= number < count for number in only):
                raise ConfigError(f"wanted {what} 0 to {count - 1}, got {only}")
