"""The certificate of `alliance serve --lan`."""

import stat
from datetime import UTC, datetime, timedelta

from cryptography import x509

from alliance.cli import lan

AT = datetime(2026, 11, 23, 4, tzinfo=UTC)


def covered(certificate: lan.Certificate) -> set[str]:
    loaded = x509.load_pem_x509_certificate(certificate.chain.read_bytes())
    names = loaded.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {str(address) for address in names.get_values_for_type(x509.IPAddress)}


def test_it_covers_the_addresses_and_this_machine(tmp_path):
    certificate = lan.ensure(tmp_path / "instance", ["192.168.1.20"], AT)
    assert covered(certificate) == {"192.168.1.20", "127.0.0.1"}


def test_nobody_else_reads_the_key(tmp_path):
    certificate = lan.ensure(tmp_path, ["192.168.1.20"], AT)
    assert stat.S_IMODE(certificate.key.stat().st_mode) == 0o600


def test_it_is_kept_while_it_fits_so_that_phones_ask_once(tmp_path):
    before = lan.ensure(tmp_path, ["192.168.1.20"], AT).chain.read_bytes()
    assert lan.ensure(tmp_path, ["192.168.1.20"], AT + timedelta(days=300)).chain.read_bytes() == before


def test_a_new_address_makes_a_new_one(tmp_path):
    lan.ensure(tmp_path, ["192.168.1.20"], AT)
    assert "10.0.0.7" in covered(lan.ensure(tmp_path, ["10.0.0.7"], AT))


def test_one_about_to_expire_is_made_anew(tmp_path):
    before = lan.ensure(tmp_path, ["192.168.1.20"], AT).chain.read_bytes()
    later = AT + lan.VALID_FOR - timedelta(days=6)
    assert lan.ensure(tmp_path, ["192.168.1.20"], later).chain.read_bytes() != before


def test_a_damaged_one_is_made_anew(tmp_path):
    (tmp_path / "lan-cert.pem").write_text("broken")
    (tmp_path / "lan-key.pem").write_text("broken")
    assert covered(lan.ensure(tmp_path, ["192.168.1.20"], AT)) == {"192.168.1.20", "127.0.0.1"}
