"""A motion grammar: endless synthetic motions, each with many true sentences.

    rng = np.random.default_rng(0)
    motion = sample_motion(rng)      positions, texts, negatives, key

``scores/*.txt`` hold the primitives, ``score`` reads them, ``drawing`` adds shapes and letters,
``playing`` performs them, ``sentences`` words them, ``composing`` puts it together.
"""

from training.grammar.composing import PRIMITIVES, GrammarMotion, mirrored, motion_of, sample_motion

__all__ = ["PRIMITIVES", "GrammarMotion", "mirrored", "motion_of", "sample_motion"]
