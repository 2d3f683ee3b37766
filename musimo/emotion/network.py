"""The network in torch from a weights file and back, for GPUs and training."""

from __future__ import annotations

import torch

from musimo.emotion.mase_net import MaseNet
from musimo.emotion.space import OTHER_WEIGHTS
from musimo.emotion.weights import NetworkWeights
from musimo.errors import WeightsError
from musimo.records import FloatArray


def network_of(weights: NetworkWeights) -> MaseNet:
    """The network, in evaluation mode, on the CPU.

    Raises
    ------
    WeightsError : the tensors are not those of the network that the card describes
    """
    network = MaseNet(weights.card.config)
    state = {name: torch.from_numpy(tensor) for name, tensor in weights.tensors.items()}
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        said = " ".join(str(error).split())
        raise WeightsError(
            f"{weights.model_id} does not hold the network it describes: {said}", OTHER_WEIGHTS
        ) from error
    return network.eval()


def tensors_of(network: MaseNet) -> dict[str, FloatArray]:
    """What a weights file holds of a network."""
    return {
        name: tensor.detach().float().cpu().numpy()
        for name, tensor in network.state_dict().items()
        if not name.endswith("num_batches_tracked")  # counts training steps, of no use later
    }
