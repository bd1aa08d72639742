"""An NTFS with what a survey looks at of a Windows: its folders, and two real hives. No Windows ever ran from it.

The hives are written by hivexsh, from `images/minimal` of hivex (LGPL-2.1, R. W. M. Jones, 2010: one root key, cut out
of a Windows 2003's SOFTWARE by hand). FROM_WINDOWS is `images/special` there, which a Windows XP itself wrote.
"""

import base64
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from netboot.shared.process import run
from netboot.shared.windows import READY
from tests.file_trees import unmount
from tests.masters.images import MIB, sized

WINDOWS: Final = "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7"
"""The type of a partition that a Windows is on: "basic data"."""
_MINIMAL: Final = (
    r"""c-rmQyGjE=6b9gb5*K0dvPg;u7Ask>5o^2Pl?cH|h=Pzx@e&q;L?2*FAHc>!u<$*!6e}OW2k;3}IL_IbC9X-pQt<zl**RzU_d-as(>pmkg#u"""
    r""")}-@M&VKfWqyJy=qQQUtbcqiT*e_OXi%Ghd^J4vrD0^#v}?yooJrW6fmhXo3E!r^D4ge+42UA|fK9|Ka?o(}nxK&t&@mQa@;|yYVu@rS-dP?"""
    r"""Rj#L)lOC?ZXWflDKnxd+G{pijg{KYfvmlJYJC+0a$Vx~8y1wz6SvX?%3fPCqks?iX;;R)=~N+YJlUUEl-e&#pA4;!$XCYXD=uHfY%U)T^1;x"""
    r"""$dAl@k-_@IwvtP2=?`vc4o68pE^fQyc4^W%of0u}eh=_=Ye(wvDhCq@"""
)
_SPECIAL: Final = (
    r"""c-rk)O=}ZT6g`s<Z9~<eRH%cCX)_BK!L8s%g@Sce5fQ{<Nt)4w$wx_~T5*wuAAi6f5U^kuZgl0wor`WnHxY583wOE_kqF{=?|W}F)67VhqW8"""
    r"""efz3<L>Z%*zZ37L+6^~xR#;5a`2cyN0EON&b6p~1Dwg{|u@mT?MIG*L&3qKj+jpiHlA%F9@QPrX2`*JvH_n#5^9@He4!@zN8Sf<Pb;2m}IwK"""
    r"""p+tOAE;I8EtvoJ5u)b+T=&B;Yy~Bh?tFV5^-k^uvWB~r1BeoG&ADgtbi%!+C_K+Qdv59c($U2;7r3|mBMiF%-9Dp(Z*bV+oV(8p+tPbyC^Gn"""
    r"""jf?Cbu5Us3?TIBip#2nX!Szh<X`U(7E3cqOhCvYIfcYpKku|BC&e62OF-g{w2b4Por=f=2dv^zQRb7=0$7dPgMJ2LCgfG_m3dbW{Ik=;2{Pf"""
    r"""*<SJ8cC1M&J0sKK6{51?|V}DauD;ehjrAc8VWPiXV20A5MxNcFNqG6hG_)Kb!<VY)|v_!>;^6p6jvK{;iMRzT(Pi@WmS2r@i?DKkb^)h#`64"""
    r"""=5&5V`90<JV1m8iaVt-($dC1MgL%Dd^f}y}-)jkePmlOLNl~t>R#!fJ{r=AMc#@4;23xfE^5EW!r*zP>&)(ZNO5fy|zMcEEKI}^0jRbwph(7"""
    r"""+FxDFq6bWp|o9QRm9qn7=pZ;{A@&AaVLXLQcC((A<ZGP>A66BV@4pxT9p2iSBUx{r*=VL^Ti1OkCTAP@)y|2}>KKKJO;"""
)
MINIMAL: Final = zlib.decompress(base64.b85decode(_MINIMAL))
FROM_WINDOWS: Final = zlib.decompress(base64.b85decode(_SPECIAL))
Values = Mapping[str, Mapping[str, str]]
"""What is in a hive: by key, and by value's name."""

STATE: Final = r"\Microsoft\Windows\CurrentVersion\Setup\State"
VERSION: Final = r"\Microsoft\Windows NT\CurrentVersion"
SOFTWARE: Final[Values] = {
    STATE: {"ImageState": READY},
    VERSION: {
        "ProductName": "Windows 10 Pro",
        "DisplayVersion": "24H2",
        "CurrentBuild": "26100",
        "BuildLabEx": "26100.1.amd64fre.ge_release.240331-1435",
    },
}
SYSTEM: Final[Values] = {r"\Setup": {}, r"\ControlSet001\Control\Nls\Language": {"InstallLanguage": "040C"}}


def write_hive(path: Path, values: Values) -> Path:
    """A hive with these values as text."""
    path.write_bytes(MINIMAL)
    known, script = set(), list[str]()
    for key, texts in values.items():
        script.append("cd \\")
        above = ""
        for word in key.strip("\\").split("\\"):
            above += f"\\{word}"
            if above not in known:
                known.add(above)
                script.append(f"add {word}")
            script.append(f"cd {word}")
        if texts:
            script.append(f"setval {len(texts)}")
            script += [line for name, text in texts.items() for line in (name, f"string:{text}")]
    run(["hivexsh", "-w", path], stdin="\n".join([*script, "commit", ""]))
    return path


def windows_tree(folder: Path, software: Values = SOFTWARE, system: Values = SYSTEM, panther: str = "Panther") -> Path:
    """The folders of a Windows, as far as anybody here looks at them."""
    tree = folder / "windows"
    config = tree / "Windows/System32/config"
    config.mkdir(parents=True)
    write_hive(config / "SOFTWARE", software)
    write_hive(config / "SYSTEM", system)
    for name in (f"Windows/{panther}/setupact.log", "Windows/System32/Sysprep/sysprep.exe"):
        (tree / name).parent.mkdir(exist_ok=True)
        (tree / name).write_bytes(b"x" * 5000)
    return tree


def ntfs(folder: Path, tree: Path, size: int = 48 * MIB, *, name: str = "windows.ntfs", cluster: int = 4096) -> Path:
    """An NTFS with this tree."""
    part = sized(folder / name, size)
    run(["mkntfs", "--quiet", "--fast", "--force", "--cluster-size", str(cluster), part])
    there = folder / "there"
    there.mkdir(exist_ok=True)
    run(["mount", "-t", "ntfs-3g", "-o", "loop", part, there])
    try:
        run(["cp", "--recursive", f"{tree}/.", there])
    finally:
        unmount(there)
    return part
