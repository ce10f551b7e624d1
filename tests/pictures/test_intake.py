"""What is kept of an uploaded file: its pixels, upright, and nothing else."""

from contextlib import suppress
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from alliance.pictures.intake import (
    MAX_BYTES,
    MAX_PIXELS,
    MAX_SIDE,
    PictureInvalid,
    Problem,
    clean,
)
from tests.pictures.photos import SECRETS, gps_photo, heic, photo, png_bomb


def pixels(content: bytes) -> Image.Image:
    return Image.open(BytesIO(content)).convert("RGB")


def refused(raw: bytes) -> Problem:
    with pytest.raises(PictureInvalid) as caught:
        clean(raw)
    return caught.value.problem


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP"])
def test_it_keeps_the_picture_and_no_byte_of_what_else_the_file_said(format_):
    raw = gps_photo(format_)
    assert b"SecretCam" in raw
    cleaned = clean(raw)
    for secret in (*SECRETS, b"GPS", b"EXIF", b"ICCP", b"XMP"):
        assert secret not in cleaned.content, secret
    kept = Image.open(BytesIO(cleaned.content))
    assert kept.format == "WEBP"
    assert not kept.getexif()
    assert not {"exif", "xmp", "icc_profile"} & kept.info.keys()
    # Only the chunk of the pixels is in the file.
    assert cleaned.content[8:15] == b"WEBPVP8"


def test_what_lay_on_its_side_stands_upright():
    cleaned = clean(gps_photo(orientation=6))
    assert (cleaned.width, cleaned.height) == (40, 80)
    top, bottom = pixels(cleaned.content).getpixel((20, 10)), pixels(cleaned.content).getpixel((20, 70))
    assert top[0] > 200 > top[2]
    assert bottom[2] > 200 > bottom[0]


def test_what_is_large_becomes_small_and_what_is_small_stays():
    large = clean(photo(size=(4000, 3000)))
    assert (large.width, large.height) == (MAX_SIDE, 1200)
    assert (clean(photo()).width, clean(photo()).height) == (40, 30)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "L", "1"])
def test_what_is_transparent_stands_on_white(mode):
    transparent = {"RGBA": (0, 0, 0, 0), "LA": (0, 0), "P": 0, "L": 255, "1": 1}[mode]
    options = {"transparency": 0} if mode == "P" else {}
    kept = pixels(clean(photo("PNG", mode=mode, colour=transparent, **options)).content)
    assert min(kept.getpixel((5, 5))) > 250


def test_a_print_shops_cmyk_is_taken():
    assert clean(photo(mode="CMYK", colour=(0, 255, 255, 0))).width == 40


def test_colours_of_another_profile_are_converted_and_the_profile_is_gone():
    swapped = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    cleaned = clean(photo(colour=(200, 30, 30), icc_profile=swapped))
    assert abs(pixels(cleaned.content).getpixel((5, 5))[0] - 200) < 12
    assert b"ICCP" not in cleaned.content
    broken = clean(photo(colour=(200, 30, 30), icc_profile=b"no profile at all"))
    assert abs(pixels(broken.content).getpixel((5, 5))[0] - 200) < 12


def test_of_several_frames_the_first_is_kept():
    out = BytesIO()
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    frames[0].save(out, "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    assert pixels(clean(out.getvalue()).content).getpixel((5, 5))[0] > 200


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (b"", Problem.EMPTY),
        (b"\xff\xd8" + b"\0" * MAX_BYTES, Problem.TOO_LARGE),
        (png_bomb(), Problem.TOO_MANY_PIXELS),
        (png_bomb(20_000, 10_000), Problem.TOO_MANY_PIXELS),
        (heic(), Problem.HEIC),
        (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', Problem.NOT_A_PICTURE),
        (b"<!doctype html><script>alert(1)</script>", Problem.NOT_A_PICTURE),
        (photo("GIF"), Problem.NOT_A_PICTURE),
        (photo("BMP"), Problem.NOT_A_PICTURE),
        (photo("TIFF"), Problem.NOT_A_PICTURE),
        (b"%PDF-1.7", Problem.NOT_A_PICTURE),
        (photo(size=(900, 900))[:1500], Problem.BROKEN),
        (photo("PNG", size=(300, 300))[:80], Problem.BROKEN),
    ],
)
def test_it_refuses_what_is_no_picture_it_may_keep(raw, problem):
    assert refused(raw) is problem


def test_html_behind_a_pictures_pixels_does_not_come_through():
    cleaned = clean(photo() + b"<script>alert(1)</script>")
    assert b"script" not in cleaned.content


def test_a_jpeg_that_is_drawn_over_ten_thousand_times_is_refused():
    raw = photo(size=(600, 600), progressive=True)
    assert clean(raw).width == 600
    scan = raw[raw.rindex(b"\xff\xda") : -2]
    assert refused(raw[:-2] + scan * 10_000 + raw[-2:]) is Problem.TOO_MANY_PIXELS


def test_a_progressive_jpeg_has_the_lower_limit():
    side = int(MAX_PIXELS**0.5) + 10
    assert refused(photo(size=(side, side), progressive=True)) is Problem.TOO_MANY_PIXELS
    assert clean(photo(size=(side, side))).width == MAX_SIDE


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from([gps_photo("JPEG"), gps_photo("PNG"), gps_photo("WEBP")]),
    st.lists(st.tuples(st.integers(0, 5000), st.binary(max_size=4)), min_size=1, max_size=6),
)
def test_a_damaged_file_is_refused_or_kept_but_never_breaks_it(raw, damage):
    bent = bytearray(raw)
    for place, junk in damage:
        place %= len(bent)
        bent[place : place + len(junk)] = junk
    with suppress(PictureInvalid):
        assert clean(bytes(bent)).width <= MAX_SIDE
