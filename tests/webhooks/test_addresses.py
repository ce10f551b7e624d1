"""Which addresses are public, and which URLs a merchant may give."""

from ipaddress import ip_address

import pytest

from alliance.config import Settings
from alliance.webhooks.addresses import Reach, UrlInvalid, check_url, is_public


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255",
        "192.168.1.1", "169.254.0.1", "169.254.169.254", "100.64.0.1", "100.100.100.200", "168.63.129.16",
        "192.0.0.192", "192.0.2.1", "192.88.99.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1",
        "239.255.255.250", "240.0.0.1", "255.255.255.255",
        "::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:8.8.8.8", "fe80::1",
        "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "64:ff9b::7f00:1", "64:ff9b::808:808",
        "64:ff9b:1::1", "2001::1", "2001:db8::1", "2002:7f00:1::1", "2002:808:808::1", "4000::1",
    ],
)  # fmt: skip
def test_it_is_not_public(address):
    assert not is_public(ip_address(address))
    assert not Reach(http=True).allows(ip_address(address))


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "1.1.1.1", "100.63.255.255", "172.32.0.1", "2606:4700::1111", "2400:3200::1"]
)
def test_it_is_public(address):
    assert is_public(ip_address(address))


def test_ports():
    assert [Reach().allows_port(port) for port in (443, 80, 22, 8443)] == [True, False, False, False]
    assert [Reach(http=True).allows_port(port) for port in (443, 80, 8080)] == [True, True, False]
    assert Reach(private=True).allows_port(8080)


def test_production_reaches_least():
    production = Settings(environment="production", secret_key="x" * 32)
    assert Reach.of(production) == Reach(http=False, private=False)
    assert Reach.of(Settings(environment="local")) == Reach(http=True, private=False)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://pos.example.com", "https://pos.example.com/"),
        ("  HTTPS://POS.Example.com:443/Hook?k=1 ", "https://pos.example.com/Hook?k=1"),
        (
            "https://对账.example.cn/回调?店=1",
            "https://xn--cet675i.example.cn/%E5%9B%9E%E8%B0%83?%E5%BA%97=1",
        ),
        ("https://pos.example.com./a%20b", "https://pos.example.com/a%20b"),
        ("https://8.8.8.8/hook", "https://8.8.8.8/hook"),
        ("https://[2606:4700::1111]/", "https://[2606:4700::1111]/"),
    ],
)
def test_it_is_kept_as_ascii(given, kept):
    found = check_url(given, Reach())
    assert found == kept
    assert check_url(found, Reach()) == found


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("", "missing"),
        ("   ", "missing"),
        ("pos.example.com", "not_a_url"),
        ("https://pos.example.com/ a", "not_a_url"),
        ("https://pos.example.com\\@127.0.0.1/", "not_a_url"),
        ("https://[::1", "not_a_url"),
        ("https://pos.example.com:99999/", "not_a_url"),
        ("http://pos.example.com/", "scheme"),
        ("ftp://pos.example.com/", "scheme"),
        ("file:///etc/passwd", "scheme"),
        ("https://user:word@pos.example.com/", "userinfo"),
        ("https://pos.example.com@127.0.0.1/", "userinfo"),
        ("https://pos.example.com/#a", "fragment"),
        ("https://", "host"),
        ("https:///hook", "host"),
        ("https://a..example.com/", "host"),
        ("https://-a.example.com/", "host"),
        ("https://pos.exa%6dple.com/", "host"),
        ("https://" + "a" * 64 + ".com/", "host"),
        ("https://2130706433/", "host"),
        ("https://0x7f000001/", "host"),
        ("https://0x7f.0x0.0x0.0x1/", "host"),
        ("https://0177.0.0.1/", "host"),
        ("https://127.1/", "host"),
        ("https://[fe80::1%25eth0]/", "host"),
        ("https://pos.example.com:8443/", "port"),
        ("https://pos.example.com:80/", "port"),
        ("https://pos.example.com:0/", "port"),
        ("https://localhost/", "private"),
        ("https://pos.localhost/", "private"),
        ("https://pos/", "private"),
        ("https://pos.local/", "private"),
        ("https://127.0.0.1/", "private"),
        ("https://１２７.0.0.1/", "private"),
        ("https://127。0。0。1/", "private"),
        ("https://10.1.2.3/", "private"),
        ("https://169.254.169.254/latest/meta-data/", "private"),
        ("https://[::1]/", "private"),
        ("https://[::ffff:127.0.0.1]/", "private"),
        ("https://pos.example.com/" + "a" * 500, "too_long"),
    ],
)
def test_it_is_refused_with_the_reason(given, problem):
    with pytest.raises(UrlInvalid) as caught:
        check_url(given, Reach())
    assert caught.value.problem == problem


def test_plain_http_only_where_it_is_allowed():
    assert check_url("http://pos.example.com:80/a", Reach(http=True)) == "http://pos.example.com/a"
    with pytest.raises(UrlInvalid, match="port"):
        check_url("http://pos.example.com:443/", Reach(http=True))
    assert check_url("http://127.0.0.1:5000/a", Reach(private=True)) == "http://127.0.0.1:5000/a"
