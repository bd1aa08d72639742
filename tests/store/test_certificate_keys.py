"""The keys that sign papers: made once, whole, for their owner alone; their public halves as a file."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from hypothesis import given
from hypothesis import strategies as st

from netboot.auth.certificate_keys import (
    PDF_KEY_FILE,
    SEAL_KEY_FILE,
    CertificateKeys,
    existing_public_keys,
    load_certificate_keys,
    public_text,
    read_public_text,
)
from netboot.auth.server_keys import load_key, new_key
from netboot.shared.errors import NetbootError


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> CertificateKeys:
    """A workshop's keys."""
    return load_certificate_keys(tmp_path_factory.mktemp("keys"))


def test_they_are_made_once_and_nobody_else_may_read_them(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    assert existing_public_keys(folder) is None
    first = load_certificate_keys(folder)
    assert load_certificate_keys(folder).public == first.public == existing_public_keys(folder)
    for name in (SEAL_KEY_FILE, PDF_KEY_FILE):
        assert (folder / name).stat().st_mode & 0o777 == 0o600
        (folder / name).chmod(0o644)
        with pytest.raises(NetbootError, match="others may read"):
            load_certificate_keys(folder)
        (folder / name).chmod(0o600)
    assert {path.name for path in folder.iterdir()} == {SEAL_KEY_FILE, PDF_KEY_FILE}


def test_of_two_first_starts_at_once_both_have_the_same_keys(tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        keys = list(pool.map(lambda _: load_certificate_keys(tmp_path / "data").public, range(2)))
    assert len(set(keys)) == 1


def test_a_new_key_for_masters_leaves_papers_as_they_are(tmp_path: Path) -> None:
    keys = load_certificate_keys(tmp_path)
    assert bytes(load_key(tmp_path).verify_key) != keys.public.seal
    (tmp_path / "signing.key").unlink()
    new_key(tmp_path)
    assert load_certificate_keys(tmp_path).public == keys.public


def test_the_certificate_signs_documents_and_nothing_else_and_never_ends(keys: CertificateKeys) -> None:
    certificate = x509.load_der_x509_certificate(keys.certificate)
    certificate.verify_directly_issued_by(certificate)
    assert certificate.not_valid_after_utc == datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    assert (usage.digital_signature, usage.content_commitment, usage.key_cert_sign) == (True, True, False)
    key = certificate.public_key()
    assert isinstance(key, RSAPublicKey)
    assert key.key_size == 3072


@pytest.mark.parametrize("content", [b"", b"nothing", b"-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n"])
def test_a_damaged_key_is_said_and_never_replaced(tmp_path: Path, content: bytes) -> None:
    load_certificate_keys(tmp_path)
    path = tmp_path / PDF_KEY_FILE
    path.write_bytes(content)
    with pytest.raises(NetbootError) as caught:
        load_certificate_keys(tmp_path)
    assert "backup" in caught.value.hint
    assert path.read_bytes() == content


def test_a_key_and_another_keys_certificate_are_no_pair(tmp_path: Path) -> None:
    load_certificate_keys(tmp_path / "a")
    load_certificate_keys(tmp_path / "b")
    ours, theirs = ((tmp_path / name / PDF_KEY_FILE).read_bytes() for name in "ab")
    mark = b"-----BEGIN CERTIFICATE-----"
    (tmp_path / "a" / PDF_KEY_FILE).write_bytes(ours.partition(mark)[0] + mark + theirs.partition(mark)[2])
    with pytest.raises(NetbootError, match="not a pair"):
        load_certificate_keys(tmp_path / "a")


def test_the_public_halves_are_read_back(keys: CertificateKeys) -> None:
    text = public_text(keys.public)
    assert read_public_text(text) == keys.public
    assert read_public_text(text.replace("\n", "\r\n")) == keys.public
    for other in (text.replace("seal ", ""), text[:-9], text + "more\n", "", "x" * 100_000):
        with pytest.raises(NetbootError):
            read_public_text(other)


@given(st.text(max_size=400))
def test_any_text_is_refused(text: str) -> None:
    with pytest.raises(NetbootError):
        read_public_text(text)
    with pytest.raises(NetbootError):
        read_public_text(f"netboot certificate keys 1\nseal {text}\npdf {text}\n")
