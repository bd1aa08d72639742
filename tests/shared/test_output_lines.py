"""Output cut into lines: the same however it comes, and in bounded memory."""

from hypothesis import given
from hypothesis import strategies as st

from netboot.shared.output_lines import LineSplitter, Tail

OUTPUT = st.lists(st.sampled_from([b"a", b"\n", b"\r", b"\b", b"\xc3", b"\xa9", b"\xff", b"\x1b[2J", b"\0", b" 12%"]))


def split(longest: int, *pieces: bytes) -> list[str]:
    splitter = LineSplitter(longest)
    return [line for piece in pieces for line in splitter.feed(piece)] + splitter.end()


@given(st.lists(OUTPUT.map(b"".join)), st.integers(1, 9))
def test_lines_are_the_same_however_the_bytes_come(pieces: list[bytes], longest: int) -> None:
    whole = b"".join(pieces)
    assert split(longest, *pieces) == split(longest, whole)
    assert split(longest, *(bytes([byte]) for byte in whole)) == split(longest, whole)


@given(st.lists(st.binary()), st.integers(1, 9))
def test_no_line_is_empty_or_longer_than_allowed_or_moves_a_terminal(pieces: list[bytes], longest: int) -> None:
    for line in split(longest, *pieces):
        assert 0 < len(line) <= longest
        assert not any(char != "\t" and (char < " " or "\x7f" <= char < "\xa0") for char in line)


@given(st.lists(st.text(st.characters(exclude_categories=["C"]), min_size=1)))
def test_text_comes_back_line_by_line(lines: list[str]) -> None:
    assert split(1 << 20, "".join(f"{line}\n" for line in lines).encode()) == lines


def test_progress_that_is_written_over_itself_is_lines_too() -> None:
    assert split(99, b"0%\r10%\r\n20%\b\b\b", b"\b30%") == ["0%", "10%", "20%", "30%"]


def test_what_is_no_text_is_replaced() -> None:
    assert split(99, b"a\xffb\x1b[2J\0\n") == ["a\ufffdb\ufffd[2J\ufffd"]


def test_of_a_line_without_end_no_more_is_held_than_is_told() -> None:
    splitter = LineSplitter(8)
    for _ in range(1000):
        assert splitter.feed(b"x" * 1000) == []
        assert len(splitter._begun) <= 8
    assert splitter.feed(b"\nnext\n") == ["x" * 8, "next"]


@given(st.lists(st.text(st.characters(exclude_characters="\n"), min_size=1)), st.integers(1, 30))
def test_a_tail_is_the_end_of_what_came_and_no_longer_than_allowed(lines: list[str], most: int) -> None:
    tail = Tail(most)
    for line in lines:
        tail.add(line)
    kept = tail.text()
    assert "\n".join(lines).endswith(kept)
    assert len(kept) <= most
    assert not lines or kept.endswith(lines[-1][-most:])
