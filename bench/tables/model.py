"""What the default bundle is."""

import json
from typing import Any

from engine.bundle import DEFAULT_BUNDLE


def model_table(everything: dict[str, Any]) -> str:
    """What the default bundle's manifest says of it."""
    del everything  # The bundle is part of the project, not a result.
    manifest = json.loads((DEFAULT_BUNDLE / "manifest.json").read_text("utf-8"))
    recipe, window = manifest["evaluation"]["recipe"], manifest["window"]
    encoder = {**recipe["encoder"]}
    sizes = {name: (DEFAULT_BUNDLE / name).stat().st_size / 1e6 for name in ("skeleton.onnx", "text.onnx")}
    rows = {
        "bundle": manifest["name"],
        "method": manifest["method"],
        "encoder": f"{encoder.pop('kind', 'st-gcn')}: {', '.join(f'{k} {v}' for k, v in encoder.items())}",
        "text encoder": f"{manifest['text_encoder']['id']}, frozen",
        "window": f"{window['frames']} frames over {window['length_s']} s, 25 joints",
        "size": ", ".join(f"{name} {size:.1f} MB" for name, size in sizes.items()),
        "trained on": "; ".join(manifest["data"]),
        "windows seen": f"{(recipe['stop'] or recipe['epochs']) * recipe['epoch_windows']:,}",
        "classes of recordings": str(len(manifest["seen_classes"])),
        "licence of the weights": manifest["licence"],
    }
    return "\n".join(["| | |", "|---|---|", *(f"| {what} | {said} |" for what, said in rows.items())])
