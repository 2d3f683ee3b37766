"""Baselines: regressors on statistics of the same features that the network receives.

Need scikit-learn, the extra ``train``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from musimo.audio.statistics import clip_statistics
from musimo.errors import MusimoError
from musimo.installation import installation
from musimo.records import FloatArray
from musimo.training.metrics import Matrix

Baseline = Callable[[Matrix, Matrix, Matrix], Matrix]
"""(training statistics, training ratings, test statistics) -> predicted ratings."""


def stack_statistics(features: Sequence[FloatArray]) -> Matrix:
    """Return `clip_statistics` of each clip, in float64 [shape=(n, 3 * 193)]."""
    return np.array([clip_statistics(clip.astype(np.float64)) for clip in features])


def mean_rating(train: Matrix, ratings: Matrix, test: Matrix) -> Matrix:
    """Predict the mean training rating for every clip."""
    return np.tile(ratings.mean(axis=0), (len(test), 1))


def ridge(train: Matrix, ratings: Matrix, test: Matrix) -> Matrix:
    """Fit ridge regression, its penalty chosen by leave-one-out within the training set."""
    _need_sklearn()
    from sklearn.linear_model import RidgeCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), RidgeCV(np.logspace(0, 5, 11), alpha_per_target=True))
    return np.asarray(model.fit(train, ratings).predict(test))


def svr(train: Matrix, ratings: Matrix, test: Matrix) -> Matrix:
    """Fit support vector regression with scikit-learn's defaults, on standardized ratings."""
    _need_sklearn()
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVR

    means, sds = ratings.mean(axis=0), ratings.std(axis=0)
    columns = [
        make_pipeline(StandardScaler(), SVR()).fit(train, column).predict(test)
        for column in ((ratings - means) / sds).T
    ]
    return np.asarray(np.stack(columns, axis=1) * sds + means)


MEAN_RATING = "mean rating"
BASELINES: dict[str, Baseline] = {
    MEAN_RATING: mean_rating,
    "ridge on clip statistics": ridge,
    "SVR on clip statistics": svr,
}


def _need_sklearn() -> None:
    try:
        import sklearn  # noqa: F401
    except ImportError as error:
        raise MusimoError(
            "scikit-learn is not installed", f"install it: {installation().add('train')}"
        ) from error
