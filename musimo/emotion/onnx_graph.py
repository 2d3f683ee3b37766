"""Build MASE-Net as an ONNX graph, for CPUs: the network of :mod:`musimo.emotion.mase_net` without torch.

ONNX Runtime starts in a tenth of the time that importing torch takes, and predicts a window in two thirds of
the time. The graph is built from a weights file when that is opened, because ``torch.onnx`` would need torch;
a test compares it with the network in torch. It omits what only training needs: dropout, and masks, because
on a CPU only windows of one length share a batch. A batch norm behind a convolution is folded into its
weights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from musimo.emotion.config import BATCH_NORM_EPS, LAYER_NORM_EPS, MAX_SDS, MaseNetConfig
from musimo.records import FloatArray

OPSET = 17  # the first with LayerNormalization
IR_VERSION = 8  # of the same release of ONNX
CHANNELS = 16  # ONNX Runtime's fast convolutions need multiples: a register of AVX-512, two of AVX2

FRAMES, HARMONY = "frames", "harmony"  # inputs
FUSED, RATINGS, EMBEDDING, TAGS = "fused", "ratings", "embedding", "tags"  # outputs


def build_onnx_model(config: MaseNetConfig, tensors: Mapping[str, FloatArray]) -> bytes:
    """Return the network as a serialized ONNX model.

    Inputs are ``frames`` [shape=(B, T, n_features)], normalized, and ``harmony`` [shape=(B, n_harmony)] if
    the network uses it; outputs are ``fused`` [shape=(B, fused_width)], ``ratings`` [shape=(B, 2)], on the
    1-9 scale, and ``embedding`` [shape=(B, 256)], as of :class:`musimo.emotion.mase_net.MaseNet`; and
    ``tags`` [shape=(B, n_tags)], scores 0..1, if it hears any.

    Parameters
    ----------
    config : sizes and variants of the network
    tensors : weights, by their names in torch

    Raises
    ------
    ValueError : a tensor is missing, has a wrong shape, or is not part of the network
    """
    graph = _Graph(tensors)
    fused = _fuse(graph, config)
    shared, n_shared = _with_harmony(graph, config, fused)
    ratings, embedding = _rate(graph, config, shared, n_shared)
    outputs = {fused: FUSED, ratings: RATINGS, embedding: EMBEDDING}
    if config.n_tags:
        outputs[_score_tags(graph, config, shared, n_shared)] = TAGS
    inputs: dict[str, tuple[str | int, ...]] = {FRAMES: ("batch", "time", config.n_features)}
    if config.n_harmony:
        inputs[HARMONY] = ("batch", config.n_harmony)
    return graph.model(inputs, outputs)


class _Graph:
    """Nodes and constants of a graph under construction. Values are numbered in order of creation."""

    def __init__(self, tensors: Mapping[str, FloatArray]) -> None:
        self._tensors = dict(tensors)
        self._nodes: list[Any] = []
        self._constants: list[Any] = []

    def take(self, name: str, *shape: int) -> FloatArray:
        """Take a tensor of the network out, checking its shape."""
        tensor = self._tensors.pop(name, None)
        if tensor is None or tensor.shape != shape:
            found = "it is missing" if tensor is None else f"it is {tensor.shape}"
            raise ValueError(f"{name} should be {shape}, and {found}")
        return tensor

    def constant(self, array: NDArray[Any]) -> str:
        """Add a constant; return its name."""
        name = f"constant{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def node(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Add a node; return the name of its output."""
        name = f"value{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, inputs, [name], **attributes))
        return name

    def convolution(self, x: str, kernel: FloatArray, *bias: FloatArray) -> str:
        """Convolve with a kernel [shape=(n_out, n_in, size)], "same": (B, n_in, 1, T) -> (B, n_out, 1, T)."""
        sides = kernel.shape[2] // 2
        constants = [self.constant(kernel[:, :, None]), *map(self.constant, bias)]
        return self.node("Conv", x, *constants, pads=[0, sides, 0, sides])

    def linear(self, x: str, layer: str, n_in: int, n_out: int, factor: float = 1.0) -> str:
        """Apply a linear layer to the last axis of ``x``, and multiply by ``factor``."""
        weight, bias = self.take(f"{layer}.weight", n_out, n_in), self.take(f"{layer}.bias", n_out)
        product = self.node("MatMul", x, self.constant(weight.T * np.float32(factor)))
        return self.node("Add", product, self.constant(bias * np.float32(factor)))

    def layer_norm(self, x: str, layer: str, n: int) -> str:
        """Apply layer norm to the last axis."""
        weight, bias = (self.constant(self.take(f"{layer}.{part}", n)) for part in ("weight", "bias"))
        return self.node("LayerNormalization", x, weight, bias, axis=-1, epsilon=LAYER_NORM_EPS)

    def batch_norm(self, layer: str, n: int) -> tuple[FloatArray, FloatArray]:
        """Return scale and shift of a batch norm in evaluation mode [shape=(n,)]."""
        weight, bias, mean, variance = (
            self.take(f"{layer}.{part}", n) for part in ("weight", "bias", "running_mean", "running_var")
        )
        scale = weight / np.sqrt(variance + np.float32(BATCH_NORM_EPS))
        return scale, bias - mean * scale

    def model(self, inputs: Mapping[str, Sequence[str | int]], outputs: Mapping[str, str]) -> bytes:
        """Serialize the model; ``inputs`` maps names to shapes, ``outputs`` values to names."""
        if self._tensors:
            raise ValueError(f"{min(self._tensors)} is not part of it")
        for value, name in outputs.items():
            self._nodes.append(helper.make_node("Identity", [value], [name]))
        graph = helper.make_graph(
            self._nodes,
            "mase_net",
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in inputs.items()],
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs.values()],
            self._constants,
        )
        opsets = [helper.make_opsetid("", OPSET)]
        model: bytes = helper.make_model(
            graph, opset_imports=opsets, ir_version=IR_VERSION
        ).SerializeToString()
        return model


