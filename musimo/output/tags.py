"""Fields that are, or would be, written to files, as text and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from musimo.library.tagging import State, TagResult
from musimo.output.json_out import document
from musimo.output.text import path_text, safe
from musimo.records.fields import path_fields

PREFIX = "MUSIMO_"
WORDS: Mapping[State, str] = {
    "written": "written",
    "to write": "to be written",
    "unchanged": "unchanged",
    "left out": "left out",
}


def tagged_line(tagged: TagResult) -> str:
    """Return one file in two lines."""
    path = path_text(tagged.update.track.path_bytes)
    if tagged.state == "left out":
        return f"left out: {path}\n    {safe(tagged.reason)}\n"
    removed = {name: text for name, text in tagged.before.items() if name not in tagged.update.fields}
    parts = [f"{_short(name)} {safe(text)}" for name, text in tagged.update.fields.items()]
    parts += [f"no {_short(name)}" for name in removed]
    return f"{path}\n    {', '.join(parts) or 'no fields of musimo'}\n"


def tally_line(counts: Counter[State], *, stopped: bool = False) -> str:
    """Return the number of files in each state, in a line that adds up."""
    parts = [f"{counts[state]} {word}" for state, word in WORDS.items() if counts[state]]
    total = sum(counts.values())
    files = "1 file" if total == 1 else f"{total} files"
    return f"{'interrupted: ' if stopped else ''}{files} = {' + '.join(parts) or 'nothing'}\n"


def tagged_json(all_tagged: Iterable[TagResult], *, dry_run: bool) -> str:
    """Return all files as a JSON document."""
    rows = list(all_tagged)
    counts = Counter(tagged.state for tagged in rows)
    return document(
        {
            "dry_run": dry_run,
            **{state.replace(" ", "_"): counts[state] for state in WORDS},
            "results": [
                {
                    "id": tagged.update.track.id,
                    **path_fields(tagged.update.track.path_bytes),
                    "state": tagged.state.replace(" ", "_"),
                    "before": dict(tagged.before),
                    "fields": dict(tagged.update.fields),
                    "reason": tagged.reason or None,
                }
                for tagged in rows
            ],
        }
    )


def _short(name: str) -> str:
    return name.removeprefix(PREFIX).lower()
