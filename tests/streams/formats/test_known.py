"""What every form of file must do; the writers are in ``written``."""

from pathlib import Path

import numpy as np
import pytest

from streams.formats.known import FORMATS, HEAD_BYTES, beginning_as_text, format_of
from streams.formats.recording import Recording
from streams.skeleton.errors import SourceError
from tests.streams.formats.written import FORMS, MEASURED, Written, at

every_form = pytest.mark.parametrize("form", FORMS, ids=lambda form: form.kind)
ONE = ((0, 0.0),)


def read(path: Path, content: str | bytes) -> Recording:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    form = format_of(path.read_bytes()[:HEAD_BYTES])
    assert form is not None
    return form.read(path)


def test_every_form_has_a_writer() -> None:
    assert [form.kind for form in FORMS] == [form.kind for form in FORMATS]


@every_form
def test_a_file_is_known_by_its_content_alone(form: Written, tmp_path: Path) -> None:
    found = [f.kind for f in FORMATS if f.looks_like(form.text([ONE] * 3))]
    assert found == [form.kind]
    assert read(tmp_path / "a.bin", form.text([ONE] * 3)).kind == form.kind


@pytest.mark.parametrize(
    ("form", "bodies"),
    [(form, n) for form in FORMS for n in (0, 1, 2, 6) if form.least <= n <= form.most],
    ids=lambda value: getattr(value, "kind", str(value)),
)
def test_everybody_in_every_frame_is_read(form: Written, bodies: int, tmp_path: Path) -> None:
    people = tuple((identity, identity - 2.0) for identity in range(bodies))
    recording = read(tmp_path / "a", form.text([people] * 4))
    assert len(recording.persons) == len(recording.offsets_ns) == 4
    for persons in recording.persons:
        assert [p.track for p in persons] == list(range(bodies))
        for person, (_, place) in zip(persons, people, strict=True):
            wanted = at(place if form.most > 1 else 0.0)
            np.testing.assert_allclose(person.positions[MEASURED], wanted[MEASURED], atol=form.within_m)
            assert person.positions.dtype == person.confidence.dtype == np.float32
            assert (person.confidence == 1).all()


@pytest.mark.parametrize("form", [form for form in FORMS if form.most > 1], ids=lambda form: form.kind)
def test_somebody_who_enters_midway_is_another(form: Written, tmp_path: Path) -> None:
    two = ((0, -1.0), (1, 1.0))
    recording = read(tmp_path / "a", form.text([(), ONE, two, ((1, 1.0),)]))
    assert [[p.track for p in persons] for persons in recording.persons] == [[], [0], [0, 1], [1]]


@every_form
def test_times_go_up_from_nought(form: Written, tmp_path: Path) -> None:
    recording = read(tmp_path / "a", form.text([ONE] * 30))
    assert recording.offsets_ns[0] == 0
    np.testing.assert_allclose(np.diff(recording.offsets_ns) / 1e6, 33.333, atol=0.01)
    assert recording.timed or any("30 frames a second" in note for note in recording.notes)


@every_form
def test_line_ends_and_marks_of_other_systems_change_nothing(form: Written, tmp_path: Path) -> None:
    text = form.text([ONE] * 3)
    plain = read(tmp_path / "a", text)
    other = read(tmp_path / "b", b"\xef\xbb\xbf" + text.lstrip("\ufeff").replace("\n", "\r\n").encode())
    for one, two in zip(plain.persons, other.persons, strict=True):
        assert one[0].positions.tobytes() == two[0].positions.tobytes()


@every_form
def test_a_file_cut_off_anywhere_is_read_or_refused_with_its_name(form: Written, tmp_path: Path) -> None:
    text = form.text([ONE] * 3)
    path = tmp_path / "cut.txt"
    for length in range(1, len(text), max(1, len(text) // 97)):
        path.write_text(text[:length])
        found = format_of(text[:length].encode())
        if found is None:
            continue
        try:
            refused, frames = "", len(found.read(path).persons)
        except SourceError as error:
            refused, frames = str(error), 0
        assert frames <= 3
        assert not refused or "cut.txt" in refused


@every_form
def test_a_number_that_is_none_is_named_with_its_line(form: Written, tmp_path: Path) -> None:
    lines = form.text([ONE] * 3).split("\n")
    last = max(i for i, line in enumerate(lines) if "." in line)
    lines[last] = lines[last].replace(".", "x", 1)
    with pytest.raises(SourceError, match=rf"in line {last + 1} of .*damaged"):
        read(tmp_path / "damaged", "\n".join(lines))


def test_binary_and_other_text_have_no_form() -> None:
    assert beginning_as_text(b"\x00\x00\x00 ftypisom") is None
    assert beginning_as_text(b"\xff\xfe\x00\xd8") is None
    for content in (b"", b"hello", b"a,b\n1,2\n", b"12", b"1 2 3\n", "é".encode()[:1], b"[1]"):
        form = format_of(content)
        assert form is None or content == b"12"


@pytest.mark.shared
def test_every_real_table_is_read(shared: Path) -> None:
    kinds = {}
    for path in sorted((shared / "kinect").glob("*.csv")):
        form = format_of(path.read_bytes()[:HEAD_BYTES])
        assert form is not None
        recording = form.read(path)
        kinds[path.name] = form.kind
        assert all(len(persons) == 1 for persons in recording.persons)
        assert len(recording.persons) > 150
        assert recording.unit == "m"
    assert len(kinds) == 9
    assert sum(kind == "Azure Kinect table" for kind in kinds.values()) == 2
