"""Dates, numbers and zones as people write them."""

import pytest
from babel.core import get_global

from commitments import handwriting
from commitments.handwriting import find_zone, read_number, read_partial, read_zone, write_number


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2018", "2018"),
        ("2018-9", "2018-09"),
        (" 2018-09-30 ", "2018-09-30"),
        ("2018/9/30", "2018-09-30"),
        ("30.9.2018", "2018-09-30"),
        ("30. 9. 2018", "2018-09-30"),
        ("2018年", "2018"),
        ("2018年9月", "2018-09"),
        ("2018年9月30日", "2018-09-30"),
        ("２０１８年９月３０日", "2018-09-30"),
        ("二〇一八年", "2018"),
        ("二〇一八年十二月", "2018-12"),
        ("二零一八年十月二十一日", "2018-10-21"),
        ("二〇一八年九月三十日", "2018-09-30"),
        ("二〇一八年十三月", None),
        ("30 September 2018", "2018-09-30"),
        ("30. September 2018", "2018-09-30"),
        ("September 30th, 2018", "2018-09-30"),
        ("1 sept. 2018", "2018-09-01"),
        ("1 août 2018", "2018-08-01"),
        ("Mar 2018", "2018-03"),
        ("31 February 2018", None),
        ("30 Septober 2018", None),
        ("3/4/2018", None),  # the third of April, or the fourth of March
        ("2018-13", None),
        ("2018-02-30", None),
        ("soon", None),
        ("", None),
    ],
)
def test_a_date_is_read_as_precisely_as_it_is_written_and_never_guessed(written: str, read: str | None) -> None:
    assert read_partial(written) == read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("1 000 000", 1e6),
        ("1,000,000", 1e6),
        ("1.000.000", 1e6),
        ("1'000", 1000.0),
        ("1 234", 1234.0),
        ("1\u202f234,5", 1234.5),
        ("1.234,5", 1234.5),
        ("1,234.5", 1234.5),
        ("1 234,5", 1234.5),
        ("12.345.678,90", 12345678.9),
        ("1234.567", 1234.567),
        ("0.125", 0.125),
        ("0,125", 0.125),
        ("5,5", 5.5),
        ("5.5", 5.5),
        ("-5,5", -5.5),
        ("1000", 1000.0),
        ("５００", 500.0),
        ("500万", 5e6),
        ("1.2亿", 1.2e8),
        ("5 million", 5e6),
        ("2,5 Million", 2.5e6),
        ("many million", None),
        ("1.000万", None),
        ("1.000", None),  # a thousand, or one
        ("1,000", None),
        ("500.000", None),
        ("12,345", None),
        ("1.234.5", None),
        ("1,23,456", None),
        ("1.234.567.8", None),
        ("12 34", None),
        ("many", None),
        ("", None),
    ],
)
def test_a_number_is_read_with_comma_point_or_spaces_and_never_guessed(written: str, read: float | None) -> None:
    assert read_number(written) == read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Europe/London", "Europe/London"),
        ("shanghai", "Asia/Shanghai"),
        ("New York", "America/New_York"),
        ("Paris-ish", None),
    ],
)
def test_a_zone_is_read_by_its_name_or_its_city(written: str, read: str | None) -> None:
    assert read_zone(written) == read


@pytest.mark.parametrize(
    ("country", "zone"),
    [
        ("GB", "Europe/London"),
        ("CN", "Asia/Shanghai"),
        ("DE", "Europe/Berlin"),
        ("MY", "Asia/Kuala_Lumpur"),
        ("US", None),
        ("ES", None),
        ("XX", None),
    ],
)
def test_a_country_with_one_official_time_has_its_zone(country: str, zone: str | None) -> None:
    assert find_zone(country) == zone


def test_the_official_zones_are_zones_of_their_countries() -> None:
    for country, zone in handwriting._OFFICIAL_ZONES.items():
        assert zone in get_global("territory_zones")[country] and read_zone(zone) == zone, country


@pytest.mark.parametrize("value", [0.0, 1000.0, 1.234, -12.345, 0.125, 1234.567, 5.5, 1e-7])
def test_a_number_on_record_is_written_so_that_it_is_read_again(value: float) -> None:
    assert read_number(write_number(value)) == value
