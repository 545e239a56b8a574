"""Whether there is an NVIDIA GPU, asked of the driver alone: no large library is loaded for it."""

import ctypes
import sys

from streams.skeleton.errors import BackendUnavailableError

_DRIVER = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"


def require_gpu() -> None:
    """Return if the driver has a GPU to use.

    Raises:
        BackendUnavailableError: There is no driver, it does not start, or it has no GPU.
    """
    try:
        driver = ctypes.CDLL(_DRIVER)
    except OSError:
        raise BackendUnavailableError(
            f"wanted an NVIDIA GPU, found no driver ({_DRIVER}); it runs on the processor"
        ) from None
    count = ctypes.c_int(0)
    failed = driver.cuInit(0) or driver.cuDeviceGetCount(ctypes.byref(count))
    if failed or count.value < 1:
        raise BackendUnavailableError(
            f"wanted an NVIDIA GPU, got error {failed} and {count.value} devices from the driver; "
            "look at nvidia-smi"
        )
