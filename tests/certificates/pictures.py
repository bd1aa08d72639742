"""Pages as pictures, for programs that look at them."""

import zlib


def grey(png: bytes) -> tuple[bytes, int, int]:
    """A PNG of 8 bits a sample (W3C PNG §12), as one byte a dot, with its width and height."""
    at, parts, size = 8, b"", (0, 0)
    channels = 1
    while at < len(png):
        length, name = int.from_bytes(png[at : at + 4], "big"), png[at + 4 : at + 8]
        body = png[at + 8 : at + 8 + length]
        if name == b"IHDR":
            size = int.from_bytes(body[:4], "big"), int.from_bytes(body[4:8], "big")
            assert body[8] == 8
            channels = {0: 1, 2: 3, 4: 2, 6: 4}[body[9]]
        parts += body if name == b"IDAT" else b""
        at += 12 + length
    width, height = size
    data, stride, dots = zlib.decompress(parts), width * channels, bytearray()
    before = bytearray(stride)
    for row in range(height):
        kind, line = data[row * (stride + 1)], bytearray(data[row * (stride + 1) + 1 : (row + 1) * (stride + 1)])
        if kind == 2 and not any(line):
            line = before
            kind = 0
        for x in range(stride if kind else 0):
            left = line[x - channels] if x >= channels else 0
            corner = before[x - channels] if x >= channels else 0
            line[x] = (line[x] + _predicted(kind, left, before[x], corner)) & 255
        dots += line[::channels]
        before = line
    return bytes(dots), width, height


def _predicted(kind: int, left: int, above: int, corner: int) -> int:
    if kind == 4:
        wanted = left + above - corner
        return min((left, above, corner), key=lambda value: abs(wanted - value))
    return (0, left, above, (left + above) // 2)[kind]
