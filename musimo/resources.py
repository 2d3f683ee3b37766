"""Find the files that ship with musimo: migrations, configs, weights, word vectors.

In a wheel they are inside the package; in a checkout ``migrations/`` and ``configs/`` are beside it.
"""

from __future__ import annotations

from pathlib import Path

from musimo.errors import MusimoError, WeightsError

PACKAGE = Path(__file__).resolve().parent
PATTERN = "mase_net-*.safetensors"


def resource(name: str) -> Path:
    """Return the path of the folder ``name``: ``migrations`` or ``configs``.

    Raises
    ------
    MusimoError : the folder is missing
    """
    inside = PACKAGE / name
    if inside.is_dir():
        return inside
    beside = PACKAGE.parent / name
    if beside.is_dir() and (PACKAGE.parent / "pyproject.toml").is_file():
        return beside
    from musimo.installation import installation

    raise MusimoError(
        f"musimo's own folder {name!r} is missing beside {PACKAGE}",
        f"restore it: {installation().restore()}",
    )


def word_vectors_path() -> Path:
    """Return the path of the table of word vectors; MusimoError where it is missing."""
    path = PACKAGE / "vectors" / "words.npz"
    if not path.is_file():
        from musimo.installation import installation

        raise MusimoError(f"musimo's own file {path} is missing", f"restore it: {installation().restore()}")
    return path


def weights_path(chosen: Path | None = None) -> Path:
    """Return the path of the weights to use; its stem is the model id.

    Parameters
    ----------
    chosen : the user's own file; None for the one that ships with musimo

    Raises
    ------
    WeightsError : the file does not exist
    """
    if chosen is not None:
        if not chosen.is_file():
            raise WeightsError(f"there is no weights file {chosen}", "name an existing file: --weights FILE")
        return chosen
    found = sorted((PACKAGE / "weights").glob(PATTERN))
    if len(found) != 1:
        from musimo.installation import installation

        raise WeightsError(
            f"expected one file {PATTERN} in {PACKAGE / 'weights'}, found {len(found)}",
            f"restore them: {installation().restore()}",
        )
    return found[0]
