"""The network on a CPU, by ONNX Runtime: one core a call, and any number of calls at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnxruntime

from musimo.emotion.graph import EMBEDDING, FRAMES, FUSED, HARMONY, RATINGS, onnx_model
from musimo.emotion.outputs import Answers, joined
from musimo.emotion.space import OTHER_WEIGHTS
from musimo.emotion.weights import NetworkWeights
from musimo.errors import DeviceError, WeightsError
from musimo.records import FloatArray

SILENT = 4  # level of ONNX Runtime's log: what fails is raised, what it warns of is nothing a user can mend

onnxruntime.set_default_logger_severity(SILENT)
onnxruntime.disable_telemetry_events()  # builds for Windows have some


class CpuNetwork:
    """A network that answers on one core: a core more or less must not change a bit of an answer.

    Raises
    ------
    WeightsError : the tensors are not those of the network that the card describes
    """

    device = "cpu"

    def __init__(self, weights: NetworkWeights) -> None:
        try:
            model = onnx_model(weights.card.config, weights.tensors)
        except ValueError as error:
            raise WeightsError(
                f"{weights.model_id} does not hold the network it describes: {error}", OTHER_WEIGHTS
            ) from error
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = SILENT
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    def answer(self, frames: Sequence[FloatArray], harmony: FloatArray | None) -> Answers:
        """Clips of one length at once, which saves time; others one by one. See `Network`."""
        if len({len(clip) for clip in frames}) > 1:
            return joined(
                self.answer([clip], None if harmony is None else harmony[[i]])
                for i, clip in enumerate(frames)
            )
        given = {FRAMES: np.stack(frames)} | ({} if harmony is None else {HARMONY: harmony})
        try:
            return Answers(*self._session.run([FUSED, RATINGS, EMBEDDING], given))
        except Exception as error:  # those of ONNX Runtime have no class in common
            raise DeviceError(f"the device cpu failed: {error}") from error
