"""Which URLs and which addresses are contacted at all."""

from __future__ import annotations

import contextlib
import ipaddress
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import httpcore
import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.clock import SystemClock
from bot.config import FetchConfig, load
from bot.errors import AcquireError, BlockedError, ConfigError, UnsupportedError
from bot.fetch import Fetcher, check_url, host_of, refusal
from bot.fetch.guard import Deadline, GuardedBackend
from bot.fetch.machine import interfaces
from bot.loopback.http import LoopbackServer, Response

FORBIDDEN = [
    "0.0.0.0",
    "10.0.0.5",
    "100.64.0.1",
    "100.127.255.255",
    "127.0.0.1",
    "127.8.9.1",
    "169.254.169.254",
    "168.63.129.16",
    "192.80.8.124",
    "100.100.100.200",
    "fd00:ec2::254",
    "::ffff:168.63.129.16",
    "64:ff9b::a83f:8110",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.2.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.7",
    "203.0.113.9",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::10.0.0.5",
    "::8.8.8.8",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.5",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::808:808",
    "2002:7f00:1::",
    "2002:c0a8:101::1",
    "2001:0:808:808:0:0:f5ff:fffa",  # Teredo for the client 10.0.0.5
    "2001:0:7f00:1:0:0:f7f7:f7f7",  # Teredo by way of a server at 127.0.0.1
    "2001:0:808:808:0:0:f7f7:f7f7",  # Teredo, public on both sides
    "100::1",
    "2001:db8::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fe80::1%eth0",
    "2606:4700::1%1",
    "fec0::1",
    "ff02::1",
    "",
    "localhost",
    "127.1",
]
PUBLIC = [
    "8.8.8.8",
    "1.1.1.1",
    "100.63.255.255",
    "100.128.0.1",
    "172.15.255.255",
    "172.32.0.1",
    "192.0.1.1",
    "2000::1",
    "2606:4700:4700::1111",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
    "2002:808:808::1",
]


