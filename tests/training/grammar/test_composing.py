import re

import numpy as np
import pytest

from streams.skeleton.errors import InputError
from streams.skeleton.layouts import NTU_25, Joint
from streams.skeleton.normalize import normalize
from training.grammar import PRIMITIVES, composing, mirrored, motion_of, sample_motion
from training.grammar.drawing import drawings
from training.grammar.score import read_scores

DEEDS = [(key, side) for key, primitive in PRIMITIVES.items() for side in primitive.sides]


def same(a, b):
    return (a.texts, a.negatives, a.key, a.active) == (b.texts, b.negatives, b.key, b.active) and (
        np.array_equal(a.positions, b.positions)
    )


def bone_lengths(positions):
    return np.stack([np.linalg.norm(positions[:, a] - positions[:, b], axis=-1) for a, b in NTU_25.bones])


def test_no_two_primitives_share_a_key():
    assert len(PRIMITIVES) == len(read_scores()) + len(drawings())


def test_every_primitive_they_are_set_against_exists_and_is_another():
    for key, primitive in PRIMITIVES.items():
        assert set(primitive.unlike) <= set(PRIMITIVES) - {key}, key


@pytest.mark.parametrize(("key", "side"), DEEDS, ids=lambda v: v or "-")
def test_every_deed_is_a_possible_motion_with_words(key, side, monkeypatch):
    # Without a sensor's height the floor stays at y = 0.
    monkeypatch.setattr(composing, "at_sensor", lambda positions, **_: positions)
    motion = motion_of(key, side, np.random.default_rng(7))
    assert motion.positions.dtype == np.float32
    assert motion.positions.shape[1:] == (25, 3)
    assert np.isfinite(motion.positions).all()
    assert np.ptp(bone_lengths(motion.positions), axis=1).max() < 1e-4
    assert motion.positions[:, :, 1].min() > 0.0
    assert 20 <= len(motion.positions) <= 900
    assert 0 <= motion.active[0] < motion.active[1] <= len(motion.positions)
    assert np.linalg.norm(np.diff(motion.positions, axis=0), axis=-1).max() * 30 < 40.0
    assert len(motion.texts) >= 2
    for text in (*motion.texts, *motion.negatives):
        assert re.fullmatch(r"[A-Za-z0-9 ,'\-]+", text), text
    assert not set(motion.texts) & set(motion.negatives)


@pytest.mark.parametrize(("key", "side"), [d for d in DEEDS if d[1] in ("left", "right")])
def test_sentences_that_name_a_hand_name_the_acting_one(key, side):
    other = {"left": "right", "right": "left"}[side]
    rng = np.random.default_rng(3)
    for _ in range(3):
        for text in motion_of(key, side, rng).texts:
            if re.search(rf"\b{other}\b", text):
                # Whoever names the other side says what it does, and names the acting one too.
                assert re.search(rf"\b{side}\b", text) or "other" in text or _about_other(key), (key, text)


def _about_other(key):
    """Primitives whose words name the opposite side by design: swipes, crossed touches."""
    phrases = PRIMITIVES[key].phrases
    return any("{o}" in p or "{off:" in p for p in phrases)


@pytest.mark.parametrize("key", ["stand", "bow", "squat", "clap", "jump", "walk", "nod"])
def test_deeds_without_a_side_name_none(key):
    rng = np.random.default_rng(1)
    texts = {t for _ in range(10) for t in motion_of(key, "", rng).texts}
    assert not any(re.search(r"\b(left|right)\b", t) for t in texts)


@pytest.mark.parametrize(
    ("key", "side", "joint", "sign"),
    [
        ("raise arm", "left", Joint.HAND_LEFT, 1),
        ("raise arm", "right", Joint.HAND_RIGHT, 1),
        ("wave", "left", Joint.HAND_LEFT, 1),
        ("knee raise", "left", Joint.KNEE_LEFT, 1),
        ("kick forward", "right", Joint.FOOT_RIGHT, 1),
    ],
)
def test_the_named_limb_rises_more_than_its_partner(key, side, joint, sign):
    for seed in range(5):
        person = normalize(motion_of(key, side, np.random.default_rng(seed)).positions)
        partner = NTU_25.mirrored()[joint]
        rise = person[:, joint, 1].max() - person[0, joint, 1]
        other = person[:, partner, 1].max() - person[0, partner, 1]
        assert sign * (rise - other) > 0.05


