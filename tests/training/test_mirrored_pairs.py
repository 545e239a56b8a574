from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from streams.skeleton.layouts import Joint
from streams.skeleton.window import WindowSpec
from training.mirrored_pairs import mirrored_pairs


def reach(positions: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N, 1, 2): how far the left and the right limbs travel."""
    ends = positions[:, 0][
        :, :, [[Joint.WRIST_LEFT, Joint.ANKLE_LEFT], [Joint.WRIST_RIGHT, Joint.ANKLE_RIGHT]]
    ]
    travelled = ends.std(axis=1).sum(axis=(2, 3))
    return (travelled / np.linalg.norm(travelled, axis=1, keepdims=True)).astype(np.float32)[:, None]


def said(texts: Sequence[str]) -> NDArray[np.float32]:
    """(N, 1, 2): which side a sentence names first."""
    rows = []
    for text in texts:
        places = [text.lower().find(side) for side in ("left", "right")]
        first = 0 if places[1] < 0 or 0 <= places[0] < places[1] else 1
        rows.append(np.eye(2)[first])
    return np.array(rows, np.float32)[:, None]


def test_an_encoder_that_sees_which_side_moves_tells_most_pairs() -> None:
    assert mirrored_pairs(reach, said, spec=WindowSpec(), most=60) > 0.75


def test_one_that_sees_it_the_wrong_way_round_tells_few() -> None:
    assert mirrored_pairs(lambda x: reach(x)[..., ::-1], said, spec=WindowSpec(), most=60) < 0.25
