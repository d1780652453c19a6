"""Neural networks from ONNX bytes, on onnxruntime: the only door to it.

One thread, so that it works in a child that can start none; from bytes that were read and checked before.
"""

from __future__ import annotations

from typing import Any

from bot.advice import install_extra
from bot.errors import GifwardenError


def runtime(error: type[GifwardenError]) -> Any:
    """Return the module onnxruntime. Raises `error` if it is not installed or does not load."""
    try:
        import onnxruntime  # only where a model needs it: it comes with an extra
    except ImportError as reason:
        raise error(f"onnxruntime cannot be loaded ({reason}); {install_extra('onnx')}") from None
    return onnxruntime


def session(data: bytes, name: str, error: type[GifwardenError]) -> Any:
    """Return a network, ready to run; `name` is what people call it. Raises `error` if it does not run here."""
    module = runtime(error)
    options = module.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return module.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception as reason:  # noqa: BLE001  onnxruntime's errors have no common base but this
        raise error(f"{name} is no ONNX model that runs here ({type(reason).__name__})") from None
