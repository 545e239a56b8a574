"""Constants of a bank whose data are known."""

import json

import numpy as np
import pytest

from tests.training.test_stream_eval import drawn
from training.bank_calibration import Seen, calibrate_bank, fit_gamma
from training.bank_constants import fit_bank


def test_the_manifest_gets_constants_and_an_account_of_them():
    data, other = drawn(0, each=40), drawn(1)
    seen = Seen(other.events, other.classes, other.truth)
    constants, account = calibrate_bank(
        data.events, data.classes, data.truth, temperature=0.1, unknown_cosine=0.3, seen=seen
    )
    assert constants.within == fit_bank(data.events, data.classes, data.truth).within
    # Means lie between their texts, at a cosine of some 0.7 to what they are, and the classes.
    assert 0.6 < constants.least_cosine < 1.0
    assert account["kappa0"] == pytest.approx(constants.within / constants.text_error)
    assert json.loads(json.dumps(account)) == account
    assert set(account) == {"kappa0", "raw", "corrected", "gzsl_gamma"}


def test_what_the_stream_is_off_by_is_what_its_labels_are_wrong_by():
    data = drawn(2, each=60)
    right = fit_bank(data.events, data.classes, data.truth).stream_error
    swapped = data.classes[[1, 0, 2, 3, 4]]
    wrong = fit_bank(data.events, swapped, data.truth).stream_error
    assert right < 0.1 < wrong


def test_gamma_makes_up_for_scores_that_seen_classes_have_too_much_of():
    new, old = drawn(3), drawn(4)
    # Seen classes' texts are their means: every cosine of theirs is high.
    means = np.stack([old.events[old.truth == k].mean(axis=0) for k in range(5)])
    texts = (means / np.linalg.norm(means, axis=-1, keepdims=True)).astype(np.float32)
    gamma = fit_gamma(new.events, new.classes, new.truth, seen=Seen(old.events, texts, old.truth))
    assert -0.5 < gamma < 0.5
    mirrored = fit_gamma(old.events, texts, old.truth, seen=Seen(new.events, new.classes, new.truth))
    assert gamma > mirrored
