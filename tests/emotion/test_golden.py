"""The weights that ship predict as they did when they were made."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from musimo.audio.features import FEATURE_ID
from musimo.emotion.predictor import Predictor
from musimo.resources import weights_path

GOLDEN = Path(__file__).with_name("golden.npz")  # made by make_golden.py


def test_frozen_features_give_frozen_predictions() -> None:
    with np.load(GOLDEN) as golden:
        predictor = Predictor.load(weights_path(), "cpu")
        assert (predictor.model_id, FEATURE_ID) == (str(golden["model_id"]), str(golden["feature_id"]))
        felt = [clip for [clip] in predictor.predict([[clip] for clip in golden["features"]])]
        # processors differ in how they add up; a thousandth of what tells the two sounds apart
        ratings, embeddings = golden["ratings"], golden["embeddings"]
        np.testing.assert_allclose([(c.valence, c.arousal) for c in felt], ratings, atol=1e-4)
        np.testing.assert_allclose([c.embedding for c in felt], embeddings, atol=1e-3)
        np.testing.assert_allclose([c.fused for c in felt], golden["fused"], atol=1e-2)
        assert np.abs(embeddings[0] - embeddings[1]).max() > 0.1
