"""Taking in a picture: the only request that may be large, and only from somebody who is signed in."""

from flask import g, request, session, url_for
from flask_babel import lazy_gettext as _l

from alliance import clock
from alliance.pictures.intake import MAX_BYTES, Cleaned, PictureInvalid, Problem, clean
from alliance.pictures.keep import keep
from alliance.web.errors import invalid_field
from alliance.web.extensions import db

ENDPOINTS = frozenset({"employee.upload_picture", "enterprise.upload_picture"})
#: The file, and the form around it.
MAX_REQUEST_BYTES = MAX_BYTES + 100_000

WORDS = {
    Problem.EMPTY: _l("没有收到图片，请重新选择。"),
    Problem.TOO_LARGE: _l("图片超过 10 MB，请换一张小一些的。"),
    Problem.TOO_MANY_PIXELS: _l("图片的尺寸太大，请缩小后再上传。"),
    Problem.HEIC: _l(
        "这是苹果手机的 HEIC 照片，这里打不开。请截图后上传，或在“设置 › 相机 › 格式”里选“兼容性最佳”后重拍。"
    ),
    Problem.NOT_A_PICTURE: _l("这个文件不是 JPEG、PNG 或 WebP 图片，请换一张照片。"),
    Problem.BROKEN: _l("图片不完整或已损坏，请重新拍一张或换一张。"),
    Problem.TOO_MANY: _l("一天内上传的图片太多了，请明天再传。"),
}


def make_room() -> None:
    """Let this request be as large as a picture, if it brings one and its cookie says who comes.

    The cookie is signed; whether the sign-in still stands is looked up later, as for every request.
    """
    if request.endpoint in ENDPOINTS and "_user_id" in session:
        request.max_content_length = MAX_REQUEST_BYTES


def take_in(merchant_id: int, most: int) -> dict[str, object]:
    """Keep the picture of the form's field ``picture``: ``{id, url, width, height}``; ends with 422."""
    file = request.files.get("picture")
    by, at = g.actor, clock.now()
    # Decoding takes a second or two. On SQLite the transaction that looked up who comes has the turn of all
    # writers, and a counter waits behind it: it is given back, and what follows is a transaction of its own.
    db.session.rollback()
    try:
        cleaned: Cleaned = clean(file.read(MAX_BYTES + 1) if file else b"")
        picture = keep(db.session, merchant_id, cleaned, most, by, at)
    except PictureInvalid as invalid:
        invalid_field("picture", str(WORDS[invalid.problem]))
    db.session.commit()
    return {
        "id": str(picture.id),
        "url": url_for("pictures.show", merchant_id=merchant_id, picture_id=picture.id),
        "width": picture.width,
        "height": picture.height,
    }