def _fuse(graph: _Graph, config: MaseNetConfig) -> str:
    """Add all layers up to the six pooled vectors: (B, fused_width)."""
    n_in, n_zero = config.n_features, -config.n_features % CHANNELS
    padding = graph.constant(np.array([0, 0, 0, 0, 0, n_zero], np.int64))
    x = graph.node("Transpose", graph.node("Pad", FRAMES, padding), perm=[0, 2, 1])
    x = graph.node("Unsqueeze", x, graph.constant(np.array([2], np.int64)))  # (B, C, 1, T)
    for i, width in enumerate(config.widths):
        x, n_in, n_zero = _block(graph, config, i, x, n_in, n_zero), width, 0
    x = graph.node("Squeeze", x, graph.constant(np.array([2], np.int64)))  # (B, C, T)
    steps = graph.node("Transpose", x, perm=[2, 0, 1])  # (T, B, C), as ONNX's LSTM takes it
    for name, n_units in zip(("lstm1", "lstm2"), config.lstm_units, strict=True):
        steps, n_in = _bilstm(graph, name, steps, n_in, n_units), 2 * n_units
    recurrent = graph.node("Transpose", steps, perm=[1, 0, 2])  # (B, T, C)
    attended = _attention(graph, config, recurrent, n_in)
    pooled = [
        graph.node(pool, sequence, axes=[time], keepdims=0)
        for sequence, time in ((x, 2), (recurrent, 1), (attended, 1))
        for pool in ("ReduceMean", "ReduceMax")
    ]
    return graph.node("Concat", *pooled, axis=1)


def _block(graph: _Graph, config: MaseNetConfig, i: int, x: str, n_in: int, n_zero: int) -> str:
    """(B, n_in + n_zero, 1, T) -> (B, width, 1, T // pool); the last ``n_zero`` channels are zero."""
    width, block = config.widths[i], f"blocks.{i}"
    padding = (0, 0), (0, n_zero), (0, 0)
    n = width // len(config.kernel_sizes)
    scale, shift = graph.batch_norm(f"{block}.norm", width)
    branches = []
    for k, size in enumerate(config.kernel_sizes):
        own = slice(k * n, (k + 1) * n)
        kernel = graph.take(f"{block}.branches.{k}.weight", n, n_in, size) * scale[own, None, None]
        branches.append(graph.node("Relu", graph.convolution(x, np.pad(kernel, padding), shift[own])))
    y = graph.node("Concat", *branches, axis=1)
    n_squeezed = width // config.se_ratio
    weights = graph.node("GlobalAveragePool", y)
    for layer, activation, sizes in (
        ("squeeze", "Relu", (n_squeezed, width)),
        ("excite", "Sigmoid", (width, n_squeezed)),
    ):
        weight = graph.take(f"{block}.se.{layer}.weight", *sizes)[:, :, None]
        bias = graph.take(f"{block}.se.{layer}.bias", sizes[0])
        weights = graph.node(activation, graph.convolution(weights, weight, bias))
    out = graph.node("Mul", y, weights)
    if config.residual == "proj":
        kernel = graph.take(f"{block}.shortcut.weight", width, n_in, 1)
        out = graph.node("Add", out, graph.convolution(x, np.pad(kernel, padding)))
    elif config.residual == "se":
        out = graph.node("Add", out, y)
    pool = config.pools[i]
    return graph.node("MaxPool", out, kernel_shape=[1, pool], strides=[1, pool])


