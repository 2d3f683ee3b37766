"""Train the tag head: distill the tags of both teachers, their synonyms merged, into one head.

A teacher's probability of a tag follows how often people wrote it, so that most tags never reach one half.
The targets are therefore calibrated: a score of one half separates the share of the music that the teachers
expect to have the tag.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F

from musimo.emotion.mase_net import MaseNet
from musimo.training.head_training import HeadData
from musimo.training.metrics import Matrix

MSD, MTT = "msd", "mtt"  # the teachers, in this order
SYNONYMS: Mapping[str, Mapping[str, Sequence[str]]] = {
    "rock": {MSD: ["rock"], MTT: ["rock"]},
    "pop": {MSD: ["pop"], MTT: ["pop"]},
    "alternative": {MSD: ["alternative", "alternative rock"]},
    "indie": {MSD: ["indie", "indie rock", "indie pop"]},
    "electronic": {MSD: ["electronic", "electronica", "electro"], MTT: ["electronic"]},
    "dance": {MSD: ["dance"], MTT: ["dance"]},
    "jazz": {MSD: ["jazz"]},
    "metal": {MSD: ["metal", "heavy metal"], MTT: ["metal"]},
    "soul": {MSD: ["soul"]},
    "folk": {MSD: ["folk"]},
    "punk": {MSD: ["punk"]},
    "blues": {MSD: ["blues"]},
    "ambient": {MSD: ["ambient"], MTT: ["ambient"]},
    "hip hop": {MSD: ["Hip-Hop"]},
    "country": {MSD: ["country"], MTT: ["country"]},
    "funk": {MSD: ["funk"]},
    "progressive rock": {MSD: ["Progressive rock"]},
    "rnb": {MSD: ["rnb"]},
    "house": {MSD: ["House"]},
    "classical": {MTT: ["classical", "classic"]},
    "techno": {MTT: ["techno"]},
    "new age": {MTT: ["new age"]},
    "opera": {MTT: ["opera"]},
    "indian": {MTT: ["indian"]},
    "easy listening": {MSD: ["easy listening"]},
    "experimental": {MSD: ["experimental"]},
    "classic rock": {MSD: ["classic rock"]},
    "hard rock": {MSD: ["hard rock"]},
    "oldies": {MSD: ["oldies"]},
    "beautiful": {MSD: ["beautiful"]},
    "mellow": {MSD: ["Mellow"]},
    "chill": {MSD: ["chill", "chillout"]},
    "happy": {MSD: ["happy"]},
    "sad": {MSD: ["sad"]},
    "party": {MSD: ["party"]},
    "sexy": {MSD: ["sexy"]},
    "catchy": {MSD: ["catchy"]},
    "slow": {MTT: ["slow"]},
    "fast": {MTT: ["fast"]},
    "soft": {MTT: ["soft"]},
    "weird": {MTT: ["weird"]},
    "vocals": {MTT: ["vocal", "singing", "vocals", "voice"]},
    "no vocals": {MSD: ["instrumental"], MTT: ["no vocals", "no vocal", "no voice"]},
    "female vocals": {
        MSD: ["female vocalists", "female vocalist"],
        MTT: ["female", "woman", "female voice", "female vocal"],
    },
    "male vocals": {MSD: ["male vocalists"], MTT: ["male", "male vocal", "man", "male voice"]},
    "choir": {MTT: ["choir", "choral"]},
    "guitar": {MSD: ["guitar"], MTT: ["guitar"]},
    "piano": {MTT: ["piano"]},
    "violin": {MTT: ["violin"]},
    "strings": {MTT: ["strings"]},
    "drums": {MTT: ["drums"]},
    "synth": {MTT: ["synth"]},
    "harpsichord": {MTT: ["harpsichord"]},
    "flute": {MTT: ["flute"]},
    "sitar": {MTT: ["sitar"]},
    "harp": {MTT: ["harp"]},
    "cello": {MTT: ["cello"]},
    "beat": {MTT: ["beat", "beats"]},
    "acoustic": {MSD: ["acoustic"]},
    "solo": {MTT: ["solo"]},
    "60s": {MSD: ["60s"]},
    "70s": {MSD: ["70s"]},
    "80s": {MSD: ["80s"]},
    "90s": {MSD: ["90s"]},
    "00s": {MSD: ["00s"]},
}
"""The teachers' words for each tag. Left out are ``loud`` and ``quiet``, since level is not heard."""

TAGS = tuple(SYNONYMS)
MIN_SHARE = 0.01  # of the music that a tag is set for; people wrote some tags on one track in 300
STEEPNESS = 2.0  # logits per standard deviation of a target
TINY = 1e-6  # keeps logits finite


