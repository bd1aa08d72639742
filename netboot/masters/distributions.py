"""What one distribution does otherwise than another, of those that mmdebstrap makes: all of it is in this table.

Not for: what a recipe may set (`recipe.py`), where this machine fetches packages from (`archives.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

DistributionName = Literal["debian", "ubuntu"]


@dataclass(frozen=True, slots=True)
class Distribution:
    """`title` is in its boot menu; `esp_folder` is the one in EFI/ where its signed GRUB looks for its settings.

    `archive` and `security` are its public archives, which a master's apt asks; `keyring`, in /usr/share/keyrings, is
    what vouches for them. `loaders` and `kernel` are packages that a recipe cannot do without.
    """

    title: str
    esp_folder: str
    archive: str
    security: str
    keyring: str
    loaders: str
    kernel: str


DISTRIBUTIONS: Final[dict[DistributionName, Distribution]] = {
    "debian": Distribution(
        title="Debian",
        esp_folder="debian",
        archive="http://deb.debian.org/debian",
        security="http://deb.debian.org/debian-security",
        keyring="debian-archive-keyring.gpg",
        loaders="shim-signed, grub-efi-amd64-signed and grub-cloud-amd64",
        kernel="linux-image-amd64",
    ),
    "ubuntu": Distribution(
        title="Ubuntu",
        esp_folder="ubuntu",
        archive="http://archive.ubuntu.com/ubuntu",
        security="http://security.ubuntu.com/ubuntu",
        keyring="ubuntu-archive-keyring.gpg",
        loaders="shim-signed, grub-efi-amd64-signed and grub-pc-bin",
        kernel="linux-image-generic",
    ),
}


def apt_sources(distribution: Distribution, suite: str, components: Sequence[str]) -> str:
    """A master's sources of packages (sources.list(5), deb822): the release, its updates and its security updates."""
    asked = (
        (distribution.archive, f"{suite} {suite}-updates"),
        (distribution.security, f"{suite}-security"),
    )
    parts = " ".join(dict.fromkeys(components))
    return "\n".join(
        f"Types: deb\nURIs: {address}\nSuites: {suites}\nComponents: {parts}\n"
        f"Signed-By: /usr/share/keyrings/{distribution.keyring}\n"
        for address, suites in asked
    )
