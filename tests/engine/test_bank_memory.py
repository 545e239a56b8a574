"""What was learnt comes back only where embeddings are the same."""

from dataclasses import replace

from engine.backends.onnxruntime import OnnxRuntimeBackend
from engine.backends.select import BACKENDS, open_backend
from engine.bank_memory import fingerprints
from engine.bundle import Bundle


def test_a_backend_in_float32_goes_on_from_any_other_in_float32(tiny_bundle: Bundle):
    own, *alike = fingerprints(tiny_bundle, open_backend(tiny_bundle))
    assert own == f"{tiny_bundle.fingerprint}/onnxruntime/float32"
    assert len({own, *alike}) == len([own, *alike]) == len(BACKENDS)


def test_one_in_another_precision_goes_on_from_itself_alone(tiny_bundle: Bundle):
    other = OnnxRuntimeBackend(tiny_bundle)
    other.name, other.precision = "openvino-bf16", "bfloat16"
    assert fingerprints(tiny_bundle, other) == (f"{tiny_bundle.fingerprint}/openvino-bf16/bfloat16",)


def test_another_bundle_is_another_fingerprint(tiny_bundle: Bundle):
    files = {**tiny_bundle.manifest.files, "skeleton.onnx": "f" * 64}
    other = replace(tiny_bundle, manifest=replace(tiny_bundle.manifest, files=files))
    backend = open_backend(tiny_bundle)
    assert not set(fingerprints(other, backend)) & set(fingerprints(tiny_bundle, backend))
