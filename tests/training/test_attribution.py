import pytest

from streams.skeleton.errors import DataError
from training.attribution import ATTRIBUTIONS, attribution_text, licences
from training.config import OPEN_SETS


def test_every_set_trained_on_by_default_has_a_notice() -> None:
    lines = licences(OPEN_SETS)
    assert len(lines) == len(OPEN_SETS)
    text = attribution_text(OPEN_SETS)
    for name in OPEN_SETS:
        assert ATTRIBUTIONS[name].notice in text
    assert text.count("mocap.cs.cmu.edu") == 1  # three sets, one notice


@pytest.mark.parametrize("name", ["hdm05", "kinder_gator", "found_on_the_net"])
def test_data_that_forbids_it_never_gets_into_a_bundle(name: str) -> None:
    with pytest.raises(DataError, match=name):
        licences(("accad", name))
