import numpy as np
import pytest
from numpy.typing import NDArray

from engine.motion import motion_extent
from streams.skeleton.layouts import Joint
from training.calibrate import (
    best_share,
    entropy_shares,
    fit_idle,
    fit_temperature,
    fit_unknown,
    prototype_scores,
)


def unit(rows: NDArray[np.floating]) -> NDArray[np.float32]:
    return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("temperature", [0.03, 0.1])
def test_temperature_is_found_again(temperature: float) -> None:
    rng = np.random.default_rng(0)
    scores = rng.uniform(-0.2, 0.6, (20_000, 6))
    chance = np.exp(scores / temperature)
    chance /= chance.sum(axis=1, keepdims=True)
    truth = (chance.cumsum(axis=1) < rng.random((len(scores), 1))).sum(axis=1)
    assert fit_temperature(scores, truth) == pytest.approx(temperature, rel=0.1)


def test_threshold_parts_known_from_unknown() -> None:
    known, unknown = np.array([0.5, 0.6, 0.7, 0.2]), np.array([0.1, 0.3, 0.15])
    threshold, area = fit_unknown(known, unknown)
    assert threshold == 0.5  # keeps 3 of 4 and refuses all; 0.2 keeps all and refuses 2 of 3
    assert area == pytest.approx(11 / 12)


def slow_prototypes(
    embeddings: NDArray[np.float32], classes: NDArray[np.float32], share: float
) -> NDArray[np.float64]:
    """Eqs. 8 to 11 with loops, one part."""
    support: dict[int, list[tuple[float, int]]] = {k: [] for k in range(len(classes))}
    for i, row in enumerate(embeddings[:, 0]):
        cosines = [float(row @ c[0]) for c in classes]
        p = np.exp(cosines) / np.exp(cosines).sum()
        support[int(np.argmax(cosines))].append((float(-(p * np.log(p)).sum()), i))
    prototypes: list[NDArray[np.floating]] = []
    for k, members in support.items():
        chosen = [i for _, i in sorted(members)[: int(share * len(members))]]
        mean = np.mean([embeddings[i, 0] for i in chosen], axis=0) if chosen else classes[k, 0]
        prototypes.append(mean / np.linalg.norm(mean))
    return np.array([[row @ c for c in prototypes] for row in embeddings[:, 0]])


@pytest.mark.parametrize("share", [0.01, 0.4, 1.0])
def test_prototypes_are_what_the_equations_say(share: float) -> None:
    rng = np.random.default_rng(1)
    embeddings, classes = unit(rng.normal(size=(40, 1, 6))), unit(rng.normal(size=(5, 1, 6)))
    found = prototype_scores(embeddings, classes, share=share)
    np.testing.assert_allclose(found, slow_prototypes(embeddings, classes, share), atol=1e-5)


def test_prototypes_mend_a_biased_text() -> None:
    rng = np.random.default_rng(0)
    means = np.eye(3)
    truth = np.repeat(np.arange(3), 50)
    embeddings = unit(means[truth] + rng.normal(0, 0.25, (150, 3)))[:, None]
    texts = unit(means + np.array([3.0, 0.0, 0.0]))[:, None]
    text_only = (np.einsum("npd,kpd->nk", embeddings, texts).argmax(axis=1) == truth).mean()
    by_share = entropy_shares(embeddings, texts, truth)
    assert by_share[best_share(by_share)] == max(by_share.values()) > text_only


def test_of_equally_good_shares_the_larger_is_taken() -> None:
    assert best_share({0.4: 0.7, 0.8: 0.70001, 1.0: 0.6}) == 0.8


def test_idle_lies_below_nearly_every_action() -> None:
    still = np.zeros((48, 25, 3), np.float32)
    swing = np.sin(np.linspace(0, 6, 48, dtype=np.float32))
    windows = [still.copy() for _ in range(400)]
    for n, window in enumerate(windows):
        window[:, Joint.WRIST_LEFT, 0] = (0.1 + n / 1000) * swing
    sway = still.copy()
    sway[:, Joint.HEAD, 0] = 0.02 * swing
    limit = fit_idle(windows, [sway])
    assert motion_extent(sway) < limit < motion_extent(windows[0])
    assert limit == pytest.approx(np.sqrt(motion_extent(sway) * motion_extent(windows[2])), rel=0.02)
