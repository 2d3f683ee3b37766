"""Run the network on a CPU by ONNX Runtime: one core per call, any number of calls in parallel."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnxruntime

from musimo.emotion.backend import NetworkOutput, concatenate_outputs
from musimo.emotion.onnx_graph import EMBEDDING, FRAMES, FUSED, HARMONY, RATINGS, TAGS, build_onnx_model
from musimo.emotion.space import other_weights
from musimo.emotion.weights import NetworkWeights
from musimo.errors import DeviceError, WeightsError
from musimo.records import FloatArray

SILENT = 4  # ONNX Runtime's log level "fatal": errors are raised, and users cannot act on its warnings

onnxruntime.set_default_logger_severity(SILENT)
onnxruntime.disable_telemetry_events()  # builds for Windows have some


class OnnxNetwork:
    """A `Network` on one core, so that the number of cores never changes a bit of the result.

    Raises
    ------
    WeightsError : the tensors do not fit the configuration in the weights file
    """

    device = "cpu"

    def __init__(self, weights: NetworkWeights) -> None:
        try:
            model = build_onnx_model(weights.card.config, weights.tensors)
        except ValueError as error:
            raise WeightsError(
                f"the tensors of {weights.model_id} do not fit its configuration: {error}", other_weights()
            ) from error
        self._outputs = [FUSED, RATINGS, EMBEDDING, *[TAGS] * (weights.card.config.n_tags > 0)]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = SILENT
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    def predict(self, frames: Sequence[FloatArray], harmony: FloatArray | None) -> NetworkOutput:
        """See `Network`. Inputs of one length are predicted at once, others one by one."""
        if len({len(clip) for clip in frames}) > 1:
            return concatenate_outputs(
                self.predict([clip], None if harmony is None else harmony[[i]])
                for i, clip in enumerate(frames)
            )
        inputs = {FRAMES: np.stack(frames)} | ({} if harmony is None else {HARMONY: harmony})
        try:
            fused, ratings, embedding, *tags = self._session.run(self._outputs, inputs)
        except Exception as error:  # ONNX Runtime's exceptions have no common class
            raise DeviceError(f"the device cpu failed: {error}") from error
        scores = tags[0] if tags else np.empty((len(frames), 0), np.float32)
        return NetworkOutput(fused, ratings, embedding, scores)
