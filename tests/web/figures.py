"""A month of figures with a small group in it: what pages show of it, and what they must not."""

import csv
import io
import re
from datetime import timedelta
from typing import Any

from flask.testing import FlaskClient
from python_calamine import CalamineWorkbook

from alliance.circulation.periods import parse
from alliance.circulation.tables import Tables, tables
from alliance.enterprises.models import Category
from alliance.money import format_yuan
from alliance.offers.pricing import Discount
from alliance.people.models import Holder
from alliance.store import one_snapshot
from tests.web.people import Scene, text

#: The month before the scene's today.
MONTH = "2026-02"
EAST, WEST = "220204001000", "220204002000"


class Figures:
    """A scene with six people of the garage and six of the dairy, and one who goes where nobody else does."""

    def __init__(self, scene: Scene) -> None:
        self.scene, self.world = scene, scene.world
        world, at = self.world, scene.at - timedelta(days=10)
        self.at = at
        self.bakery = world._enterprise("91220204MA00000236", "吉林市北山面包房", world.east)
        self.bakery.category = Category.DINING
        self.oven = world._outlet(self.bakery, "B1", "北山面包房总店", world.east)
        world.live_offer(self.bakery, "BUN", Discount(pay_permille=500), limit_total=100)
        mechanics = self.crowd(world.garage, "8")
        self.milkmen = milkmen = self.crowd(world.dairy, "9")
        for i, (mechanic, milkman) in enumerate(zip(mechanics, milkmen, strict=True)):
            world.redeem(10000 + 100 * i, holder=mechanic, at=at)
            world.redeem(3000 + 100 * i, offer="BUN", holder=mechanic, outlet=self.oven, at=at)
            world.redeem(7000 + 100 * i, holder=milkman, at=at)
            world.redeem(5000 + 100 * i, offer="WASH", holder=milkman, outlet=world.garage_hall, at=at)
        # Nobody else goes there: ¥987.60 at the kiosk in the west, ¥333.30 from the west to the west.
        world.redeem(123450, holder=milkmen[0], outlet=world.dairy_kiosk, at=at)
        world.redeem(66660, offer="WASH", holder=mechanics[0], outlet=world.garage_hall, at=at)
        scene.session.commit()

    def crowd(self, employer: Any, number: str, people: int = 6) -> list[Holder]:
        """New employees."""
        return [
            self.world.employee(employer, f"{number}{i}", f"员工{number}{i}", f"+861370000{number}{i:03}")
            for i in range(people)
        ]

    def tables(self) -> Tables:
        """Everything, as the data officer has it."""
        session = self.scene.afresh()
        with one_snapshot(session):
            return tables(session, parse(MONTH))

    def secrets(self) -> set[int]:
        """The paid amounts of what is hidden, in 分, but for those that something shown has too."""
        found = self.tables()
        cells = [*found.flows.values(), *found.outlets.values(), *found.offers.values()]
        hidden = {cell.paid_fen for cell in cells if cell.is_hidden}
        return hidden - {cell.paid_fen for cell in cells if not cell.is_hidden}


def keeps(client: FlaskClient, path: str, secrets: set[int], files: list[str]) -> None:
    """That none of the secrets stands on the page, nor in its files."""
    assert secrets
    page = text(client.get(path))
    yuan = {format_yuan(fen) for fen in secrets}
    assert not [said for said in yuan if said in page]
    assert not {str(fen) for fen in secrets} & set(re.findall(r'data-value="(-?\d+)"', page))
    for name in files:
        for form in ("csv", "xlsx"):
            rows = file_rows(client, f"{path}&table={name}", form)
            amounts = {round(float(cell) * 100) for row in rows for cell in row if _is_number(cell)}
            assert len(rows) > 1
            assert not amounts & secrets, (name, form)


def file_rows(client: FlaskClient, path: str, form: str = "csv") -> list[list[str]]:
    """The rows of a file, the head first."""
    answer = client.get(f"{path}&as={form}")
    assert answer.status_code == 200, text(answer)
    if form == "csv":
        return list(csv.reader(io.StringIO(answer.get_data().decode("utf-8-sig"))))
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(answer.get_data())).get_sheet_by_index(0)
    return [[str(cell) for cell in row] for row in sheet.to_python()]


def table(page: str, id_: str) -> dict[str, list[str]]:
    """The rows of one of the page's tables by their names."""
    body = page.split(f'id="{id_}"')[1].split("</figure>")[0].split("<tbody>")[1]
    found = re.findall(r'<tr><th scope="row">(.*?)</th>(.*?)</tr>', body, re.S)
    return {
        words(name): [words(cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", cells, re.S)]
        for name, cells in found
    }


def words(html: str) -> str:
    """Without its tags."""
    return " ".join(re.sub(r"<[^>]+>", "", html).split())


def _is_number(cell: str) -> bool:
    return bool(re.fullmatch(r"-?\d+(\.\d+)?", cell))
