"""Duration and content hash of a stream, from packets made by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import av
import pytest

from musimo.audio.survey import MAX_ERRORS, Survey, packets, survey


def packet(data: bytes, pts: int | None, duration: int = 0) -> Any:
    made = av.Packet(data)
    made.pts = pts
    made.duration = duration
    return made


@dataclass
class Container:
    """Packets by hand; an exception among them is raised instead."""

    items: list[Any]

    def demux(self, stream: Any) -> Iterator[Any]:
        while self.items:
            item = self.items.pop(0)
            if isinstance(item, Exception):
                raise item
            yield item


def surveyed(items: list[Any], codec: str = "mp3") -> Survey:
    """One tick of the clock is a millisecond."""
    stream = SimpleNamespace(time_base=Fraction(1, 1000), codec_context=SimpleNamespace(name=codec))
    container: Any = Container([*items, packet(b"", None)])
    anything: Any = stream
    return survey(container, anything)


def test_time_stamps_and_claims_agree() -> None:
    found = surveyed([packet(b"ab", t, 100) for t in range(0, 1000, 100)])
    assert (found.duration_s, found.n_bytes, found.continuous) == (1.0, 20, True)


def test_claims_that_fall_short_of_the_time_stamps() -> None:
    assert surveyed([packet(b"ab", t, 50) for t in range(0, 1000, 100)]).duration_s == 0.95


def test_a_clock_that_starts_late() -> None:
    found = surveyed([packet(b"ab", t, 100) for t in range(5000, 6000, 100)])
    assert (found.duration_s, found.continuous) == (1.0, True)


def test_no_time_stamps() -> None:
    found = surveyed([packet(b"ab", None, 100) for _ in range(10)])
    assert (found.duration_s, found.continuous) == (1.0, False)


def test_neither() -> None:
    assert surveyed([packet(b"ab", None) for _ in range(10)]).duration_s == 0


def test_long_packets_that_claim_nothing() -> None:
    """Monkey's Audio: seconds a packet. The last one is taken to be as long as those before."""
    found = surveyed([packet(b"ab", t) for t in range(0, 60_000, 6_000)])
    assert (found.duration_s, found.continuous) == (60.0, True)


@pytest.mark.parametrize("restart", [0, 500_000])
def test_a_jump_is_not_time(restart: int) -> None:
    found = surveyed(
        [packet(b"ab", t, 100) for t in range(0, 5000, 100)]
        + [packet(b"ab", restart + t, 100) for t in range(0, 3000, 100)]
    )
    assert (found.duration_s, found.continuous) == (8.0, False)


def test_content_is_the_bytes_however_they_are_cut() -> None:
    one = surveyed([packet(b"abcdef", 0, 100)])
    three = surveyed([packet(b"ab", 0, 100), packet(b"cd", 100, 100), packet(b"ef", 200, 100)])
    assert one.content == three.content != surveyed([packet(b"abcdeg", 0, 100)]).content


def test_tags_behind_the_last_packet_of_monkeys_audio() -> None:
    sound = bytes(range(256)) * 8
    bare = surveyed([packet(b"ab", 0), packet(sound, 6_000)], "ape")
    tagged = surveyed([packet(b"ab", 0), packet(sound + b"APETAGEX...", 6_000)], "ape")
    other = surveyed([packet(b"ab", 0), packet(b"x" + sound, 6_000)], "ape")
    assert bare.content == tagged.content != other.content
    assert surveyed([packet(sound, 0)]).content != surveyed([packet(sound + b"APETAGEX", 0)]).content


def test_damage_is_passed_over() -> None:
    damage = av.error.InvalidDataError(1, "damage")
    found = surveyed([packet(b"ab", 0, 100), damage, damage, packet(b"cd", 100, 100)])
    assert (found.duration_s, found.n_bytes) == (0.2, 4)


def test_damage_without_end_ends() -> None:
    container: Any = Container([av.error.InvalidDataError(1, "damage")] * 10 * MAX_ERRORS)
    nothing: Any = None
    assert list(packets(container, nothing)) == []
    assert len(container.items) == 9 * MAX_ERRORS


def test_a_disk_that_fails_is_not_damage() -> None:
    with pytest.raises(OSError, match="disk"):
        surveyed([packet(b"ab", 0, 100), OSError(5, "disk")])
