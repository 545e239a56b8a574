import json
import struct

import numpy as np

from app import drawing
from streams.skeleton.layouts import NTU_25
from tests.app.fakes import STANDING


def test_every_bone_belongs_to_one_limb_of_its_side() -> None:
    limbs = drawing.limbs()
    assert sorted(bone for limb in limbs for bone in limb["bones"]) == sorted(NTU_25.bones)
    assert {(limb["kind"], limb["side"]) for limb in limbs} == {
        *(("arm", "left"), ("arm", "right"), ("leg", "left"), ("leg", "right")),
        *(("trunk", "middle"), ("head", "middle")),
    }
    for limb in limbs:
        if limb["side"] != "middle":
            assert all(limb["side"] in NTU_25.joints[child] for child, _ in limb["bones"])


def test_a_frame_unpacks_to_what_went_in() -> None:
    confidence = np.linspace(0, 1, 25, dtype=np.float32)
    points = (STANDING[:, :2] / 3).astype(np.float32)
    person = drawing.person(4, STANDING, confidence=confidence, points=points)
    packed = drawing.frame(9, [person], aspect=16 / 9, jpeg=b"\xff\xd8picture")
    (length,) = struct.unpack("<I", packed[:4])
    header = json.loads(packed[4 : 4 + length])
    assert (header["n"], header["aspect"]) == (9, 16 / 9)
    assert packed[4 + length :] == b"\xff\xd8picture"
    (seen,) = header["people"]
    assert seen["track"] == 4
    np.testing.assert_allclose(seen["joints"], STANDING, atol=5e-4)
    np.testing.assert_allclose(seen["points"], points, atol=5e-5)
    np.testing.assert_allclose(seen["confidence"], confidence, atol=5e-3)


def test_a_frame_without_anybody_or_picture() -> None:
    packed = drawing.frame(1, [], aspect=None, jpeg=None)
    assert json.loads(packed[4:]) == {"n": 1, "aspect": None, "people": []}
