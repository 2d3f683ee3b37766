"""Real players open what playlists name: every file, in order, whatever it is called.

mpv tells which files it loaded through a script, VLC through its log. mpv reads no XSPF, VLC does.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote_to_bytes

import numpy as np
import pytest
import soundfile

from musimo.output.playlist_paths import PathStyle
from musimo.output.playlists import Skipped, m3u, m3u8, pls, xspf
from musimo.records import Tags, Track, Window

pytestmark = [
    pytest.mark.player,
    pytest.mark.skipif(sys.platform != "linux", reason="names that are not UTF-8 are Linux's"),
]
needs_mpv = pytest.mark.skipif(shutil.which("mpv") is None, reason="mpv is not installed")
needs_vlc = pytest.mark.skipif(shutil.which("cvlc") is None, reason="VLC is not installed")

Writer = Callable[[list[Track], PathStyle], tuple[bytes, list[Skipped]]]

NAMES = [
    b"plain.wav",
    b"two  blanks.wav",
    b" a blank first.wav",
    b"# %41 & 'single' \"double\".wav",
    b"; b ? c = d | e < f >.wav",
    b"[x] * {y}.wav",
    b"-dash.wav",
    b"http:x.wav",
    b"back\\slash.wav",
    "ü composed.wav".encode(),
    "u\u0308 decomposed.wav".encode(),
    "🎸 春.wav".encode(),
    b"caf\xe9.wav",
    b"line\nbreak.wav",
]
HELD: dict[str, list[bytes]] = {
    "m3u8": NAMES[:-2],
    "m3u": NAMES[:-1],
    "pls": NAMES[:-1],
}
WRITERS: dict[str, Writer] = {"m3u8": m3u8, "m3u": m3u, "pls": pls, "xspf": xspf}

# The hook runs when a file is open and waits for no clock; hexadecimal keeps a name on one line.
TELL = """
mp.add_hook("on_preloaded", 50, function()
  local name = mp.get_property("path"):gsub(".", function(c) return string.format("%02x", c:byte()) end)
  io.stdout:write("OPENED ", name, "\\n")
end)
"""


@pytest.fixture
def music(tmp_path: Path) -> Path:
    folder = tmp_path / "My Music"
    folder.mkdir()
    soundfile.write(folder / "plain.wav", np.zeros(800), 8000)
    for name in NAMES[1:]:
        shutil.copy(folder / "plain.wav", os.fsencode(folder) + b"/" + name)  # type: ignore[arg-type]
    return folder


def styles(music: Path) -> dict[str, PathStyle]:
    """Ways to name the files in ``music`` that all lead there from a playlist beside that folder."""
    here, away = os.fsencode(music), b"/media/of another machine"
    return {
        "absolute": PathStyle(),
        "relative": PathStyle(relative_to=os.fsencode(music.parent)),
        "prefix": PathStyle(relative_to=here, prefix=here + b"/"),
        "relative prefix": PathStyle(relative_to=here, prefix=b"My Music/"),
        "map": PathStyle(((away, here),)),
    }


def playlist(music: Path, kind: str, style: str, names: list[bytes]) -> Path:
    root = b"/media/of another machine" if style == "map" else os.fsencode(music)
    tracks = [Track(n, root + b"/" + name, Tags(), 0.1, None, None, None) for n, name in enumerate(names)]
    data, _ = WRITERS[kind](tracks, styles(music)[style])
    path = music.parent / f"list.{kind}"
    path.write_bytes(data)
    return path


@needs_mpv
@pytest.mark.parametrize("style", ["absolute", "relative", "prefix", "relative prefix", "map"])
@pytest.mark.parametrize("kind", ["m3u8", "m3u", "pls"])
def test_mpv_opens_every_file_in_order(music: Path, kind: str, style: str) -> None:
    script = music.parent / "tell.lua"
    script.write_text(TELL)
    path = playlist(music, kind, style, NAMES)
    still = ["--no-config", "--no-video", "--ao=null", "--untimed", "--msg-level=all=error"]
    ran = subprocess.run(
        ["mpv", *still, f"--script={script}", f"--playlist={path}"],
        cwd="/",
        capture_output=True,
        timeout=50,
        check=False,
    )
    opened = [bytes.fromhex(name.decode()) for name in re.findall(rb"OPENED (\w+)", ran.stdout)]
    assert [name.rpartition(b"/")[2] for name in opened] == HELD[kind], ran.stdout
    assert ran.returncode == 0


def vlc_log(path: Path) -> bytes:
    """Play a list to its end, in a folder that VLC's user may read; return what VLC says of it."""
    command = ["cvlc", "-I", "dummy", "--no-audio", "--no-video", "--play-and-exit", "-vv", str(path)]
    if os.geteuid() == 0:  # VLC does not run as root
        if shutil.which("setpriv") is None:
            pytest.skip("VLC does not run as root, and there is no setpriv")
        for folder in (path.parent / "My Music", *path.parents):
            if not folder.stat().st_mode & 0o001:
                folder.chmod(folder.stat().st_mode | 0o055)
        command = ["setpriv", "--reuid=65534", "--clear-groups", *command]
    home = path.parent / "home"
    home.mkdir()
    home.chmod(0o777)
    return subprocess.run(
        command,
        env={**os.environ, "HOME": str(home)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=55,
        check=False,
    ).stderr


@needs_vlc
@pytest.mark.parametrize(("style", "part"), [("absolute", 0), ("relative", 1)])
def test_vlc_opens_every_file_of_an_xspf_in_order(music: Path, style: str, part: int) -> None:
    names = NAMES[part::2]  # it takes a second for each
    log = vlc_log(playlist(music, "xspf", style, names))
    opened = re.findall(rb"`file://([^']+\.wav)' successfully opened", log)
    assert [unquote_to_bytes(name).rpartition(b"/")[2] for name in opened] == names, log[-2000:]


@needs_vlc
@pytest.mark.parametrize("kind", ["m3u8", "m3u", "xspf"])
def test_vlc_plays_the_tracks_of_a_cue_sheet_from_and_to_their_times(music: Path, kind: str) -> None:
    soundfile.write(music / "album.wav", np.zeros(8000 * 600), 8000)
    path = os.fsencode(music / "album.wav")
    tracks = [
        Track(n, path, Tags(track=n), 1.0, None, None, None, part=Window(start, start + 1.0))
        for n, start in enumerate((300.0, 20.0), 1)
    ]
    listed = music.parent / f"list.{kind}"
    listed.write_bytes(WRITERS[kind](tracks, PathStyle())[0])
    log = vlc_log(listed)  # ten minutes, if VLC did not stop where it shall
    assert re.findall(rb"starting at time: (\d+)s", log) == [b"300", b"20"], log[-2000:]
