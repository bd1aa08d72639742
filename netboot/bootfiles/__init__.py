"""The boot files: loaders, kernel and the agent's base archive, made from Debian packages and kept in a cache folder.

    cache/<key>/vmlinuz  agent-base.img  bootfiles.json, and the loaders (netboot/bootfiles/loaders.py)
    cache/current-…      → the folder in use, one link for each version of the code

The key is made from the recipe (images/agent.yaml), the code that applies it, and the packages' versions. Two builds
from one list of packages give the same bytes; `prove` shows it. Not for: agent.img, which `agent_archive` makes in
memory at each start of the server.
"""

from netboot.bootfiles.agent_image import agent_archive
from netboot.bootfiles.builder import build, prove
from netboot.bootfiles.record import BootFiles, current, load

__all__ = ["BootFiles", "agent_archive", "build", "current", "load", "prove"]
