"""From an uploaded file to a picture that may be kept: decoded, turned upright, made small, drawn anew.

Nothing is believed but the bytes: neither the file's name nor the type that the browser names. The header
says how large a picture would become, and a decompression bomb ends there, before a pixel is made.
"""

import struct
import warnings
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from io import BytesIO

from PIL import Image, ImageCms, ImageOps

#: The largest file that is looked at. What telephones make has 2 to 8 MB.
MAX_BYTES = 10_000_000
#: The most pixels that are decoded. Of a plain JPEG the decoder makes an eighth to a half at once, so the
#: 48 megapixels of a telephone need no more memory than a screenshot; whatever else is made whole.
MAX_PIXELS, MAX_PIXELS_OF_JPEG = 25_000_000, 60_000_000
#: How often a progressive JPEG is drawn over; the usual is ten. A few bytes are enough for one more time.
_MAX_SCANS = 64
_START_OF_SCAN = b"\xff\xda"
#: The longer side of what is kept.
MAX_SIDE = 1600
MIMETYPE = "image/webp"

# What is odd about a stranger's file is nothing for our log: it is refused, or drawn anew.
warnings.filterwarnings("ignore", module=r"PIL\.")

_FORMATS = ["JPEG", "PNG", "WEBP"]
#: The brands of ISO media files that hold HEVC pictures: what an iPhone makes unless it is told otherwise.
_HEIC = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
#: A colour profile beyond this is no camera's.
_MAX_PROFILE = 100_000
#: What Pillow's decoders raise for bytes that are no whole picture.
_BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    IndexError,
    KeyError,
    TypeError,
    OverflowError,
    struct.error,
)


class Problem(StrEnum):
    """Why a file is refused."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    TOO_MANY_PIXELS = "too_many_pixels"
    HEIC = "heic"
    NOT_A_PICTURE = "not_a_picture"
    BROKEN = "broken"
    TOO_MANY = "too_many"


class PictureInvalid(Exception):
    """A file that cannot be kept; ``problem`` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


@dataclass(frozen=True)
class Cleaned:
    """A WebP picture, its size in pixels, and its SHA-256."""

    content: bytes
    width: int
    height: int

    @property
    def digest(self) -> bytes:
        """32 bytes."""
        return sha256(self.content).digest()


def clean(raw: bytes) -> Cleaned:
    """The picture in a JPEG, PNG or WebP file, upright, in sRGB, without anything else the file said.

    Of several frames the first. Raises PictureInvalid. Takes a second or two: hold no lock meanwhile.
    """
    if not raw:
        raise PictureInvalid(Problem.EMPTY)
    if len(raw) > MAX_BYTES:
        raise PictureInvalid(Problem.TOO_LARGE)
    drawn = _decode(_open(raw))
    drawn.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS, reducing_gap=2.0)
    # Its own pixels and nothing else: encoders copy profiles from the picture's ``info``.
    fresh = Image.new("RGB", drawn.size, "white")
    fresh.paste(drawn, mask=drawn if drawn.mode == "RGBA" else None)
    out = BytesIO()
    fresh.save(out, "WEBP", quality=82, method=4)
    return Cleaned(out.getvalue(), *fresh.size)


def _open(raw: bytes) -> Image.Image:
    if raw[4:8] == b"ftyp" and raw[8:12] in _HEIC:
        raise PictureInvalid(Problem.HEIC)
    try:
        picture = Image.open(BytesIO(raw), formats=_FORMATS)
    except Image.DecompressionBombError:
        raise PictureInvalid(Problem.TOO_MANY_PIXELS) from None
    except _BROKEN:
        raise PictureInvalid(Problem.NOT_A_PICTURE) from None
    is_plain = picture.format in ("JPEG", "MPO") and not picture.info.get("progressive")
    if picture.width * picture.height > (MAX_PIXELS_OF_JPEG if is_plain else MAX_PIXELS):
        raise PictureInvalid(Problem.TOO_MANY_PIXELS)
    if picture.info.get("progressive") and raw.count(_START_OF_SCAN) > _MAX_SCANS:
        raise PictureInvalid(Problem.TOO_MANY_PIXELS)
    return picture


def _decode(picture: Image.Image) -> Image.Image:
    """The pixels, upright, as RGB or RGBA in sRGB."""
    try:
        # A JPEG is decoded at a fraction of its size, which is still at least twice what is kept.
        picture.draft(None, (2 * MAX_SIDE, 2 * MAX_SIDE))
        picture.load()
        upright = ImageOps.exif_transpose(picture)
        profile = picture.info.get("icc_profile")
        has_holes = upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info
        if profile and len(profile) <= _MAX_PROFILE and upright.mode == "RGB":
            return _in_srgb(upright, profile)
        return upright.convert("RGBA" if has_holes else "RGB")
    except Image.DecompressionBombError:
        raise PictureInvalid(Problem.TOO_MANY_PIXELS) from None
    except _BROKEN:
        raise PictureInvalid(Problem.BROKEN) from None


def _in_srgb(picture: Image.Image, profile: bytes) -> Image.Image:
    """Telephones photograph in Display P3, which looks dull without its profile; a bad one is forgotten."""
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        converted = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"))
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return picture
    return converted or picture
