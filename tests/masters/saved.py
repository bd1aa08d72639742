"""Folders as Clonezilla and FOG leave them, made of a disk image by the same programs that those run.

Names, options and order of the pipes are those of their own scripts: `ocs-functions` of Debian's clonezilla 5.3.17
(save_part_table_mbr_dm_info, save_part_by_partclone, save_part_by_dd, output_swap_partition_uuid_label,
save_hidden_data_after_MBR) and `funcs.sh` of FOGProject/fos (savePartitionTablesAndBootLoaders, savePartition,
uploadFormat, saveSwapUUID). The disk is a loop device here; its name is put right in the table.
"""

import json
import re
from pathlib import Path
from typing import Any, Final

from netboot.shared.process import run
from netboot.survey.loop import loop_device, writable_loop_device

_PROGRAMS: Final = {"ext4": "extfs", "vfat": "fat", "ntfs": "ntfs", "xfs": "xfs", "btrfs": "btrfs"}
_PACKERS: Final = {"gz": ["gzip"], "zst": ["zstd", "--quiet", "--rm"], "xz": ["xz"], "bz2": ["bzip2"], "uncomp": []}


def table_of(image: Path, disk: str) -> str:
    """What `sfdisk --dump` says of this disk when it is called `disk`."""
    with loop_device(image) as device:
        dump = run(["sfdisk", "--dump", device]).stdout
    between = "p" if disk[-1].isdecimal() else ""
    return dump.replace(f"{device}p", f"/dev/{disk}{between}").replace(f"{device}", f"/dev/{disk}")


def partitions(image: Path) -> list[dict[str, Any]]:
    with loop_device(image) as device:
        table = json.loads(run(["sfdisk", "--json", device]).stdout)["partitiontable"]["partitions"]
    found = []
    for entry in table:
        number = int(entry["node"].rsplit("p", 1)[1])
        start, length = entry["start"] * 512, entry["size"] * 512
        probed = run(
            ["blkid", "--probe", "--output=export", f"--offset={start}", f"--size={length}", image], expect=None
        )
        known = dict(line.split("=", 1) for line in probed.stdout.splitlines() if "=" in line)
        found.append({"number": number, "start": start, "length": length, "type": str(entry["type"]).lower(), **known})
    return found


def by_partclone(image: Path, start: int, length: int, kind: str, to: Path, *options: str) -> Path:
    """A partition's image by partclone, unpacked."""
    with loop_device(image, offset=start, length=length) as device:
        run([f"partclone.{kind}", *options, "-L", "/dev/null", "-q", "-c", "-s", device, "--output", to])
    return to


def packed(file: Path, suffix: str) -> Path:
    """The file, packed in place."""
    to = file.with_name(f"{file.name}.{suffix}")
    if suffix == "uncomp":
        return file.rename(to)
    run([*_PACKERS[suffix], file])
    return to


def split(file: Path, size: int, *options: str) -> None:
    """What split(1) makes of the file, which is gone then."""
    run(["split", *options, "-b", str(size), file, f"{file}."])
    file.unlink()


def clonezilla(image: Path, folder: Path, *, disk: str = "sda", suffix: str = "gz", pieces: int = 0) -> Path:
    """`pieces`: how many bytes each piece of an image has, 0 for one file."""
    folder.mkdir()
    content, table = image.read_bytes(), partitions(image)
    between = "p" if disk[-1].isdecimal() else ""
    is_gpt = content[512:520] == b"EFI PART"
    (folder / f"{disk}-pt.sf").write_text(table_of(image, disk), encoding="utf-8")
    (folder / f"{disk}-mbr").write_bytes(content[:512])
    (folder / f"{disk}-pt.parted").write_text(f"Disk /dev/{disk}: {len(content) // 512}s\n", encoding="utf-8")
    if is_gpt:
        (folder / f"{disk}-gpt-1st").write_bytes(content[: 34 * 512])
    else:
        (folder / f"{disk}-hidden-data-after-mbr").write_bytes(content[512 : min(one["start"] for one in table)])
    (folder / "disk").write_text(f"{disk}\n", encoding="utf-8")
    names = [f"{disk}{between}{one['number']}" for one in table if one["type"] not in ("5", "f")]
    (folder / "parts").write_text(" ".join(names) + "\n", encoding="utf-8")
    for one in table:
        name = f"{disk}{between}{one['number']}"
        if one.get("TYPE") == "swap":
            swap = f'UUID="{one["UUID"]}"\nLABEL="{one.get("LABEL", "")}"\n'
            (folder / f"swappt-{name}.info").write_text(swap, encoding="utf-8")
        elif one.get("TYPE") in _PROGRAMS:
            kind = one["TYPE"]
            to = folder / f"{name}.{kind}-ptcl-img"
            file = packed(by_partclone(image, one["start"], one["length"], _PROGRAMS[kind], to), suffix)
            if pieces:
                split(file, pieces, "-a", "2")
        elif one["type"] not in ("5", "f"):
            plain = folder / f"{name}.dd-ptcl-img"
            plain.write_bytes(content[one["start"] : one["start"] + one["length"]])
            packed(plain, suffix)
    return folder


def shrink_as_fog(image: Path, start: int, length: int, kind: str) -> None:
    """What FOG does to a file system that its images may resize (shrinkPartition)."""
    with writable_loop_device(image, offset=start, length=length) as device:
        if kind == "ext4":
            run(["e2fsck", "-fp", device])
            run(["resize2fs", device, "-M"])
            run(["e2fsck", "-fp", device])
        else:
            told = re.search(r"you might resize at\s+(\d+)", run(["ntfsresize", "-fivP", device]).stdout, re.IGNORECASE)
            assert told is not None
            run(["ntfsresize", "-fs", f"{int(told[1]) * 105 // 100 // 1024}k", device], stdin="y\n")
            run(["ntfsfix", "-b", "-d", device])


def fog(image: Path, folder: Path, *, suffix: str = "gz", pieces: int = 0, resizable: bool = False) -> Path:
    """`resizable`: ext4 and NTFS are shrunk before they are saved, in `shrunk.raw` beside the folder; the table is that
    of before."""
    folder.mkdir()
    content, table = image.read_bytes(), partitions(image)
    (folder / "d1.partitions").write_text(table_of(image, "sda"), encoding="utf-8")
    if content[512:520] == b"EFI PART":
        run(["sgdisk", "-b", folder / "d1.mbr", image])
    else:
        (folder / "d1.mbr").write_bytes(content[: min(one["start"] for one in table)])
    source = image
    if resizable:
        run(["cp", "--sparse=always", image, source := folder.with_name("shrunk.raw")])
    for one in table:
        to = folder / f"d1p{one['number']}.img"
        if one.get("TYPE") == "swap":
            with (folder / "d1.original.swapuuids").open("a", encoding="utf-8") as file:
                file.write(f"{one['number']} {one['UUID']}\n")
        elif one["type"] in ("5", "f"):
            to.with_suffix(".ebr").touch()
        else:
            kind = _PROGRAMS.get(one.get("TYPE", ""), "imager")
            options = ("-a0",) if kind != "imager" else ()
            if resizable and one.get("TYPE") in ("ext4", "ntfs"):
                shrink_as_fog(source, one["start"], one["length"], one["TYPE"])
            by_partclone(source, one["start"], one["length"], kind, to, *options)
            packed(to, suffix).rename(to)
            if pieces:
                split(to, pieces, "-a", "3", "-d")
    return folder
