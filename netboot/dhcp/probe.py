"""The UUID in the packets of `netboot doctor`: the server answers them as any PC's, but shows no PC for them.

It is no secret: all that a sender gains by it is not to be shown.
"""

from typing import Final
from uuid import UUID

PROBE_UUID: Final = UUID(bytes=b"netboot doctor\0\1")
"""In option 97 of DHCP, and in the `uuid` of a boot menu's request."""