@dataclass(frozen=True, slots=True)
class TagConfig:
    """Hyperparameters of the tag head.

    Parameters
    ----------
    n_batches : number of batches; 0 trains no tags
    labeled, unlabeled : labeled clips and rows of unlabeled music per batch
    units : size of the hidden layer
    learning_rate, weight_decay : of AdamW; the rate decays to zero by a half cosine
    """

    n_batches: int = 2000
    labeled: int = 64
    unlabeled: int = 192
    units: int = 256
    learning_rate: float = 1e-3
    weight_decay: float = 0.05


@dataclass(frozen=True, slots=True)
class TagTargets:
    """Calibrated tags of the teachers.

    Parameters
    ----------
    thresholds, sds : of the merged logits of the music they are fitted to [shape=(n_tags,)]
    shares : of that music above the threshold [shape=(n_tags,)]
    """

    thresholds: Matrix
    sds: Matrix
    shares: Matrix

    @classmethod
    def fit(cls, teacher_scores: Matrix, names: Sequence[str]) -> TagTargets:
        """Fit to music that is like what users have.

        Parameters
        ----------
        teacher_scores : probabilities of both teachers, side by side [shape=(n, 100)]
        names : of these, MSD's first
        """
        merged = merge(teacher_scores, names)
        expected = np.stack(
            [1 - (1 - teacher_scores[:, columns]).prod(axis=1) for columns in _columns(names)], axis=1
        ).mean(axis=0)
        shares = np.maximum(expected, MIN_SHARE)
        thresholds = np.array(
            [np.quantile(column, 1 - share) for column, share in zip(merged.T, shares, strict=True)]
        )
        return cls(thresholds, merged.std(axis=0), shares)

    def logits(self, teacher_scores: Matrix, names: Sequence[str]) -> Matrix:
        """Return the calibrated logits of music [shape=(n, n_tags)]; positive where a tag is set."""
        return np.asarray(STEEPNESS * (merge(teacher_scores, names) - self.thresholds) / self.sds)


def merge(teacher_scores: Matrix, names: Sequence[str]) -> Matrix:
    """Return the mean logit of the synonyms of each tag: (n, 100) -> (n, n_tags)."""
    logits = np.log(teacher_scores + TINY) - np.log(1 - teacher_scores + TINY)
    return np.stack([logits[:, columns].mean(axis=1) for columns in _columns(names)], axis=1)


def _columns(names: Sequence[str]) -> list[list[int]]:
    """Return the columns of the synonyms of each tag."""
    half = len(names) // 2
    of = {MSD: list(names[:half]), MTT: list(names[half:])}
    first = {MSD: 0, MTT: half}
    return [
        [first[teacher] + of[teacher].index(word) for teacher, words in synonyms.items() for word in words]
        for synonyms in SYNONYMS.values()
    ]


def train_tags(
    network: MaseNet,
    labeled: tuple[HeadData, Matrix],
    unlabeled: tuple[HeadData, Matrix],
    config: TagConfig,
    seed: int,
) -> MaseNet:
    """Return a copy of the network with a tag head; nothing else changes.

    Parameters
    ----------
    network : with harmony inputs
    labeled, unlabeled : clips and their calibrated logits [shape=(n, n_tags)]; the first kind is like
        the music of users, and each tag is set for the same share of it as in the targets
    config : hyperparameters
    seed : of all random numbers
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        trained = MaseNet(replace(network.config, n_tags=len(TAGS), tag_units=config.units))
        state = copy.deepcopy(network.state_dict())
        trained.load_state_dict(trained.state_dict() | state)
        inputs = [
            torch.cat([part.fused for part, _ in (labeled, unlabeled)]),
            torch.cat([part.harmony for part, _ in (labeled, unlabeled)]),
        ]
        targets = torch.from_numpy(np.concatenate([labeled[1], unlabeled[1]])).float().sigmoid()
        n_labeled = len(labeled[1])
        optimizer = torch.optim.AdamW(
            trained.tag_head.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
        )
        scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, config.n_batches)
        trained.eval()
        trained.tag_head.train()
        for _ in range(config.n_batches):
            chosen = torch.cat(
                [
                    torch.randint(n_labeled, (config.labeled,)),
                    torch.randint(n_labeled, len(targets), (config.unlabeled,)),
                ]
            )
            logits = trained.tag_logits(*(each[chosen] for each in inputs))
            loss = F.binary_cross_entropy_with_logits(logits, targets[chosen])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            scheduler.step()
        trained.eval()
        with torch.no_grad():
            logits = trained.tag_logits(*(each[:n_labeled] for each in inputs))
            shares = (torch.from_numpy(labeled[1]) > 0).double().mean(0)
            cuts = [
                torch.quantile(column, 1 - float(share))
                for column, share in zip(logits.T, shares, strict=True)
            ]
            trained.tag_head.tags.bias.sub_(torch.stack(cuts))
    return trained
