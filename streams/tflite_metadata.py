"""The image normalisation a MediaPipe task wants to read from inside a TFLite model.

A TFLite model is a flatbuffer; its metadata is another flatbuffer, stored as one of the model's
buffers and named in its metadata table. Offsets in a flatbuffer only point forward, so a new
root can be put in front of an existing model and refer to everything in it: the model's own
bytes, and with them the alignment of its weights, stay as they are. The field names and numbers
come from MediaPipe's copies of both schemas.
"""

import struct
from collections.abc import Callable
from typing import Any

import flatbuffers
from flatbuffers.table import Table
from mediapipe.tasks.metadata import metadata_schema_py_generated as metadata_schema
from mediapipe.tasks.metadata import schema_py_generated as model_schema

from streams.skeleton.errors import ModelFileError

_NAME = "TFLITE_METADATA"
_MODEL_ID, _METADATA_ID = b"TFL3", b"M001"
_ALIGNMENT = 16
_BUFFERS, _METADATA = 4, 6
# Fields of the root that are taken over as they are, by their number in the schema.
_KEPT: dict[int, Callable[[Any, int], None]] = {
    1: model_schema.ModelAddOperatorCodes,
    2: model_schema.ModelAddSubgraphs,
    3: model_schema.ModelAddDescription,
    5: model_schema.ModelAddMetadataBuffer,
    7: model_schema.ModelAddSignatureDefs,
}


def with_normalization(model: bytes, *, mean: float, std: float) -> bytes:
    """The model with metadata that says ``(pixel - mean) / std`` is its input; the same bytes each time.

    Args:
        model: A TFLite model without metadata, one image as input.
        mean: Subtracted from each colour value of 0 to 255.
        std: Divides the difference.

    Raises:
        ModelFileError: Not a TFLite model, or one that has metadata already.
    """
    if len(model) < 8 or model[4:8] != _MODEL_ID:
        raise ModelFileError(
            f"wanted a TFLite model, got {len(model)} bytes beginning {model[:8]!r}; "
            "take the file from an intact package"
        )
    base = model + bytes(-len(model) % _ALIGNMENT)
    root = Table(base, struct.unpack_from("<I", base)[0])
    fields: Any = model_schema.Model.GetRootAs(base, 0)
    names = [fields.Metadata(i).Name() for i in range(fields.MetadataLength())]
    if _NAME.encode() in names:
        raise ModelFileError("wanted a model without metadata, got one that has it; use it as it is")

    builder = flatbuffers.Builder(len(base) + 64 * 1024)
    builder.Prep(_ALIGNMENT, 0)
    builder.CreateByteVector(base)
    # The base was written first, so it ends the file, and the builder counts from the end.
    buffers = [len(base) - p for p in _elements(root, _BUFFERS)]
    buffers.append(_buffer(builder, _normalization(mean, std)))
    entries = [len(base) - p for p in _elements(root, _METADATA)]
    entries.append(_entry(builder, buffer=len(buffers) - 1))
    buffers_at, entries_at = _vector(builder, buffers), _vector(builder, entries)
    model_schema.ModelStart(builder)
    model_schema.ModelAddVersion(builder, fields.Version())
    for field, add in _KEPT.items():
        if offset := root.Offset(4 + 2 * field):
            add(builder, len(base) - root.Indirect(root.Pos + offset))
    model_schema.ModelAddBuffers(builder, buffers_at)
    model_schema.ModelAddMetadata(builder, entries_at)
    builder.Finish(model_schema.ModelEnd(builder), _MODEL_ID)
    return bytes(builder.Output())


def _elements(root: Table, field: int) -> list[int]:
    """Positions of the tables in a vector field; none without the field."""
    offset = root.Offset(4 + 2 * field)
    if not offset:
        return []
    start = root.Vector(offset)
    return [root.Indirect(start + 4 * i) for i in range(root.VectorLen(offset))]


def _buffer(builder: flatbuffers.Builder, data: bytes) -> int:
    content = builder.CreateByteVector(data)
    model_schema.BufferStart(builder)
    model_schema.BufferAddData(builder, content)
    return model_schema.BufferEnd(builder)


def _entry(builder: flatbuffers.Builder, *, buffer: int) -> int:
    name = builder.CreateString(_NAME)
    model_schema.MetadataStart(builder)
    model_schema.MetadataAddName(builder, name)
    model_schema.MetadataAddBuffer(builder, buffer)
    return model_schema.MetadataEnd(builder)


def _vector(builder: flatbuffers.Builder, offsets: list[int]) -> int:
    builder.StartVector(4, len(offsets), 4)
    for offset in reversed(offsets):
        builder.PrependUOffsetTRelative(offset)
    return builder.EndVector()


def _normalization(mean: float, std: float) -> bytes:
    unit = metadata_schema.ProcessUnitT(
        optionsType=metadata_schema.ProcessUnitOptions.NormalizationOptions,
        options=metadata_schema.NormalizationOptionsT(mean=[mean], std=[std]),
    )
    image = metadata_schema.TensorMetadataT(processUnits=[unit])
    metadata = metadata_schema.ModelMetadataT(
        subgraphMetadata=[metadata_schema.SubGraphMetadataT(inputTensorMetadata=[image])],
        minParserVersion="1.0.0",
    )
    builder = flatbuffers.Builder(0)
    builder.Finish(metadata.Pack(builder), _METADATA_ID)
    return bytes(builder.Output())