@pytest.mark.parametrize("address", FORBIDDEN)
def test_addresses_inside_any_network_are_refused(address: str) -> None:
    """Loopback, private, link-local, reserved and multicast addresses are refused in every disguise."""
    assert refusal(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_pass(address: str) -> None:
    """Public addresses pass, also where IPv6 only wraps a public IPv4 address."""
    assert refusal(address) is None


@given(st.ip_addresses(v=4))
def test_wrapping_never_makes_an_address_better(address: ipaddress.IPv4Address) -> None:
    """An IPv4 address that is refused is refused as mapped, compatible, NAT64, 6to4 and Teredo address too."""
    number = int(address)
    wrapped = [
        ipaddress.IPv6Address((0xFFFF << 32) | number),
        ipaddress.IPv6Address(number),
        ipaddress.IPv6Address((0x64FF9B << 96) | number),
        ipaddress.IPv6Address((0x2002 << 112) | (number << 80)),
        ipaddress.IPv6Address((0x20010000 << 96) | (0x08080808 << 64) | (number ^ 0xFFFFFFFF)),
    ]
    if refusal(str(address)):
        assert all(refusal(str(other)) for other in wrapped)


@given(st.ip_addresses(v=4))
def test_the_list_is_at_least_as_strict_as_the_standard_library(address: ipaddress.IPv4Address) -> None:
    """What the standard library holds for private, loopback, link-local, multicast or reserved never passes."""
    special = address.is_private or address.is_loopback or address.is_link_local
    if special or address.is_multicast or address.is_reserved or address.is_unspecified:
        assert refusal(str(address)) or address in ipaddress.IPv4Network("192.0.0.0/24")


@given(st.ip_addresses(v=6))
@pytest.mark.slow
def test_only_global_unicast_or_wrapped_ipv6_passes(address: ipaddress.IPv6Address) -> None:
    """An IPv6 address passes only inside 2000::/3 or as a wrapped IPv4 address."""
    if refusal(str(address)) is None:
        wraps = address.ipv4_mapped is not None or address in ipaddress.IPv6Network("64:ff9b::/96")
        assert wraps or address in ipaddress.IPv6Network("2000::/3")


NOT_NAMES = """
127.0.0.1 127.1 2130706433 0x7f000001 0x7f.1 0 017700000001 10.0.0.5 8.8.8.8 8.8.8.8. [::1] [::ffff:127.0.0.1]
example.0x example.127 localhost intranet a -a.example.org evil.example\\.redgifs.com ex%61mple.org example..org .
"""


@pytest.mark.parametrize("host", [*NOT_NAMES.split(), f"{'a' * 64}.org", "a." * 130 + "org"])
def test_hosts_that_are_not_names_are_refused(host: str) -> None:
    """Addresses in any notation, names without a dot and malformed names are never followed."""
    with pytest.raises(AcquireError):
        check_url(f"http://{host}/clip.gif")


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("javascript:alert(1)", UnsupportedError),
        ("ftp://example.org/a.gif", UnsupportedError),
        ("file:///etc/passwd", UnsupportedError),
        ("//example.org/a.gif", UnsupportedError),
        ("example.org/a.gif", UnsupportedError),
        ("http:///a.gif", UnsupportedError),
        ("", UnsupportedError),
        ("https://user@example.org/a.gif", BlockedError),
        ("https://redgifs.com:pw@example.org/a.gif", BlockedError),
        ("https://example.org\\@redgifs.com/a.gif", BlockedError),
        ("https://example.org:8080/a.gif", BlockedError),
        ("https://example.org:22/a.gif", BlockedError),
        ("https://example.org:99999/a.gif", BlockedError),
        ("http://exa\nmple.org/", UnsupportedError),
        ("http://\ud800.org/", UnsupportedError),
        ("http://metadata.google.internal/computeMetadata/v1/", BlockedError),
        ("http://METADATA.GOOG/", BlockedError),
        ("http://metadata.azure.com./", BlockedError),
        ("http://metadata.tencentyun.com/", BlockedError),
        ("http://printer.local/", BlockedError),
        ("http://a.localhost/", BlockedError),
        ("http://router.home.arpa/", BlockedError),
        ("http://１２７.0.0.1/", UnsupportedError),  # noqa: RUF001  full-width digits are the point
    ],
)
def test_urls_beyond_the_plain_web_are_refused(url: str, error: type[AcquireError]) -> None:
    """Other schemes, user names and ports end in the error that says so."""
    with pytest.raises(error):
        check_url(url)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://Example.ORG./a", "example.org"),
        (" http://example.org:80/a ", "example.org"),
        ("https://bücher.example/a", "xn--bcher-kva.example"),
        ("https://xn--bcher-kva.example/a", "xn--bcher-kva.example"),
        ("http://ex。ample.org/", "ex.ample.org"),
        ("https://under_score.example.org/a", "under_score.example.org"),
    ],
)
def test_hosts_are_normalised(url: str, host: str) -> None:
    """Hosts come out in lower-case ASCII, international names encoded, without the trailing dot."""
    assert host_of(check_url(url)) == host


@given(st.text(max_size=60) | st.text(alphabet="htps:/@.\\[]%0x17eg#? ", max_size=40).map("http://".__add__))
@example("http://xn--zz.com/")
@pytest.mark.slow
def test_any_text_gives_a_public_name_or_an_acquire_error(text: str) -> None:
    """Whatever is posted, checking ends in an AcquireError or in a name with a dot that is not an address."""
    with contextlib.suppress(AcquireError):
        host = host_of(check_url(text))
        assert "." in host
        with pytest.raises(ValueError, match="does not appear"):
            ipaddress.ip_address(host)
        assert host_of(httpx.URL(str(check_url(text)))) == host


def _backend(answers: list[str], dialled: list[str]) -> GuardedBackend:
    def dial(address: str, port: int, timeout: float | None) -> httpcore.NetworkStream:
        dialled.append(address)
        raise httpcore.ConnectError("closed")

    return GuardedBackend(lambda *_: answers, dial, Deadline())


def test_one_forbidden_answer_spoils_all() -> None:
    """A name with a public and a private address is not dialled at all."""
    dialled: list[str] = []
    with pytest.raises(BlockedError, match="private"):
        _backend(["8.8.8.8", "10.0.0.5"], dialled).connect_tcp("example.org", 443)
    assert dialled == []


