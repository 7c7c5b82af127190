"""onnxruntime: inference with the layer's ONNX export."""

from __future__ import annotations

import importlib
import tempfile
from pathlib import Path
from typing import Any

from fenas_lang.bench.problem import Candidate, Problem, Unavailable, Values
from fenas_lang.diagnostics import FenError

ONLY_ERRORS = 3


def candidate(problem: Problem) -> Candidate:
    """A session over the exported layer; there is no training.  Raises Unavailable."""
    session = _session(_runtime(), problem)
    given = {session.get_inputs()[0].name: problem.x.numpy()}
    wanted = [session.get_outputs()[0].name]

    def inference() -> Values:
        values: Values = session.run(wanted, given)
        return values

    return Candidate("onnxruntime", inference)


def _runtime() -> Any:
    try:
        return importlib.import_module("onnxruntime")
    except ImportError as error:
        raise Unavailable(f"{error.name or 'onnxruntime'} is not installed") from error


def _session(runtime: Any, problem: Problem) -> Any:
    options = runtime.SessionOptions()
    options.intra_op_num_threads = problem.settings.threads
    options.log_severity_level = ONLY_ERRORS
    return runtime.InferenceSession(_exported(problem), options, ["CPUExecutionProvider"])


def _exported(problem: Problem) -> bytes:
    layer: Any = problem.layer()
    if not hasattr(layer, "to_onnx"):
        raise Unavailable("layers of this version have no ONNX export")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "layer.onnx")
        try:
            layer.to_onnx(path)
        except FenError as error:
            raise Unavailable(error.diagnostics[0].message) from error
        return path.read_bytes()
