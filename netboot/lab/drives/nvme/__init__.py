"""An NVMe drive of our own, for the lab: what no virtual one has, Sanitize and a Format that minds its SES.

It says NVM Express 1.4 of itself; its modules name the clauses of the NVM Express Base Specification 2.0 and the NVM
Command Set Specification 1.0, which order the same commands better. Sanitize' purge request and report are of TP4218,
whose text is not public: its bits are those of nvme-cli's commit 5dd0837b (2026-08).
It proves command paths and our verdicts, never what a maker's firmware does.
"""
