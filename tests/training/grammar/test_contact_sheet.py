from pathlib import Path

import numpy as np

from training.grammar.contact_sheet import Sheet, draw_sheet


def test_a_sheet_has_a_strip_for_each_primitive_with_figures_in_every_cell():
    sheet = Sheet(Path("unused.png"), only=("wave", "bow", "squat"), figures=4, columns=2, cell_px=60)
    image = draw_sheet(sheet)
    assert image.shape == (2 * 74, 2 * 4 * 60, 3)
    for cell in range(4):
        assert (image[14:74, cell * 60 : (cell + 1) * 60] < 200).any()
    # The last strip of an odd number is blank.
    assert (image[74:, 240:] == 255).all()


def test_mixed_sheets_are_seeded():
    sheet = Sheet(Path("unused.png"), mixed=2, figures=3, columns=1, cell_px=40)
    np.testing.assert_array_equal(draw_sheet(sheet), draw_sheet(sheet))
