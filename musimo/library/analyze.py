"""Hearing files that are in no library."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field

from musimo.audio.decoded_fraction import decoded_fraction
from musimo.audio.tempo_key import TempoKeyFeatures, estimate_tempo_key, tempo_key_features
from musimo.audio.windows import WINDOWS_PER_CALL
from musimo.emotion.summary import mean_statistics, summarize
from musimo.errors import AudioError
from musimo.library.scan.messages import Finished
from musimo.library.scan.pipeline import WindowPredictor
from musimo.library.scan.workers import Task, extract_all
from musimo.records import (
    AnalyzedFile,
    ExtractedWindow,
    FailedFile,
    FileOpened,
    FloatArray,
    Window,
    WindowPlan,
    WindowPrediction,
)


def analyze(
    files: Sequence[bytes], load_predictor: Callable[[], WindowPredictor], jobs: int, plan: WindowPlan
) -> Iterator[AnalyzedFile | FailedFile]:
    """Hear and feel ``files``; answers come in their order, each as soon as those before it are done."""
    predictor: WindowPredictor | None = None
    drafts: dict[int, _Draft] = {}
    done: dict[int, AnalyzedFile | FailedFile] = {}
    told = 0
    with closing(extract_all([Task.of(path) for path in files], jobs, plan, _always)) as events:
        for number, message in events:
            draft = drafts.setdefault(number, _Draft(files[number]))
            if isinstance(message, FileOpened):
                draft.opened = message
            elif isinstance(message, ExtractedWindow):
                draft.gathered.append(message)
            if draft.gathered and (len(draft.gathered) == WINDOWS_PER_CALL or isinstance(message, Finished)):
                predictor = predictor or load_predictor()
                draft.feel(predictor)
            if isinstance(message, Finished | AudioError):
                done[number] = drafts.pop(number).answer(message)
            while told in done:
                yield done.pop(told)
                told += 1


@dataclass(slots=True)
class _Draft:
    """A file between its first event and its answer."""

    path: bytes
    opened: FileOpened | None = None
    gathered: list[ExtractedWindow] = field(
        default_factory=list
    )  # until there are enough to be felt together
    felt: list[tuple[Window, WindowPrediction]] = field(default_factory=list)
    statistics: list[FloatArray] = field(default_factory=list)
    pulses: list[TempoKeyFeatures] = field(default_factory=list)
    missing_s: float = 0.0  # holes in what was felt
    error: AudioError | None = None

    def feel(self, predictor: WindowPredictor) -> None:
        """Feel what was gathered."""
        clips, self.gathered = self.gathered, []
        try:
            [emotions] = predictor.predict([[clip.features for clip in clips]])
        except AudioError as error:
            self.error = error
            return
        self.felt += [(clip.window, emotion) for clip, emotion in zip(clips, emotions, strict=True)]
        self.statistics += [clip.statistics for clip in clips]
        self.pulses += map(tempo_key_features, clips)
        self.missing_s += sum(clip.missing_s for clip in clips)

    def answer(self, end: Finished | AudioError) -> AnalyzedFile | FailedFile:
        """What became of the file."""
        error = end if isinstance(end, AudioError) else self.error
        if error is not None:
            return FailedFile(self.path, error.stage, error.reason)
        assert self.opened is not None
        return AnalyzedFile(
            self.path,
            self.opened.tags,
            self.opened.content,
            self.opened.duration_s,
            summarize(self.felt),
            mean_statistics(self.statistics),
            decoded_fraction(self.opened, [window for window, _ in self.felt], self.missing_s),
            estimate_tempo_key(self.pulses),
        )


def _always(_content: bytes) -> bool:
    return True
