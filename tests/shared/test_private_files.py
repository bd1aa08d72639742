"""What holds a secret, on its way to one agent: opened by its key alone, printed nowhere, proven without a guess."""

import hashlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.public import PrivateKey, PublicKey, SealedBox

from netboot.shared.private_files import (
    BYTES,
    FILES,
    NONE,
    SEALED_LIMIT,
    PrivateFile,
    PrivateFiles,
    SealError,
    seal,
    seal_key_of,
    unseal,
)
from netboot.shared.protocol import MESSAGE_LIMIT

MINE, OTHER = PrivateKey.generate(), PrivateKey.generate()
SECRET = b"psk=correct horse\n"
FILES_OF_A_JOB = PrivateFiles(key=b"k" * 32, files=(PrivateFile(path="etc/secret", content=SECRET),))


def test_only_the_agent_of_the_key_opens_it() -> None:
    sealed = seal(FILES_OF_A_JOB, seal_key_of(MINE))
    assert SECRET not in sealed
    assert unseal(sealed, MINE) == FILES_OF_A_JOB
    assert seal(FILES_OF_A_JOB, seal_key_of(MINE)) != sealed
    for wrong in (sealed[:-1], sealed + b"\0", bytes([sealed[0] ^ 1]) + sealed[1:], b""):
        with pytest.raises(SealError):
            unseal(wrong, MINE)
    with pytest.raises(SealError):
        unseal(sealed, OTHER)


@given(st.binary(max_size=200))
def test_what_anybody_seals_for_the_agent_is_refused_in_one_way_and_without_its_words(inside: bytes) -> None:
    with pytest.raises(SealError) as told:
        unseal(bytes(SealedBox(MINE.public_key).encrypt(b"secret" + inside)), MINE)
    assert "secret" not in str(told.value)
    assert told.value.__cause__ is None


@pytest.mark.parametrize("key", ["", "00" * 32, "01" + "00" * 31, "ab" * 31, "zz" * 32])
def test_a_key_that_is_none_is_refused(key: str) -> None:
    """All zeros and one are points of small order: what is sealed to them, anybody opens."""
    with pytest.raises(SealError):
        seal(FILES_OF_A_JOB, key)


def test_it_is_printed_nowhere() -> None:
    for said in (repr(FILES_OF_A_JOB), f"{FILES_OF_A_JOB}", repr(FILES_OF_A_JOB.files[0])):
        assert "horse" not in said
        assert "kkk" not in said


def test_a_proof_is_another_one_for_each_job_and_no_digest_of_the_file() -> None:
    (proof,) = FILES_OF_A_JOB.proofs.values()
    assert proof == FILES_OF_A_JOB.proof(SECRET)
    assert proof != FILES_OF_A_JOB.proof(SECRET + b"\0")
    assert proof != msgspec.structs.replace(FILES_OF_A_JOB, key=b"j" * 32).proof(SECRET)
    assert proof != hashlib.sha256(SECRET).hexdigest()
    assert NONE.content("etc/secret") is None


def test_the_most_that_a_job_may_have_fits_an_order() -> None:
    most = PrivateFiles(key=bytes(64), files=(PrivateFile(path="e" * 200, content=b"\xff" * BYTES),) * FILES)
    sealed = seal(most, seal_key_of(MINE))
    assert len(sealed) <= SEALED_LIMIT < MESSAGE_LIMIT / 4
    assert unseal(sealed, MINE) == most
    assert PublicKey(bytes.fromhex(seal_key_of(MINE))) == MINE.public_key
