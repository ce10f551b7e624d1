"""The audit page: who did what to which object, when, from where; and the same as a file."""

import csv
import io
from collections.abc import Iterable, Iterator
from itertools import islice
from tempfile import SpooledTemporaryFile
from typing import IO

from flask import abort, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from alliance import clock
from alliance.accounts.deeds import Deed, deeds
from alliance.web.extensions import db
from alliance.web.organizer import bp, lookups
from alliance.web.organizer.audit_lines import AuditLine, audit_lines, header
from alliance.web.organizer.forms import AuditForm

#: Entries on one page, and how many at a time go into the file.
PAGE, CHUNK = 50, 500
#: Bytes of a file that are kept in memory before they go to the disk.
MEMORY = 1_000_000


@bp.get("/audit")
def show_audit() -> ResponseReturnValue:
    """The entries of a period, today's by default, the newest first; ``before`` continues a list."""
    form = _form(request.args)
    if not form.validate():
        return _page(form), 422
    found = list(deeds(db.session, form.asked, before=form.before.data, limit=PAGE + 1))
    lines = list(audit_lines(db.session, found[:PAGE]))
    return _page(form, lines, more=len(found) > PAGE)


@bp.post("/audit")
def find_audit() -> ResponseReturnValue:
    """The filters as they were typed: a phone number becomes an account here and never stands in a URL."""
    form = _form(request.form)
    if not form.validate() or not form.find_account(db.session):
        return _page(form), 422
    return redirect(url_for("organizer.show_audit", **form.query), code=303)


@bp.get("/audit.csv")
def download_audit() -> ResponseReturnValue:
    """The whole period as CSV, in the same order."""
    form = _form(request.args)
    if not form.validate():
        return _page(form), 422
    return send_file(
        _csv(deeds(db.session, form.asked)),
        mimetype="text/csv",
        as_attachment=True,
        download_name=f"audit-{form.first.data}-{form.last.data}.csv",
    )


def _form(given: MultiDict[str, str]) -> AuditForm:
    today = clock.business_date(clock.now()).isoformat()
    typed = MultiDict({"from": today, "to": today} | given.to_dict())
    form = AuditForm(lookups.enterprise_choices(db.session), formdata=typed)
    # Nobody types these two: a link leads to something, or to nothing.
    if not (form.account.validate(form) and form.before.validate(form)):
        abort(404)
    if form.account.data:
        form.masked_phone = lookups.masked_phone(db.session, form.account.data) or abort(404)
    return form


def _page(form: AuditForm, lines: list[AuditLine] | None = None, more: bool = False) -> str:
    return render_template("organizer/show_audit.html", form=form, lines=lines, more=more)


def _csv(found: Iterator[Deed]) -> IO[bytes]:
    """Written to the end before it is sent, so that no slow line keeps a transaction open."""
    file = SpooledTemporaryFile(MEMORY)  # noqa: SIM115 - whoever sends it closes it
    # Excel takes a file for UTF-8 only when it begins with this mark.
    file.write(("\ufeff" + _rows([header()])).encode())
    while chunk := list(islice(found, CHUNK)):
        file.write(_rows(line.cells for line in audit_lines(db.session, chunk)).encode())
    file.seek(0)
    return file


def _rows(rows: Iterable[tuple[str, ...]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()
