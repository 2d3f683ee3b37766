"""Short excerpts of real music: the first seconds of files, without re-encoding."""

from __future__ import annotations

import random
from pathlib import Path

import av
from av.error import FFmpegError

from musimo.audio.formats import is_music

EXCERPT_S = 6.0  # one window; a scan of two dozen takes seconds
CONTAINERS = {".mp3": "mp3", ".flac": "flac", ".ogg": "ogg", ".opus": "ogg", ".m4a": "ipod"}


def cut_excerpts(folder: Path, target: Path, n: int, draw: random.Random) -> int:
    """Cut excerpts of up to ``n`` files below ``folder`` into ``target``; return their number."""
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in CONTAINERS and path.is_file())
    draw.shuffle(files)
    made = 0
    for file in files:
        if made == n:
            break
        album = target / f"artist {made % 3}" / f"album {made % 4}"
        album.mkdir(parents=True, exist_ok=True)
        excerpt = album / f"{made:02} {file.stem[:40]}{file.suffix.lower()}"
        if is_music(excerpt.name.encode()) and _cut(file, excerpt):
            made += 1
        else:
            excerpt.unlink(missing_ok=True)
    return made


def _cut(file: Path, excerpt: Path) -> bool:
    """Copy the packets of the first seconds; return whether there were enough."""
    try:
        with (
            av.open(str(file), metadata_errors="ignore") as source,
            av.open(str(excerpt), "w", format=CONTAINERS[excerpt.suffix]) as target,
        ):
            stream = source.streams.audio[0]
            copy = target.add_stream_from_template(stream)
            target.metadata.update(source.metadata | stream.metadata)
            for packet in source.demux(stream):
                if packet.pts is None or packet.time_base is None:
                    continue
                if float(packet.pts * packet.time_base) > EXCERPT_S:
                    return True
                packet.stream = copy
                target.mux(packet)
    except (FFmpegError, IndexError, ValueError):
        return False
    return False
