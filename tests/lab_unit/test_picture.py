"""What tells a desktop from a console and from a screen that is off, on pictures as QMP's screendump writes them."""

import pytest

from netboot.lab.picture import picture

SMOOTH = [bytes((level, level // 2, shade)) for level in range(256) for shade in (0, 128)]
CONSOLE = [bytes((level, level, level)) for level in range(0, 256, 16)]


def ppm(width: int, height: int, colours: list[bytes], *, black: float) -> bytes:
    size = width * height
    dark = int(size * black)
    rest = b"".join(colours[number % len(colours)] for number in range(size - dark))
    return b"P6\n%d %d\n255\n" % (width, height) + bytes(3 * dark) + rest


def test_a_desktop_is_one_on_a_black_background_too() -> None:
    assert picture(ppm(1280, 800, SMOOTH, black=0.0)).is_desktop
    # Xfce of Debian 13 without a wallpaper, as it was seen: 94 % black, 3,363 colours.
    assert picture(ppm(1280, 800, SMOOTH, black=0.94)).is_desktop


@pytest.mark.parametrize(
    "shown",
    [
        ppm(1280, 800, SMOOTH, black=1.0),
        ppm(1280, 800, CONSOLE, black=0.5),
        ppm(1280, 800, CONSOLE, black=0.0),
        ppm(720, 400, SMOOTH, black=0.0),
    ],
)
def test_a_black_screen_and_a_console_are_none(shown: bytes) -> None:
    assert not picture(shown).is_desktop


@pytest.mark.parametrize("data", [b"P5\n2 2\n255\n" + bytes(4), b"P6\n2 2\n255\n" + bytes(11), b"P6\n0 0\n255\n "])
def test_what_is_no_picture_is_told(data: bytes) -> None:
    with pytest.raises(ValueError, match="PPM"):
        picture(data)