def _bilstm(graph: _Graph, name: str, x: str, n_in: int, n_units: int) -> str:
    """(T, B, n_in) -> (T, B, 2 n_units)."""

    def gates(part: str, *shape: int) -> FloatArray:
        """Return both directions, the gates in ONNX's order (i, o, f, c) instead of torch's (i, f, c, o)."""
        parts = [graph.take(f"{name}.lstm.{part}_l0{end}", 4 * n_units, *shape) for end in ("", "_reverse")]
        split = np.stack(parts).reshape(2, 4, n_units, *shape)
        return split[:, [0, 3, 1, 2]].reshape(2, 4 * n_units, *shape)

    weights, recurrence = gates("weight_ih", n_in), gates("weight_hh", n_units)
    biases = np.concatenate([gates("bias_ih"), gates("bias_hh")], axis=1)
    constants = [graph.constant(array) for array in (weights, recurrence, biases)]
    y = graph.node("LSTM", x, *constants, direction="bidirectional", hidden_size=n_units)  # (T, 2, B, units)
    y = graph.node("Transpose", y, perm=[0, 2, 1, 3])
    y = graph.node("Reshape", y, graph.constant(np.array([0, 0, 2 * n_units], np.int64)))
    return graph.layer_norm(y, f"{name}.norm", 2 * n_units)


def _attention(graph: _Graph, config: MaseNetConfig, x: str, n_in: int) -> str:
    """(B, T, n_in) -> (B, T, n_in)."""
    n_heads, n_keys = config.n_heads, config.n_heads * config.key_dim
    apart = graph.constant(np.array([0, 0, n_heads, config.key_dim], np.int64))
    together = graph.constant(np.array([0, 0, n_keys], np.int64))

    def heads(name: str, perm: list[int], factor: float = 1.0) -> str:
        projected = graph.linear(x, f"attention.{name}", n_in, n_keys, factor)
        return graph.node("Transpose", graph.node("Reshape", projected, apart), perm=perm)

    query = heads("query", [0, 2, 1, 3], config.key_dim**-0.5)  # scaled dot products
    scores = graph.node("MatMul", query, heads("key", [0, 2, 3, 1]))
    mixed = graph.node("MatMul", graph.node("Softmax", scores, axis=-1), heads("value", [0, 2, 1, 3]))
    y = graph.node("Reshape", graph.node("Transpose", mixed, perm=[0, 2, 1, 3]), together)
    out = graph.node("Add", x, graph.linear(y, "attention.out", n_keys, n_in))
    return graph.layer_norm(out, "attention.norm", n_in)


def _with_harmony(graph: _Graph, config: MaseNetConfig, fused: str) -> tuple[str, int]:
    """Append scaled harmony features, if the network uses them; return what heads take, and its width."""
    if not config.n_harmony:
        return fused, config.fused_width
    mean, sd = (graph.take(f"harmony_{part}", config.n_harmony) for part in ("mean", "sd"))
    scaled = graph.node("Sub", HARMONY, graph.constant(mean))
    scaled = graph.node("Div", scaled, graph.constant(sd))
    ends = (graph.constant(np.array(end, np.float32)) for end in (-MAX_SDS, MAX_SDS))
    shared = graph.node("Concat", fused, graph.node("Clip", scaled, *ends), axis=1)
    return shared, config.fused_width + config.n_harmony


def _score_tags(graph: _Graph, config: MaseNetConfig, x: str, n_in: int) -> str:
    """(B, n_in) -> (B, n_tags)."""
    hidden = graph.node("Relu", graph.linear(x, "tag_head.hidden", n_in, config.tag_units))
    return graph.node("Sigmoid", graph.linear(hidden, "tag_head.tags", config.tag_units, config.n_tags))


def _rate(graph: _Graph, config: MaseNetConfig, x: str, n_in: int) -> tuple[str, str]:
    """Add the dense layers and heads; return ratings (B, 2) and embedding (B, 256)."""
    for i, n_units in enumerate(config.dense_units, 1):
        x = graph.node("Relu", graph.linear(x, f"dense{i}.linear", n_in, n_units))
        scale, shift = (graph.constant(part) for part in graph.batch_norm(f"dense{i}.norm", n_units))
        x, n_in = graph.node("Add", graph.node("Mul", x, scale), shift), n_units
    ratings = []
    for k in range(2):
        hidden = graph.node("Relu", graph.linear(x, f"heads.{k}.hidden", n_in, config.head_units))
        ratings.append(graph.linear(hidden, f"heads.{k}.rating", config.head_units, 1))
    return graph.node("Concat", *ratings, axis=1), x
