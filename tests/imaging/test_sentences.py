"""Sentences about problems, as people of each language write sizes."""

from netboot.problems import Problem

SMALL = Problem("disk-too-small", {"master": "debian", "needed": "8.0 GB", "disk": "WD 4.0 GB", "size": "1.5 TB"})


def test_sizes_are_written_as_the_language_does() -> None:
    assert "8,0 Go" in SMALL.sentence("fr")
    assert "WD 4,0 Go" in SMALL.sentence("fr")
    assert "1,5 To" in SMALL.sentence("fr")
    assert "8.0 GB" in SMALL.sentence("en")
    assert "1.5 TB" in SMALL.sentence("en")
