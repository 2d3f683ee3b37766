"""Convert between weights files and the network in torch, for GPUs and training."""

from __future__ import annotations

import torch

from musimo.emotion.mase_net import MaseNet
from musimo.emotion.space import other_weights
from musimo.emotion.weights import NetworkWeights
from musimo.errors import WeightsError
from musimo.records import FloatArray


def build_network(weights: NetworkWeights) -> MaseNet:
    """Return the network of a weights file, in evaluation mode, on the CPU.

    Raises
    ------
    WeightsError : the tensors do not fit the configuration in the file
    """
    network = MaseNet(weights.card.config)
    state = {name: torch.from_numpy(tensor) for name, tensor in weights.tensors.items()}
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        reason = " ".join(str(error).split())
        raise WeightsError(
            f"the tensors of {weights.model_id} do not fit its configuration: {reason}", other_weights()
        ) from error
    return network.eval()


def network_tensors(network: MaseNet) -> dict[str, FloatArray]:
    """Return the tensors of a network that a weights file stores."""
    return {
        name: tensor.detach().float().cpu().numpy()
        for name, tensor in network.state_dict().items()
        if not name.endswith("num_batches_tracked")  # counts training steps, not needed later
    }
