"""Read and write weights files: a network, its sound space and its model card, in one safetensors file.

A file is named ``mase_net-<version>-<sha8>.safetensors``; the stem is the model id, and ``sha8`` is a digest
of all that affects predictions (tensors, architecture, configuration, feature id), so that equal ids mean
equal predictions. Matrices are stored as float16, vectors and statistics as float32. Torch is not needed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

import musimo
from musimo.emotion.config import MaseNetConfig
from musimo.emotion.space import DIGEST, NO_SPACE, PREFIX, SoundSpace, other_weights, space_from_tensors
from musimo.errors import WeightsError
from musimo.records import FloatArray
from musimo.records.heard import check_tag_names

ARCHITECTURE = "mase_net"
ARCHITECTURE_VERSION = 1
"""Incremented when the code changes what existing tensors mean."""

MEANS, SDS = "normalisation.means", "normalisation.sds"  # names in existing files

StoredArray = NDArray[np.floating[Any]]  # float16 or float32


@dataclass(frozen=True, slots=True)
class ModelCard:
    """Description of a network in its weights file.

    Parameters
    ----------
    version : of this training, text without dashes: ``0.1``
    feature_id : which features the network was trained on
    config : sizes and variants of the network
    training_data : what it was trained on, and what that means for its user
    figures : what was measured, and how; any JSON value
    tags : names of the tags that the network hears; none in files that were written before there were tags
    musimo_version : version that wrote the file
    """

    version: str
    feature_id: str
    config: MaseNetConfig
    training_data: str
    figures: Mapping[str, Any] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    musimo_version: str = musimo.__version__


@dataclass(frozen=True, slots=True)
class NetworkWeights:
    """The network of a weights file, and the normalization of its input.

    Parameters
    ----------
    model_id : stem of the file name
    card : description of the network
    tensors : float32, by their names in :class:`musimo.emotion.mase_net.MaseNet`
    means, sds : [shape=(193,), float32], of the frames of the training set; they normalize the input
    """

    model_id: str
    card: ModelCard
    tensors: Mapping[str, FloatArray]
    means: FloatArray
    sds: FloatArray


@dataclass(frozen=True, slots=True)
class Weights(NetworkWeights):
    """A complete weights file: a network and its sound space."""

    space: SoundSpace


def save_weights(
    folder: Path,
    tensors: Mapping[str, FloatArray],
    means: FloatArray,
    sds: FloatArray,
    space: SoundSpace,
    card: ModelCard,
) -> Path:
    """Write a weights file into ``folder``, named by its content; return its path.

    Raises
    ------
    ValueError : the card's version contains a dash, statistics, space or tags do not fit, or the card
        contains NaN
    """
    if "-" in card.version:
        raise ValueError(f"a version must not contain dashes: {card.version}")
    if means.shape != (card.config.n_features,) or sds.shape != means.shape or not (sds > 0).all():
        raise ValueError("the statistics do not fit the network")
    if _widths(space) != _widths_of(card.config):
        raise ValueError("the sound space does not fit the network")
    if len(check_tag_names(card.tags)) != card.config.n_tags:
        raise ValueError("the names of tags do not fit the network")
    written = {**tensors, MEANS: means, SDS: sds, **space.tensors()}
    stored: dict[str, StoredArray] = {
        name: np.ascontiguousarray(tensor, np.float16 if tensor.ndim > 1 else np.float32)
        for name, tensor in written.items()
    }
    metadata = _metadata(card) | {DIGEST: space.digest()}
    path = folder / f"{_model_id(card.version, stored, metadata)}.safetensors"
    unfinished = path.with_suffix(".part")
    unfinished.write_bytes(save(stored, metadata))
    return unfinished.replace(path)


def load_weights(path: Path, feature_id: str) -> Weights:
    """Read a weights file and verify that its content matches its name.

    Parameters
    ----------
    path : the file
    feature_id : id of the features that the network will be given

    Raises
    ------
    WeightsError : the file is missing, damaged, renamed, of another architecture, without a sound space, or
        trained on other features
    """
    network, space = _load(path, feature_id)
    if space is None:
        raise WeightsError(f"{path} contains a network without a sound space", NO_SPACE)
    return Weights(network.model_id, network.card, network.tensors, network.means, network.sds, space)


def load_network_weights(path: Path, feature_id: str) -> NetworkWeights:
    """Read a weights file that may lack a sound space; errors as in `load_weights`."""
    return _load(path, feature_id)[0]


def read_card(path: Path) -> ModelCard:
    """Read the card of a weights file, without its tensors; WeightsError as in `load_weights`."""
    try:
        with safe_open(path, "np") as file:
            metadata = file.metadata() or {}
    except (SafetensorError, OSError) as error:
        raise WeightsError(f"{path} is not a complete safetensors file: {error}", other_weights()) from error
    return _card(path, metadata)


def _load(path: Path, feature_id: str) -> tuple[NetworkWeights, SoundSpace | None]:
    metadata, tensors = _read(path)
    card = _card(path, metadata)
    if card.feature_id != feature_id:
        raise WeightsError(
            f"{path} was trained on features {card.feature_id}, this musimo computes {feature_id}",
            "use weights made for this version of musimo, or the version the weights were made for",
        )
    model_id = _model_id(card.version, tensors, metadata)
    if path.stem != model_id:
        raise WeightsError(
            f"{path} is damaged or was renamed: by its content it is {model_id}",
            f"if it was renamed, name it {model_id}.safetensors; else fetch it again",
        )
    means, sds = (tensors.pop(name, np.empty(0)).astype(np.float32) for name in (MEANS, SDS))
    space_tensors = {
        name: tensors.pop(name).astype(np.float32) for name in list(tensors) if name.startswith(PREFIX)
    }
    space = space_from_tensors(path, space_tensors, metadata.get(DIGEST, "")) if space_tensors else None
    if means.shape != (card.config.n_features,) or sds.shape != means.shape:
        raise WeightsError(f"{path} lacks the statistics that normalize features", other_weights())
    if not all(np.isfinite(tensor).all() for tensor in tensors.values()) or not (sds > 0).all():
        raise WeightsError(
            f"{path} contains values that are not finite, or SDs that are not positive", other_weights()
        )
    if space is not None and _widths(space) != _widths_of(card.config):
        raise WeightsError(f"{path} contains the sound space of another network", other_weights())
    wide = {name: tensor.astype(np.float32) for name, tensor in tensors.items()}
    return NetworkWeights(model_id, card, wide, means, sds), space


def _widths(space: SoundSpace) -> tuple[int, ...]:
    """Return the input widths of the blocks of a space."""
    return tuple(len(block.axes) for block in (space.fused, space.statistics, space.embedding))


def _widths_of(config: MaseNetConfig) -> tuple[int, ...]:
    """Return the widths of what a network and its features give: fused vector, statistics, embedding."""
    # three statistics per feature
    return config.fused_width, 3 * config.n_features, config.dense_units[1]


def _read(path: Path) -> tuple[dict[str, str], dict[str, StoredArray]]:
    """Return metadata and tensors of a safetensors file, as stored."""
    if not path.is_file():
        raise WeightsError(f"there is no weights file {path}", other_weights())
    try:
        with safe_open(path, "np") as file:
            return file.metadata() or {}, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise WeightsError(f"{path} is not a complete safetensors file: {error}", other_weights()) from error


def _metadata(card: ModelCard) -> dict[str, str]:
    tags = {"tags": json.dumps(card.tags)} if card.tags else {}
    return tags | {
        "architecture": f"{ARCHITECTURE}/{ARCHITECTURE_VERSION}",
        "version": card.version,
        "feature_id": card.feature_id,
        "config": json.dumps(asdict(card.config), sort_keys=True),
        "training_data": card.training_data,
        "figures": json.dumps(card.figures, sort_keys=True, allow_nan=False),
        "musimo_version": card.musimo_version,
    }


def _card(path: Path, metadata: Mapping[str, str]) -> ModelCard:
    """Return the card in a file's metadata."""
    known = f"{ARCHITECTURE}/{ARCHITECTURE_VERSION}"
    found = metadata.get("architecture")
    if found != known:
        what = f"the architecture {found}" if found else "no architecture"
        raise WeightsError(f"{path} names {what}; this version of musimo reads {known}", other_weights())
    try:
        sizes: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in json.loads(metadata["config"]).items()
        }
        config, tags = MaseNetConfig(**sizes), check_tag_names(json.loads(metadata.get("tags", "[]")))
        if len(tags) != config.n_tags:
            raise ValueError("the names of tags do not fit the network")  # noqa: TRY301 - as any other fault
        return ModelCard(
            version=metadata["version"],
            feature_id=metadata["feature_id"],
            config=config,
            training_data=metadata["training_data"],
            figures=json.loads(metadata["figures"]),
            tags=tags,
            musimo_version=metadata["musimo_version"],
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise WeightsError(f"{path} does not describe its network: {error!r}", other_weights()) from error


def _model_id(version: str, tensors: Mapping[str, StoredArray], metadata: Mapping[str, str]) -> str:
    """Return the model id of a content; the rest of the card does not change it."""
    digest = hashlib.sha256()
    for key in ("architecture", "feature_id", "config", "tags"):
        if key in metadata:  # files without tags have the ids that they always had
            digest.update(f"{key}={metadata[key]}\n".encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f"{name} torch.{tensor.dtype} {tensor.shape}\n".encode())  # torch's names of the types
        digest.update(tensor.tobytes())
    return f"{ARCHITECTURE}-{version}-{digest.hexdigest()[:8]}"
