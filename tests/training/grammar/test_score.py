import pytest

from streams.skeleton.errors import DataError
from training.grammar.score import read_scores

SCORE = """
# nod off
uses   arms, one side
say    ~nod off; *~rest
       {w:hand}
both   ~doze
part   {hand} ~hang
unlike wave
swap   up/down
do     .5+.2 hand @up, head .4 0 0 | 2-3x [ .1 head 0 0 0 | .2 head .4 0 0 ] | .3 hand .1 0 0 | stay .4
do     1 head .5 0 0
"""


def test_a_score_reads_as_written(tmp_path):
    (tmp_path / "a.txt").write_text(SCORE)
    (nod,) = read_scores(tmp_path)
    assert nod.key == "nod off"
    assert nod.phrases == ("~nod off", "~rest {w:hand}")
    assert nod.broad == {"~rest {w:hand}"}
    assert nod.sides == ("left", "right", "both")
    assert nod.part == "arms"
    assert nod.swaps == (("up", "down"),)
    first, second = nod.moves
    assert (first.start[0].seconds, first.start[0].hold_s) == (0.5, 0.2)
    assert first.start[0].aims["hand"] == (0.12, 0.97, 0.12)
    assert first.reps == (2, 3)
    assert [s.seconds for s in first.loop] == [0.1, 0.2]
    assert first.end[0].aims == {"hand": (0.1, 0.0, 0.0)}
    assert first.stay == 0.4
    assert second.start[0].aims == {"head": (0.5, 0.0, 0.0)}
    assert second.loop == ()


@pytest.mark.parametrize(
    "bad", ["# x\ndo .5 hand 1 2 3\n", "# x\nsay x\ndo half a second\n", "# x\nuses tail\nsay x\n"]
)
def test_an_unreadable_score_names_file_and_primitive(tmp_path, bad):
    (tmp_path / "broken.txt").write_text(bad)
    with pytest.raises(DataError, match=r"broken\.txt.*'x'"):
        read_scores(tmp_path)
