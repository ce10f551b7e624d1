"""When 春节 falls: it moves between January and February and takes a month's figures with it.

The holiday here is 除夕 to 正月初七, eight days, as the State Council has arranged it since 2025. Before, it
had seven days, and single years add bridging days. For telling whether a comparison is moved by the holiday,
the same eight days in every year serve better.
"""

from datetime import date, timedelta

FIRST_YEAR, LAST_YEAR = 1900, 2100

# 正月初一 of each year, as days after 21 January, the earliest day it can be.
# The rule (GB/T 33661-2017): a lunar month begins on the day of the new moon at UTC+8, and the winter
# solstice lies in month 11. Computed by it from the new moons and solar terms of the library
# astronomy-engine, and found the same in sxtwl (寿星万年历), lunar-python and, up to 2099, lunardate; but for
# 1916, where the new moon came six minutes past midnight at UTC+8: before midnight by the time Beijing kept.
# Close to midnight as well: 2027 (23:56, so 6 February) and 2030 (00:08, so 3 February), where some tables,
# ICU's among them, are a day off.
# fmt: off
_NEW_YEAR = (
    10, 29, 18, 8, 26, 14, 4, 23, 12, 1,  # 1900
    20, 9, 28, 16, 5, 24, 13, 2, 21, 11,  # 1910
    30, 18, 7, 26, 15, 3, 23, 12, 2, 20,  # 1920
    9, 27, 16, 5, 24, 14, 3, 21, 10, 29,  # 1930
    18, 6, 25, 15, 4, 23, 12, 1, 20, 8,  # 1940
    27, 16, 6, 24, 13, 3, 22, 10, 28, 18,  # 1950
    7, 25, 15, 4, 23, 12, 0, 19, 9, 27,  # 1960
    16, 6, 25, 13, 2, 21, 10, 28, 17, 7,  # 1970
    26, 15, 4, 23, 12, 30, 19, 8, 27, 16,  # 1980
    6, 25, 14, 2, 20, 10, 29, 17, 7, 26,  # 1990
    15, 3, 22, 11, 1, 19, 8, 28, 17, 5,  # 2000
    24, 13, 2, 20, 10, 29, 18, 7, 26, 15,  # 2010
    4, 22, 11, 1, 20, 8, 27, 16, 5, 23,  # 2020
    13, 2, 21, 10, 29, 18, 7, 25, 14, 3,  # 2030
    22, 11, 1, 20, 9, 27, 16, 5, 24, 12,  # 2040
    2, 21, 11, 29, 18, 7, 25, 14, 3, 22,  # 2050
    12, 0, 19, 8, 27, 15, 5, 24, 13, 2,  # 2060
    21, 10, 29, 17, 6, 25, 15, 3, 22, 12,  # 2070
    1, 19, 8, 27, 16, 5, 24, 13, 3, 20,  # 2080
    9, 28, 17, 6, 25, 15, 4, 22, 11, 0,  # 2090
    19,  # 2100
)
# fmt: on


def new_year(year: int) -> date:
    """正月初一 in ``year``. Raises ValueError before 1900 and after 2100."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValueError("no lunar new year is known for this year")
    return date(year, 1, 21) + timedelta(days=_NEW_YEAR[year - FIRST_YEAR])


def holiday(year: int) -> tuple[date, date]:
    """The first and last day of the holiday in ``year``: 除夕 and 正月初七."""
    first = new_year(year)
    return first - timedelta(days=1), first + timedelta(days=6)
