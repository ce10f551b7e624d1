"""Files as telephones and attackers make them."""

import struct
import zlib
from io import BytesIO

from PIL import Image

#: What must never come back out.
SECRETS = (b"SecretCam", "吉林市某小区".encode(), b"xmp-secret", b"Exif")


def photo(
    format_: str = "JPEG", size: tuple[int, int] = (40, 30), colour: object = "red", **options
) -> bytes:
    """A plain picture of one colour."""
    out = BytesIO()
    Image.new(options.pop("mode", "RGB"), size, colour).save(out, format_, **options)
    return out.getvalue()


def gps_photo(format_: str = "JPEG", orientation: int = 6) -> bytes:
    """A photo with a place, a camera and XMP, lying on its side: the left half red, the right half blue."""
    picture = Image.new("RGB", (80, 40), "blue")
    picture.paste("red", (0, 0, 40, 40))
    exif = Image.Exif()
    exif[0x0112], exif[0x010F], exif[0x9286] = orientation, "SecretCam", "吉林市某小区".encode()
    gps = exif.get_ifd(0x8825)
    gps[1], gps[2], gps[3], gps[4] = "N", (43.0, 51.0, 17.0), "E", (126.0, 33.0, 9.0)
    out = BytesIO()
    options = (
        {"xmp": b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>xmp-secret</x:xmpmeta>"} if format_ != "PNG" else {}
    )
    picture.save(out, format_, exif=exif, **options)
    return out.getvalue()


def png_bomb(width: int = 60_000, height: int = 60_000) -> bytes:
    """A small PNG that would become gigabytes."""
    pixels = zlib.compress(b"\0" * (width // 8 + 1) * 100)
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", pixels) + _chunk(b"IEND", b"")


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def heic() -> bytes:
    """The beginning of what an iPhone makes."""
    return struct.pack(">I", 24) + b"ftypheic" + b"\0\0\0\0mif1heic" + b"\0" * 100
