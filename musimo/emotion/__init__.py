"""Run the network: features in; valence, arousal and embedding out, on a CPU or GPU.

Must never open a database or print.

Entry points:

- :class:`musimo.emotion.predictor.Predictor`: a weights file on a device; predicts batches
- :func:`musimo.emotion.summary.summarize`: from the windows of a track to the track
- :class:`musimo.emotion.space.SoundSpace`: the sound vectors that ``similar`` compares
- :mod:`musimo.emotion.mase_net`: the paper's network, in torch, which only GPUs and training need
- :mod:`musimo.emotion.weights`: read and write weights files
- :mod:`musimo.emotion.calibration`: fit predictions to a user's ratings
"""
