import struct

import flatbuffers
import pytest
from mediapipe.tasks.metadata import metadata_schema_py_generated as metadata_schema
from mediapipe.tasks.metadata import schema_py_generated as schema

from streams.skeleton.errors import ModelFileError
from streams.tflite_metadata import with_normalization


def model(
    *, weights: bytes = bytes(range(200)), metadata_names: tuple[str, ...] = ("min_runtime_version",)
) -> bytes:
    """A small but complete TFLite model: one buffer of weights, one of metadata."""
    parts = schema.ModelT(
        version=3,
        description="a test",
        subgraphs=[schema.SubGraphT(inputs=[0], outputs=[0], name="main")],
        buffers=[schema.BufferT(), schema.BufferT(data=list(weights))],
        metadata=[schema.MetadataT(name=name, buffer=1) for name in metadata_names],
    )
    builder = flatbuffers.Builder(0)
    builder.Finish(parts.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def test_everything_else_is_as_before() -> None:
    before = schema.ModelT.InitFromPackedBuf(model())
    after = schema.ModelT.InitFromPackedBuf(with_normalization(model(), mean=0.0, std=255.0))
    assert (after.version, after.description) == (before.version, before.description)
    assert [g.name for g in after.subgraphs] == [b"main"]
    assert [e.name for e in after.metadata] == [b"min_runtime_version", b"TFLITE_METADATA"]
    assert bytes(after.buffers[1].data) == bytes(before.buffers[1].data)
    assert len(after.buffers) == 3


@pytest.mark.parametrize(("mean", "std"), [(0.0, 255.0), (127.5, 127.5)])
def test_the_normalisation_can_be_read_back(mean: float, std: float) -> None:
    after = schema.ModelT.InitFromPackedBuf(with_normalization(model(), mean=mean, std=std))
    content = bytes(after.buffers[after.metadata[-1].buffer].data)
    assert content[4:8] == b"M001"
    found = metadata_schema.ModelMetadataT.InitFromPackedBuf(content)
    (image,) = found.subgraphMetadata[0].inputTensorMetadata
    (unit,) = image.processUnits
    assert unit.optionsType == metadata_schema.ProcessUnitOptions.NormalizationOptions
    assert (list(unit.options.mean), list(unit.options.std)) == ([mean], [std])


@pytest.mark.parametrize("extra", range(0, 16, 4))
def test_the_models_bytes_stay_and_stay_aligned(extra: int) -> None:
    original = model(weights=bytes(100 + extra))
    changed = with_normalization(original, mean=0.0, std=255.0)
    assert changed.index(original) % 16 == 0
    assert changed == with_normalization(original, mean=0.0, std=255.0)
    assert struct.unpack_from("<I", changed)[0] < changed.index(original)


def test_a_model_without_any_metadata_gets_its_first() -> None:
    after = schema.ModelT.InitFromPackedBuf(
        with_normalization(model(metadata_names=()), mean=0.0, std=255.0)
    )
    assert [e.name for e in after.metadata] == [b"TFLITE_METADATA"]


def test_a_model_that_says_it_already_is_left_alone() -> None:
    with pytest.raises(ModelFileError, match="use it as it is"):
        with_normalization(model(metadata_names=("TFLITE_METADATA",)), mean=0.0, std=255.0)


@pytest.mark.parametrize("content", [b"", b"TFL3", b"\x00" * 64])
def test_what_is_no_model_is_refused(content: bytes) -> None:
    with pytest.raises(ModelFileError, match="wanted a TFLite model"):
        with_normalization(content, mean=0.0, std=255.0)
