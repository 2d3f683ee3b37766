"""Fit the sound space of a network to a folder of music; write network and space as one weights file.

    python scripts/fit_space.py FOLDER [--weights FILE] [--out FOLDER]

FILE is any weights file of this musimo; its space is replaced. Each track is analyzed as in a scan, in three
windows of 45 s: on other music, such a space was as good as one of all windows, or of windows of 30 s. It
takes half a second per track and core. `musimo evaluate retrieval` measures the result.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np

from musimo.audio.features import FEATURE_ID
from musimo.emotion.onnx_backend import OnnxNetwork
from musimo.emotion.predictor import stack_harmony
from musimo.emotion.space import N_AXES, fit_space
from musimo.emotion.weights import load_network_weights, save_weights
from musimo.library.db.files import FoundFile
from musimo.library.scan.walk import walk
from musimo.library.scan.workers import Task, extract_all
from musimo.records import ExtractedWindow, FloatArray
from musimo.resources import weights_path
from musimo.settings import usable_cores


def main() -> None:
    """Analyze, fit, save."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="of music, as much and as diverse as possible")
    parser.add_argument("--weights", type=Path, help="of the network; by default those that ship")
    parser.add_argument("--out", type=Path, default=Path(), help="folder for the weights file")
    options = parser.parse_args()
    weights = load_network_weights(weights_path(options.weights), FEATURE_ID)
    network = OnnxNetwork(weights)
    top = os.fsencode(options.folder.resolve())
    tasks = [Task(os.path.join(top, f.path), f.size) for f in walk(top) if isinstance(f, FoundFile)]  # noqa: PTH118
    descriptors: dict[tuple[int, float], tuple[FloatArray, FloatArray, FloatArray]] = {}
    for number, message in extract_all(tasks, usable_cores(), "windows", lambda content: True):
        if isinstance(message, ExtractedWindow):
            frames = (message.features - weights.means) / weights.sds
            harmony = stack_harmony(weights.card.config.n_harmony, [message.features])
            output = network.predict([frames], harmony)
            key = number, message.window.start_s
            descriptors[key] = output.fused[0], message.statistics, output.embedding[0]
            print(f"\r{len(descriptors)} windows, file {number + 1} of {len(tasks)}", end="", flush=True)
    print()
    in_order = [descriptors[key] for key in sorted(descriptors)]  # independent of the workers' timing
    fused, statistics, embeddings = (np.stack(block) for block in zip(*in_order, strict=True))
    space = fit_space(fused, statistics, embeddings, N_AXES)
    print(save_weights(options.out, weights.tensors, weights.means, weights.sds, space, weights.card))


if __name__ == "__main__":
    main()
