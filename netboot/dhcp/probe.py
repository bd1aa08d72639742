"""How `netboot doctor` says, in the packets it sends, that it is no PC: the server answers it, and shows no row for it.

Whoever sends this UUID gains nothing but not to be shown: it is no secret.
"""

from typing import Final
from uuid import UUID

PROBE_UUID: Final = UUID(bytes=b"netboot doctor\0\1")
"""In option 97 of DHCP, and in the `uuid` of a boot menu's request."""
