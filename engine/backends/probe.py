"""Windows to try backends on: the same on every machine, made of the kinematic body."""

import itertools

import numpy as np
from numpy.typing import NDArray

from engine.bundle import Manifest
from streams.skeleton.body import LEFT, RIGHT, at_sensor, positions_of
from streams.skeleton.motions import perform
from streams.skeleton.normalize import normalize
from streams.sources.synthetic import ACTIONS


def probe_windows(manifest: Manifest) -> NDArray[np.float32]:
    """(N, 1, T, 25, 3) float32, normalised: each action of the synthetic person, the sides in turn.

    Args:
        manifest: Of the bundle; it fixes T, the time between frames and the normalisation.
    """
    spec = manifest.window
    windows: list[NDArray[np.float32]] = []
    for steps, side in zip(ACTIONS.values(), itertools.cycle((LEFT, RIGHT)), strict=False):
        pose = perform(steps, fps=spec.frames / spec.length_s, side=side)
        seen = at_sensor(positions_of(pose))[: spec.frames]
        held = np.concatenate([seen, np.repeat(seen[-1:], spec.frames - len(seen), axis=0)])
        windows.append(normalize(held, spec=manifest.normalization))
    return np.stack(windows)[:, None]
