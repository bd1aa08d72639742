"""What a PC is given that no record, page or log may hold: the Wi-Fi network that its profile names, with its password.

It leaves the server only sealed to the key that the visit's first hello told, with the order that needs it.
Not for: how it is sealed (`shared/private_files.py`), reading it (`settings/wifi_file.py`), when it is sent
(`dispatcher.py`). Pure.
"""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

from netboot.jobs.job import Job
from netboot.jobs.wifi_network import WifiNetwork, keyfile
from netboot.shared.private_files import PrivateFile, PrivateFiles, SealError, seal
from netboot.shared.problems import Problem
from netboot.shared.wifi import wifi_file

_PROVES: Final = b"netboot-private-files1\n"
"""Begins what the jobs' keys are made of, so that the server's key makes nothing else's here."""


class PrivateSettings:
    """`networks` by the names that profiles have for them; `key`, the server's alone, makes the keys of the jobs."""

    def __init__(self, networks: Mapping[str, WifiNetwork], key: bytes) -> None:
        self._networks = networks
        self._key = key

    def forbids(self, job: Job, seal_key: str, *, told: str) -> Problem | None:
        """Why this job's PC could not be given what its profile names; None for nothing.

        `seal_key` is its visit's, `told` the one that the line's hello had.
        """
        try:
            if self.sealed(job, seal_key) and told != seal_key:
                raise SealError("this line told another key than the visit began with")
        except SealError as error:
            return Problem("wifi-withheld", {"network": job.profile.settings.wifi, "error": str(error)})
        return None

    def sealed(self, job: Job, seal_key: str) -> bytes:
        """What this job's PC is given, for the agent of this key alone; b"" where that is nothing. Raises SealError."""
        name = job.profile.settings.wifi
        if not name:
            return b""
        if name not in self._networks:
            raise SealError("it is not in the server's file of Wi-Fi networks any more")
        if not seal_key:
            raise SealError("the agent is an older one, which cannot be given a secret")
        return seal(self._files(job), seal_key)

    def proofs(self, job: Job) -> dict[str, str]:
        """What proves each private file on this job's disk, by its path; none for a network that is gone."""
        return self._files(job).proofs

    def _files(self, job: Job) -> PrivateFiles:
        name = job.profile.settings.wifi
        if name not in self._networks:
            return PrivateFiles()
        key = hmac.digest(self._key, _PROVES + job.id.encode(), hashlib.sha256)
        content = keyfile(self._networks[name])
        return PrivateFiles(key=key, files=(PrivateFile(path=wifi_file(name), content=content),))
