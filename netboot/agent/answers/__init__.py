"""What tools and drives answer when disks erase themselves, read into values. All of it is pure.

Every reader takes what a program printed, or what a drive sent, and gives a frozen value; what is not told there is
None or the word "not-told", never a default that looks like an answer. An exit status alone is never success: a tool
that ends with 0 has often only handed a command on.

- `hex_dump`: the bytes in a tool's dump; `sense`: SCSI sense data, and the ATA registers inside of it;
- `order`: whether a disk took an order, as every reader of orders says it;
- `hdparm_exchange`: the commands that hdparm sent and what came back; from it `ata_sanitize` and `hdparm_orders`;
- `hidden_area_orders`: whether a disk took the order to give back what it hides;
- `nvme_sanitize_log`, `nvme_orders`, `nvme_namespace`: what nvme-cli prints;
- `scsi_sanitize`: what sg_sanitize and sg_requests print;
- `opal_discovery`: what a drive says of TCG's locks (Level 0 Discovery);
- `erase_support`: openSeaChest_Erase's list of what a drive can do, kept as evidence.

Not for: running programs, what follows from the answers, and how large a disk is beyond what it shows
(`agent/disks/disk_status.py`).
"""