def test_every_checked_address_is_tried_in_order() -> None:
    """When one address does not answer, the next one is dialled; the name is resolved once."""
    dialled: list[str] = []
    with pytest.raises(httpcore.ConnectError):
        _backend(["2606:4700::1", "8.8.8.8"], dialled).connect_tcp("example.org", 443)
    assert dialled == ["2606:4700::1", "8.8.8.8"]


def test_the_deadline_shortens_every_wait() -> None:
    """Waits are cut to what is left of the total time, and nothing is waited for once it is over."""
    now = [100.0]
    deadline = Deadline(lambda: now[0])
    assert deadline.cap(15, httpcore.ReadTimeout) == 15
    with deadline.within(20):
        assert deadline.cap(15, httpcore.ReadTimeout) == 15
        now[0] = 115.0
        assert deadline.cap(15, httpcore.ReadTimeout) == 5
        assert deadline.cap(None, httpcore.ReadTimeout) == 5
        now[0] = 120.0
        with pytest.raises(httpcore.ReadTimeout):
            deadline.cap(15, httpcore.ReadTimeout)
    assert deadline.cap(None, httpcore.ReadTimeout) is None


@pytest.mark.parametrize("key", ["RESOLVE", "DIAL", "ALLOW_LOOPBACK", "ALLOW_PRIVATE", "VERIFY"])
def test_configuration_has_no_switch_for_the_guard(key: str) -> None:
    """No setting of the fetch section loosens which addresses are contacted; an attempt is an error."""
    with pytest.raises(ConfigError, match="is not a setting"):
        load(None, {f"GIFWARDEN_FETCH__{key}": "1"})


def test_an_ordinary_fetcher_never_reaches_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the constructor's seam, a public name that the system resolves to loopback is refused undialled."""
    with LoopbackServer(lambda _: Response(body=b"inside")) as server:
        answer = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", server.port))
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [answer])
        for url in ("http://rebind.example.com/a.gif", "https://rebind.example.com/a.gif"):
            with Fetcher(FetchConfig(), SystemClock()) as web, pytest.raises(BlockedError, match="loopback"):
                web.media(url)
        assert server.log == ()


HERE = r"""
import subprocess
from bot.fetch import refusal
def run(command): subprocess.run(command.split(), check=True)
run("ip link set lo up")
elsewhere = [refusal(one) for one in ("93.184.216.34", "2a01:4f8:1:2::10", "93.184.217.9")]
run("ip addr add 93.184.216.34/24 dev lo")
run("ip -6 addr add 2a01:4f8:1:2::10/64 dev lo nodad")
run("ip addr add 5.6.7.8/1 dev lo")
for one in (
    "93.184.216.34", "93.184.216.9", "2a01:4f8:1:2::10", "2a01:4f8:1:2::99", "::ffff:93.184.216.34",
    "64:ff9b::5db8:d822", "2002:5db8:d822::1", "5.6.7.8",
):
    print(refusal(one))
assert elsewhere == [None] * 3, elsewhere
assert refusal("93.184.217.9") is None
assert refusal("6.6.6.6") is None, "half of the internet is no network around a machine"
"""


@pytest.mark.slow
def test_the_machine_itself_and_what_is_around_it_are_refused() -> None:
    """Public addresses of the machine and of its networks are forbidden, in any form, as soon as it has them."""
    unshare = ["unshare", "--user", "--map-root-user", "--net", "--"]
    if shutil.which("ip") is None or subprocess.run([*unshare, "true"], check=False).returncode:
        pytest.skip("this system gives no user and network namespaces to an ordinary process")
    done = subprocess.run(
        [*unshare, sys.executable, "-c", HERE],
        cwd=Path(__file__).parent.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert [line.removesuffix(" in disguise") for line in done.stdout.splitlines()] == [
        "an address of this machine",
        "an address of the network around this machine",
        "an address of this machine",
        "an address of the network around this machine",
        "an address of this machine",
        "an address of this machine",
        "an address of this machine",
        "an address of this machine",
    ]


def test_every_interface_is_read() -> None:
    """Loopback is there on every machine, with its network."""
    assert (4, int(ipaddress.IPv4Address("127.0.0.1")), 8) in interfaces()
