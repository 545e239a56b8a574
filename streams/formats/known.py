"""Which form a file of skeletons has, by its content."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from streams.formats.azure_csv import KIND as AZURE_CSV
from streams.formats.azure_csv import looks_like_azure_csv, read_azure_csv
from streams.formats.coco_csv import KIND as COCO_CSV
from streams.formats.coco_csv import looks_like_coco_csv, read_coco_csv
from streams.formats.k4abt_json import KIND as K4ABT_JSON
from streams.formats.k4abt_json import looks_like_k4abt_json, read_k4abt_json
from streams.formats.kinect_v2_csv import KIND as KINECT_V2_CSV
from streams.formats.kinect_v2_csv import looks_like_kinect_v2_csv, read_kinect_v2_csv
from streams.formats.ntu_skeleton import KIND as NTU_SKELETON
from streams.formats.ntu_skeleton import looks_like_ntu_skeleton, read_ntu_skeleton
from streams.formats.pku_skeleton import KIND as PKU_SKELETON
from streams.formats.pku_skeleton import looks_like_pku_skeleton, read_pku_skeleton
from streams.formats.recording import Recording

HEAD_BYTES = 65536


@dataclass(frozen=True)
class Format:
    """One form a file of skeletons may have."""

    kind: str
    """What it is, in words."""
    looks_like: Callable[[str], bool]
    """Whether a file that begins with this text has it."""
    read: Callable[[Path], Recording]
    """The file's content; raises ``SourceError`` where it is not as it should be."""


FORMATS = (
    Format(NTU_SKELETON, looks_like_ntu_skeleton, read_ntu_skeleton),
    Format(PKU_SKELETON, looks_like_pku_skeleton, read_pku_skeleton),
    Format(KINECT_V2_CSV, looks_like_kinect_v2_csv, read_kinect_v2_csv),
    Format(AZURE_CSV, looks_like_azure_csv, read_azure_csv),
    Format(COCO_CSV, looks_like_coco_csv, read_coco_csv),
    Format(K4ABT_JSON, looks_like_k4abt_json, read_k4abt_json),
)
"""In the order in which they are tried; no file looks like two of them."""


def beginning_as_text(beginning: bytes) -> str | None:
    """The first bytes of a file as text with plain newlines; None if they are none."""
    if b"\0" in beginning:
        return None
    try:
        # The last character may have been cut in two.
        text = beginning.decode("utf-8-sig", errors="strict" if len(beginning) < HEAD_BYTES else "ignore")
    except UnicodeDecodeError:
        return None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def format_of(beginning: bytes) -> Format | None:
    """The form of a file that begins with these bytes, ``HEAD_BYTES`` of them; None if it has none."""
    text = beginning_as_text(beginning)
    return None if text is None else next((f for f in FORMATS if f.looks_like(text)), None)
