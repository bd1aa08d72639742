"""A SCSI disk of our own, with SANITIZE by block erase, cryptographic erase and overwrite.

Written from SPC-5 (INQUIRY, REPORT LUNS, REPORT SUPPORTED OPERATION CODES, REQUEST SENSE, LOG SENSE) and SBC-4 (its
4.11 and 5.34, sanitize; READ DEFECT DATA), as public drafts and makers' command manuals restate them. Where those do
not say it is our choice: READ CAPACITY is answered while a sanitize runs, and there are no unit attentions. It hangs on
a virtio host (virtio_scsi/), so that Linux takes it for what it says it is. It is no maker's disk: what works with it
proves command paths and our verdicts.
"""
