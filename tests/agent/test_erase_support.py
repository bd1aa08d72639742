"""openSeaChest_Erase's list of a drive's ways to be erased.

No published list was found: these lines are as the tool's own source puts them together (opensea-operations,
operations.c, print_Supported_Erase_Methods()), with its names and words.
"""

from hypothesis import given
from hypothesis import strategies as st

from netboot.agent.answers.erase_support import ListedErase, parse_erase_support

HEAD = (
    "Data sanitization capabilities:\n"
    "\tClear, Possible Purge - Cryptographic erase is a purge if the vendor\n"
    "\nErase Methods supported by this drive (listed fastest to slowest):\n"
)
METHODS = (
    f"{1:2} {'Sanitize Crypto Erase':30} (Purge)\n\n"
    f"{2:2} {'NVM Format: Crypto Erase':30} (Clear, Possible Purge)\n\tNOTE: {'All namespaces are erased (1)':80}\n"
    f"{3:2} {'NVM Format: User Data Erase':30} (Clear)\n\n"
    f"{4:2} {'Overwrite Erase':30} (Clear)\n\n"
)
TAIL = "The minimum time to overwrite erase this drive is approximately:\n\t 1 hour  3 minutes\n"


def test_the_list_is_kept_in_the_tools_own_words() -> None:
    assert parse_erase_support(HEAD + METHODS + TAIL) == (
        ListedErase("Sanitize Crypto Erase", "Purge"),
        ListedErase("NVM Format: Crypto Erase", "Clear, Possible Purge"),
        ListedErase("NVM Format: User Data Erase", "Clear"),
        ListedErase("Overwrite Erase", "Clear"),
    )


def test_a_list_that_is_not_there_or_breaks_off_is_none() -> None:
    assert parse_erase_support(METHODS) is None
    assert parse_erase_support(HEAD + TAIL) is None
    assert parse_erase_support(HEAD + METHODS[METHODS.index(" 2") :]) is None
    assert parse_erase_support(HEAD + METHODS + METHODS) is None
    assert parse_erase_support(HEAD + METHODS + HEAD + METHODS) is None
    sixteen = "".join(f"{number:2} {'Format Unit':30} (Clear)\n\n" for number in range(1, 17))
    assert parse_erase_support(HEAD + sixteen) == (ListedErase("Format Unit", "Clear"),) * 16
    assert parse_erase_support(HEAD + sixteen + f"17 {'Format Unit':30} (Clear)\n") is None


@given(st.text(max_size=80))
def test_no_text_breaks_the_reading(text: str) -> None:
    told = parse_erase_support(HEAD + text)
    assert told is None or all(one.name and one.level for one in told)
