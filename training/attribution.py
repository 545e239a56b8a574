"""Who made the motion data, and what their licences ask of weights trained on it."""

from dataclasses import dataclass

from streams.skeleton.errors import DataError


@dataclass(frozen=True)
class Attribution:
    """One data set's notice."""

    title: str
    licence: str
    notice: str


_CMU = Attribution(
    "CMU Graphics Lab Motion Capture Database",
    "free for all uses; the data itself may not be resold",
    "The data used in this project was obtained from mocap.cs.cmu.edu. "
    "The database was created with funding from NSF EIA-0196217.",
)
_UI_PRMD = Attribution(
    "UI-PRMD",
    "ODC Public Domain Dedication and License 1.0",
    'Vakanski, Jun, Paul, Baker, "A Data Set of Human Body Movements for Physical Rehabilitation '
    'Exercises", Data 3(1):2, 2018.',
)

ATTRIBUTIONS: dict[str, Attribution] = {
    "ui_prmd": _UI_PRMD,
    "ui_prmd_incorrect": _UI_PRMD,
    "berkeley_mhad": Attribution(
        "Berkeley MHAD",
        "free to use, modify and redistribute with this notice",
        'Ofli, Chaudhry, Kurillo, Vidal, Bajcsy, "Berkeley MHAD: A Comprehensive Multimodal Human '
        'Action Database", WACV 2013. (c) 2013 Regents of the University of California.',
    ),
    "accad": Attribution(
        "ACCAD motion capture",
        "CC BY 3.0",
        "Motion capture data by the Advanced Computing Center for the Arts and Design (ACCAD), "
        "The Ohio State University, CC BY 3.0; converted to joint positions.",
    ),
    "cmu_locomotion": _CMU,
    "cmu_iclone": _CMU,
    "cmu_dance": _CMU,
    "precog": Attribution("PRECOG 2016", "MIT License", "(c) 2016 David Jardim, MIT License."),
    "hdm05": Attribution(
        "HDM05",
        "CC BY-SA 3.0",
        'Mueller, Roeder, Clausen, Eberhardt, Krueger, Weber, "Documentation: Mocap Database HDM05", '
        "Universitaet Bonn CG-2007-2, 2007; converted to joint positions.",
    ),
}
"""Notices by file stem of the packed set."""

SHARE_ALIKE = frozenset({"hdm05"})
"""Sets whose licence would have to become the weights' own."""


def licences(sets: tuple[str, ...]) -> tuple[str, ...]:
    """One line per data set: its file stem, title and licence.

    Raises:
        DataError: A set's licence is unknown, or does not allow weights under this project's own.
    """
    for name in sets:
        if name not in ATTRIBUTIONS or name in SHARE_ALIKE:
            raise DataError(
                f"wanted data whose licence allows weights to be shipped, got {name!r}; "
                "leave it out of the run, or add its notice to training/attribution.py"
            )
    return tuple(f"{name}: {ATTRIBUTIONS[name].title}, {ATTRIBUTIONS[name].licence}" for name in sets)


def attribution_text(sets: tuple[str, ...]) -> str:
    """The text of ATTRIBUTION.md: every notice once."""
    used = dict.fromkeys(ATTRIBUTIONS[name] for name in sets)
    notices = "\n".join(f"* **{entry.title}** ({entry.licence}): {entry.notice}" for entry in used)
    return (
        "# Attribution\n\nThe weights in this folder were trained on joint positions derived from these "
        f"data sets. None of the data itself is included.\n\n{notices}\n"
    )
