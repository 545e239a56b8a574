"""What the anchored bank must know of an encoder; part of a bundle's calibration."""

from dataclasses import dataclass

from streams.skeleton.errors import ConfigError


@dataclass(frozen=True)
class BankConstants:
    """Scatter of embeddings and texts, measured on classes the encoder has never seen.

    Lengths are squared distances between unit rows, divided by P. The defaults are the mean of what
    was measured on the development set and on hidden folds of the open sets (docs/lab-log.md).
    """

    within: float = 0.17
    """w: of an observation from the mean of its class."""
    text_error: float = 0.70
    """V0: of the mean of a class from what its text predicts."""
    between: float = 0.83
    """B: of the mean of a class from the mean of all."""
    anchor: float = 0.36
    """Beta: length along its text at which the mean of a class is expected, (0, 1]."""
    stream_error: float = 0.5
    """b: of the mean of a class from the mean of all that its text labels, however much that is."""
    least_cosine: float = 0.2
    """Of the mean of a class with its text, after it has learnt by itself; below it something is wrong."""

    def __post_init__(self) -> None:
        """Refuse constants no encoder has.

        Raises:
            ConfigError: A constant out of its range.
        """
        scatter = (self.within, self.text_error, self.between, self.stream_error)
        sound = all(1e-6 <= value <= 4.0 for value in scatter) and 0.0 < self.anchor <= 1.0
        sound = sound and -1.0 <= self.least_cosine < 1.0
        if not sound:
            raise ConfigError(
                f"wanted scatter in (0, 4] and an anchor in (0, 1], got {self}; check the bundle's manifest"
            )
