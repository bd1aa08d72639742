"""What real tools printed of drives that erase themselves: `recorded/answers/`, for tests of their readers."""

from pathlib import Path

RECORDED = Path(__file__).parent / "recorded" / "answers"


def answer(name: str) -> str:
    """A recorded output without the lines that tell its origin."""
    lines = (RECORDED / f"{name}.txt").read_text(encoding="utf-8").splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith("# "))