@pytest.mark.parametrize("letter", "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
def test_every_letter_can_be_drawn_and_made_with_the_body(letter):
    named = [
        key
        for key, p in PRIMITIVES.items()
        if any(f"the letter {letter}" in phrase for phrase in (*p.phrases, *p.both))
    ]
    assert any(key.startswith("draw ") for key in named)
    assert any(not key.startswith("draw ") for key in named)


@pytest.mark.parametrize(
    "key", ["downward dog", "bird dog", "crawl bear", "crab walk", "mountain climbers"]
)
def test_hands_that_carry_the_body_reach_the_floor(key, monkeypatch):
    monkeypatch.setattr(composing, "at_sensor", lambda positions, **_: positions)
    for seed in range(6):
        motion = motion_of(key, PRIMITIVES[key].sides[0], np.random.default_rng(seed))
        hands = motion.positions[:, [Joint.HAND_TIP_LEFT, Joint.HAND_TIP_RIGHT], 1]
        assert hands.max(axis=1).min() < 0.3
        assert hands.min() < 0.18


@pytest.mark.parametrize(
    ("key", "joint", "axis"),
    [("lean", Joint.HEAD, 0), ("side step", Joint.SPINE_BASE, 0), ("point side", None, 0)],
)
def test_left_is_at_smaller_x_of_a_person_who_faces_the_sensor(key, joint, axis, monkeypatch):
    monkeypatch.setattr(composing, "at_sensor", lambda positions, **_: positions)
    for seed in range(5):
        for side, sign in (("left", -1), ("right", 1)):
            person = motion_of(key, side, np.random.default_rng(seed)).positions
            at = joint or {"left": Joint.HAND_LEFT, "right": Joint.HAND_RIGHT}[side]
            path = person[:, at, axis] - person[0, at, axis]
            assert sign * path[np.abs(path).argmax()] > 0.1


@pytest.mark.parametrize("key", ["walk", "run", "walk backward"])
def test_who_walks_gets_somewhere_without_jumping_back(key):
    for seed in range(5):
        motion = motion_of(key, "", np.random.default_rng(seed))
        root = motion.positions[:, Joint.SPINE_BASE]
        assert np.linalg.norm(root[-1] - root[0]) > 0.5
        assert np.linalg.norm(np.diff(root, axis=0), axis=-1).max() * 30 < 6.0


def test_the_same_seed_gives_the_same_motions_and_another_does_not():
    def run(seed):
        rng = np.random.default_rng(seed)
        return [sample_motion(rng) for _ in range(30)]

    first, again, other = run(5), run(5), run(6)
    assert all(same(a, b) for a, b in zip(first, again, strict=True))
    assert not any(same(a, b) for a, b in zip(first, other, strict=True))


def test_sampling_meets_single_simultaneous_and_successive_deeds():
    rng = np.random.default_rng(0)
    keys = [sample_motion(rng).key for _ in range(300)]
    at_once = [k for k in keys if "+" in k]
    in_turn = [k for k in keys if ">" in k]
    assert 20 <= len(at_once) <= 80
    assert 8 <= len(in_turn) <= 50
    assert len(set(keys)) > 200


def test_successive_deeds_follow_without_a_jump_and_in_the_order_told():
    rng = np.random.default_rng(2)
    found = [m for m in (sample_motion(rng) for _ in range(400)) if ">" in m.key]
    for motion in found:
        assert np.linalg.norm(np.diff(motion.positions[:, Joint.SPINE_BASE], axis=0), axis=-1).max() < 0.25
        assert motion.texts[0].count(" then ") >= 1


def test_a_mirror_swaps_joints_sides_and_words():
    motion = motion_of("wave", "left", np.random.default_rng(0))
    seen = mirrored(motion)
    assert seen.key == "wave/right"
    assert any("right" in t for t in seen.texts)
    assert not any("left" in t for t in seen.texts)
    np.testing.assert_array_equal(
        seen.positions[:, Joint.HAND_RIGHT, 1], motion.positions[:, Joint.HAND_LEFT, 1]
    )
    np.testing.assert_array_equal(
        seen.positions[:, Joint.HAND_RIGHT, 0], -motion.positions[:, Joint.HAND_LEFT, 0]
    )
    assert same(mirrored(seen), motion)


def test_letters_that_read_backwards_refuse_the_mirror():
    with pytest.raises(InputError, match="mirrored"):
        mirrored(motion_of("draw R", "left", np.random.default_rng(0)))
    assert mirrored(motion_of("draw A", "left", np.random.default_rng(0))).key == "draw A/right"


def test_different_primitives_move_differently():
    """Drawn from one seed, no two primitives give the same path of hands, feet and head."""
    joints = [Joint.HAND_LEFT, Joint.HAND_RIGHT, Joint.FOOT_LEFT, Joint.FOOT_RIGHT, Joint.HEAD]
    prints = {}
    for key, primitive in PRIMITIVES.items():
        person = normalize(motion_of(key, primitive.sides[0], np.random.default_rng(11)).positions)
        frames = np.linspace(0, len(person) - 1, 12).astype(int)
        prints[key] = person[frames][:, joints].ravel()
    table = np.stack(list(prints.values()))
    apart = np.linalg.norm(table[:, None] - table[None], axis=-1)
    np.fill_diagonal(apart, np.inf)
    assert apart.min() > 0.05


@pytest.mark.parametrize(("key", "side"), [("fly to the moon", ""), ("wave", ""), ("bow", "left")])
def test_unknown_deeds_are_refused(key, side):
    with pytest.raises(InputError, match="wanted a primitive"):
        motion_of(key, side, np.random.default_rng(0))
