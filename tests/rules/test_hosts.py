"""What a webhook can reach: the public internet, and nothing of the house, however the address is dressed up."""

from collections.abc import Iterable

import pytest

from notifications.hosts import HostRefused, check_host, find_addresses, is_public


# fmt: off
@pytest.mark.parametrize(("address", "public", "sentence"), [
    ("93.184.215.14", True, "an address of the internet"),
    ("1.1.1.1", True, "another"),
    ("100.63.255.255", True, "just below the shared block of carriers"),
    ("100.128.0.0", True, "just above it"),
    ("172.15.255.255", True, "just below the private block"),
    ("172.32.0.0", True, "just above it"),
    ("2606:2800:220:1:248:1893:25c8:1946", True, "an IPv6 address of the internet"),
    ("2400:cb00::1", True, "another"),
    ("127.0.0.1", False, "this machine"),
    ("127.255.255.254", False, "this machine by another number"),
    ("0.0.0.0", False, "this machine as well, on Linux"),
    ("0.1.2.3", False, "this network"),
    ("10.0.0.1", False, "private"),
    ("172.16.0.1", False, "private"),
    ("172.31.255.255", False, "private to its end"),
    ("192.168.1.1", False, "private"),
    ("169.254.169.254", False, "link-local: where clouds keep their keys"),
    ("100.64.0.1", False, "shared by a carrier's customers"),
    ("100.127.255.255", False, "shared to its end"),
    ("100.100.100.200", False, "another cloud's keys"),
    ("192.0.0.192", False, "protocol assignments"),
    ("192.0.2.1", False, "for documents only"),
    ("192.88.99.1", False, "the relay of 6to4"),
    ("198.18.0.1", False, "for benchmarks only"),
    ("224.0.0.1", False, "many at once"),
    ("239.255.255.250", False, "many at once, of the house"),
    ("240.0.0.1", False, "reserved"),
    ("255.255.255.255", False, "everyone here"),
    ("::1", False, "this machine"),
    ("::", False, "this machine, unspecified"),
    ("::ffff:127.0.0.1", False, "this machine, mapped"),
    ("::ffff:10.0.0.1", False, "private, mapped"),
    ("::ffff:93.184.215.14", False, "mapped at all"),
    ("::127.0.0.1", False, "this machine in the old compatible form"),
    ("64:ff9b::7f00:1", False, "this machine through NAT64"),
    ("64:ff9b::a00:1", False, "private through NAT64"),
    ("64:ff9b:1::1", False, "NAT64 of the house"),
    ("2002:7f00:1::", False, "this machine through 6to4"),
    ("2002:a00:1::1", False, "private through 6to4"),
    ("2001:0:7f00:1::", False, "through Teredo"),
    ("2001:db8::1", False, "for documents only"),
    ("fe80::1", False, "link-local"),
    ("fe80::1%eth0", False, "link-local with its link"),
    ("fec0::1", False, "of the site, in the old form"),
    ("fc00::1", False, "of the house"),
    ("fd00:ec2::254", False, "of the house: a cloud's keys"),
    ("ff02::1", False, "many at once"),
    ("3fff::1", False, "for documents only"),
    ("100::1", False, "thrown away"),
    ("nowhere", False, "no address at all"),
])
def test_an_address_is_public_or_it_is_not_reached(address: str, public: bool, sentence: str) -> None:
    assert is_public(address) is public, sentence


@pytest.mark.parametrize("host", [
    "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "127.1", "127.0.1", "0", "0x0", "0177.0x0.1", "127.0.0.1.",
    "localhost", "intranet", "", ".", "a..b", "-a.example", "a_b.example", "exa mple.com", "a.example/", "a@b.example",
    "１２７.０.０.１", "①②⑦.0.0.1", "[::1]", "a.example:80", "example.0x7f", "x.1", "a" * 64 + ".example",
    "a." * 130 + "example",
])
def test_a_host_in_a_form_that_could_hide_an_address_is_refused(host: str) -> None:
    with pytest.raises(HostRefused):
        find_addresses(host, 443, resolve=lambda _name, _port: ["127.0.0.1"])
# fmt: on


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("Desk.City.Example", "desk.city.example"),
        ("münchen.example", "xn--mnchen-3ya.example"),
        ("a.example.", "a.example"),
    ],
)
def test_a_host_is_looked_up_in_one_form(host: str, name: str) -> None:
    assert check_host(host) == name


def test_a_name_that_leads_outside_and_inside_is_refused_whole() -> None:
    with pytest.raises(HostRefused, match="leads inside"):
        find_addresses("desk.example", 443, resolve=lambda *_: ["93.184.215.14", "10.0.0.1"])


def test_a_name_is_looked_up_once_so_that_it_cannot_lead_elsewhere_a_moment_later() -> None:
    asked = 0

    def rebind(_name: str, _port: int) -> Iterable[str]:
        nonlocal asked
        asked += 1
        return ["93.184.215.14"] if asked == 1 else ["127.0.0.1"]

    assert find_addresses("desk.example", 443, resolve=rebind) == ["93.184.215.14"]
    assert asked == 1
