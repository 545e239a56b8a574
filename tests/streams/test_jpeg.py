import contextlib

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.jpeg import MAX_SIDE, jpeg, picture_in
from streams.skeleton.errors import InputError


def test_a_picture_comes_back_with_its_colours_and_sides() -> None:
    rgb = np.zeros((48, 64, 3), np.uint8)
    rgb[:, :32, 0] = 255
    found = picture_in(jpeg(rgb, quality=95))
    assert found.shape == (48, 64, 3)
    np.testing.assert_allclose(found[24, 8], [255, 0, 0], atol=12)
    np.testing.assert_allclose(found[24, 56], [0, 0, 0], atol=12)


def test_what_promises_too_much_is_never_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    encoded = bytearray(jpeg(np.zeros((48, 64, 3), np.uint8)))
    at = encoded.index(b"\xff\xc0") + 5
    encoded[at : at + 4] = b"\xff\xff\xff\xff"
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("decoded"))
    with pytest.raises(InputError, match=f"up to {MAX_SIDE} pixels a side, got one of 65535 x 65535"):
        picture_in(bytes(encoded))


@pytest.mark.parametrize("noise", [b"", b"\x89PNG\r\n", b"\xff\xd8\xff\xd9", b"\xff\xd8" + b"\xff" * 40])
def test_what_is_no_jpeg_is_refused(noise: bytes) -> None:
    with pytest.raises(InputError, match="got no JPEG"):
        picture_in(noise)


@given(st.integers(4, 600), st.binary(min_size=1, max_size=9))
def test_damage_is_refused_or_read(at: int, piece: bytes) -> None:
    encoded = jpeg(np.full((32, 32, 3), 90, np.uint8))
    damaged = encoded[: at % len(encoded)] + piece + encoded[at % len(encoded) + 3 :]
    with contextlib.suppress(InputError):
        assert picture_in(damaged).ndim == 3
