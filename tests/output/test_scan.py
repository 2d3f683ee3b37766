import json

from musimo.library.scan.events import Audit
from musimo.output.scan import audit_json, audit_lines

AUDIT = Audit(new=3, unchanged=90, failed=2, ignored=1, missing=4, known_failures=1, seconds=12.3456)


def test_audit_in_json_adds_up() -> None:
    read = json.loads(audit_json(AUDIT))
    assert read["schema"] == 1
    outcomes = ("new", "changed", "moved", "unchanged", "failed", "ignored")
    assert read["seen"] == sum(read[name] for name in outcomes) == 96
    assert (read["missing"], read["seconds"], read["interrupted"]) == (4, 12.346, False)


def test_audit_in_words_ends_in_the_sum() -> None:
    assert audit_lines(AUDIT) == (
        "4 tracks missing: known, but no longer there\n"
        "2 files failed, 1 of them before: see musimo errors\n"
        "96 seen = 3 new + 90 unchanged + 2 failed + 1 ignored, in 12.3 s\n"
    )
    assert audit_lines(Audit(new=1, seconds=3725)) == "1 seen = 1 new, in 1:02:05\n"
    assert audit_lines(Audit(seconds=0.04)) == "0 seen = nothing, in 0.0 s\n"


def test_an_interrupted_scan_says_what_is_left() -> None:
    lines = audit_lines(Audit(new=1, left=7, interrupted=True)).splitlines()
    assert lines == [
        "interrupted, 7 files left: the same command continues",
        "1 seen = 1 new, in 0.0 s",
    ]
