"""Distillation on a miniature: it learns, resumes exactly, and keeps rows and steps aligned."""

from pathlib import Path

import numpy as np
import pytest
import torch

from musimo.audio.features import compute_features
from musimo.emotion.mase_net import MaseNet, MaseNetConfig
from musimo.training.corpus import Corpus, open_corpus, row_frames, row_samples, window_starts
from musimo.training.distill import (
    Distillation,
    DistillConfig,
    input_statistics,
    sample_batch,
    shift_level,
)
from musimo.training.head_training import (
    HeadData,
    HeadPart,
    HeadsConfig,
    add_harmony_inputs,
    predict_ratings,
    train_heads,
)
from tests.sounds import melody, noise

SMALL = MaseNetConfig(
    n_filters=(8, 8, 8, 16),
    lstm_units=(8, 4),
    n_heads=2,
    key_dim=4,
    dense_units=(16, 8),
    se_ratio=4,
    dropout=0.0,
)


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    """Rows whose activations follow from the level of their features; one row is not computed yet."""
    corpus = open_corpus(tmp_path / "rows", 12, 2, 3)
    rng = np.random.default_rng(0)
    for row in range(11):
        loudness = rng.normal()
        corpus.features[row] = rng.normal(loudness, 1, corpus.features.shape[1:])
        corpus.steps[row] = loudness * np.array([1, -2, 3])
        corpus.done[row] = True
    return corpus


def config(n_batches: int) -> DistillConfig:
    return DistillConfig(
        n_batches=n_batches,
        batch_size=8,
        crop_steps=1,
        learning_rate=5e-3,
        level_sd=0.0,  # the level of these rows is what their activations follow
        checkpoint_every=2,
        network=SMALL,
    )


def test_distillation_learns_the_teacher_s_activations(corpus: Corpus, tmp_path: Path) -> None:
    losses = [batch.losses for batch in Distillation([corpus], config(60), tmp_path / "a.pt").batches()]
    for name in ("block", "attention", "clip"):
        assert np.mean([batch[name] for batch in losses[-10:]]) < 0.4 * losses[0][name]


def test_interrupted_training_resumes_to_the_same_weights(corpus: Corpus, tmp_path: Path) -> None:
    whole = Distillation([corpus], config(6), tmp_path / "whole.pt")
    list(whole.batches())
    parts = Distillation([corpus], config(6), tmp_path / "parts.pt")
    batches = parts.batches()
    for _ in range(5):  # the fifth is not in the checkpoint
        next(batches)
    again = Distillation([corpus], config(6), tmp_path / "parts.pt")
    assert again.n_done == 4
    list(again.batches())
    for ours, theirs in zip(again.student.parameters(), whole.student.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=0)


def test_sampled_steps_match_their_frames_and_incomplete_rows_are_skipped(corpus: Corpus) -> None:
    for n_steps in (1, None):
        features, steps = sample_batch([corpus], 64, n_steps, np.random.default_rng(1))
        np.testing.assert_allclose(features.mean((1, 2)), steps[:, 0, 0], atol=0.05)
    assert (np.abs(steps).sum((1, 2)) > 0).all()


def test_learning_rate_is_one_cycle() -> None:
    rates = [config(100).rate_at(number) for number in range(100)]
    top = int(np.argmax(rates))
    assert rates[top] == pytest.approx(5e-3, rel=1e-3)
    assert 10 <= top <= 20
    assert np.all(np.diff(rates[:top]) > 0)
    assert np.all(np.diff(rates[top:]) < 0)


def test_statistics_of_a_ramp_on_paper() -> None:
    ramp = torch.arange(5.0)[None, :, None]
    torch.testing.assert_close(input_statistics(ramp), torch.tensor([[2.0, 2.5**0.5, 0.0]]))


def test_a_shift_of_level_is_a_gain_of_the_audio() -> None:
    samples = melody(2) + noise(2, amplitude=0.01)
    gains = np.array([-6.0, 3.0])
    features = torch.from_numpy(np.stack([compute_features(samples)] * 2))
    shifted = shift_level(features, gains)
    for row, gain in zip(shifted.numpy(), gains, strict=True):
        louder = compute_features(samples * np.float32(10 ** (gain / 20)))
        np.testing.assert_allclose(row, louder, rtol=0, atol=0.05)
    np.testing.assert_array_equal(features[0], compute_features(samples))


def test_windows_cover_every_track() -> None:
    assert window_starts([5, 10, 25], 10) == [(0, 0), (1, 0), (2, 0), (2, 8), (2, 15)]
    assert (row_samples(15), row_frames(15), row_frames(10)) == (45 * 22_050, 1938, 1292)


def head_data(n: int, seed: int) -> HeadData:
    """Valence is in the frozen features, arousal in the harmony."""
    rng = np.random.default_rng(seed)
    fused, harmony = (torch.from_numpy(rng.normal(0, 1, (n, width))).float() for width in (64, 5))
    return HeadData(fused, harmony, 5 + torch.stack([fused[:, 0], -harmony[:, 1]], dim=1))


def test_harmony_inputs_do_not_change_initial_predictions(corpus: Corpus, tmp_path: Path) -> None:
    network = Distillation([corpus], config(2), tmp_path / "a.pt").student.network.eval()
    data = head_data(10, 0)
    joined = add_harmony_inputs(network, head_data(50, 1).harmony)
    for ours, theirs in zip(joined.rate(data.fused, data.harmony), network.rate(data.fused), strict=True):
        torch.testing.assert_close(ours, theirs)


def test_heads_generalize_to_new_clips(corpus: Corpus, tmp_path: Path) -> None:
    network = Distillation([corpus], config(2), tmp_path / "a.pt").student.network.eval()
    settings = HeadsConfig(n_batches=300, keep_weight=0.0, learning_rate=3e-3, weight_decay=0.0)
    network = add_harmony_inputs(network, head_data(400, 1).harmony)
    parts = [HeadPart(head_data(60, 0), 32, (0.05, 0.5)), HeadPart(head_data(400, 1), 128)]
    trained = train_heads(network, parts, settings, seed=0)
    for correlation in correlations(trained, head_data(100, 2)):
        assert correlation > 0.8


def correlations(network: MaseNet, asked: HeadData) -> list[float]:
    predictions = predict_ratings([network], asked.fused, asked.harmony)
    pairs = [torch.stack([predictions[:, column], asked.ratings[:, column]]) for column in range(2)]
    return [float(torch.corrcoef(pair)[0, 1]) for pair in pairs]


def test_each_part_teaches_what_its_weights_say(corpus: Corpus, tmp_path: Path) -> None:
    """One part teaches valence only, the other, of opposite ratings, arousal only."""
    network = Distillation([corpus], config(2), tmp_path / "a.pt").student.network.eval()
    settings = HeadsConfig(n_batches=200, keep_weight=0.0, learning_rate=3e-3, weight_decay=0.0)
    network = add_harmony_inputs(network, head_data(400, 1).harmony)
    right, opposite = head_data(300, 0), head_data(300, 1)
    opposite = HeadData(opposite.fused, opposite.harmony, 10 - opposite.ratings)
    parts = [HeadPart(right, 32, (1.0, 0.0)), HeadPart(opposite, 64, (0.0, 1.0))]
    valence, arousal = correlations(train_heads(network, parts, settings, seed=0), head_data(100, 2))
    assert valence > 0.5
    assert arousal < -0.5
