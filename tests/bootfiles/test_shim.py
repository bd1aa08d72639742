"""Which shim is taken, on Debian's signed files as they were fetched."""

import shutil
from pathlib import Path

import pytest

from netboot.bootfiles import BootFiles
from netboot.bootfiles.shim import require_microsoft_2011
from netboot.shared.errors import NetbootError
from netboot.shared.process import run

pytestmark = pytest.mark.lab


def test_debians_shim_is_taken(built: BootFiles) -> None:
    require_microsoft_2011(built.path("shimx64.efi"))


def test_a_shim_signed_with_the_certificate_of_2023_alone_is_refused(built: BootFiles, tmp_path: Path) -> None:
    """The first of Debian's two signatures taken away, the second put back alone."""
    shim, second = tmp_path / "shimx64.efi", tmp_path / "second.p7"
    shutil.copyfile(built.path("shimx64.efi"), shim)
    run(["sbattach", "--signum", "2", "--detach", second, shim])
    for _ in range(2):
        run(["sbattach", "--remove", shim])
    run(["sbattach", "--attach", second, shim])
    listed = run(["sbverify", "--list", shim]).stdout
    assert "UEFI CA 2023" in listed
    assert "UEFI CA 2011" not in listed
    with pytest.raises(NetbootError, match="2011"):
        require_microsoft_2011(shim)


@pytest.mark.parametrize("name", ["grubx64.efi", "snponly.efi", "undionly.kpxe"])
def test_what_debian_or_nobody_signed_is_refused(built: BootFiles, name: str) -> None:
    with pytest.raises(NetbootError, match="2011"):
        require_microsoft_2011(built.path(name))


def test_a_shim_with_one_bit_changed_is_refused(built: BootFiles, tmp_path: Path) -> None:
    content = bytearray(built.path("shimx64.efi").read_bytes())
    content[0x5000] ^= 1
    changed = tmp_path / "shimx64.efi"
    changed.write_bytes(content)
    with pytest.raises(NetbootError, match="2011"):
        require_microsoft_2011(changed)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NetbootError):
        require_microsoft_2011(tmp_path / "nothing.efi")
