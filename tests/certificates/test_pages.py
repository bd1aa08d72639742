"""What the pages say, in both languages; hostile texts on them; and that no report looks like a certificate."""

import re
from collections.abc import Sequence
from typing import get_args

import pytest
from msgspec.structs import replace

from netboot.auth.certificate_keys import CertificateKeys
from netboot.certificates.annex import Shown
from netboot.certificates.figure_texts import LEVEL_WORDS
from netboot.certificates.issue import Document, issue
from netboot.certificates.layout import laid_out, laid_out_batch
from netboot.certificates.pdf import make_pdf, make_pictures
from netboot.certificates.texts import LEVELS, MEDIA, MISSING, SAID, TEXTS, VERDICTS, WHYS
from netboot.certificates.values import Missing, OtherDisk, Paper, Why
from netboot.jobs.disk_answers import AnswerKind
from netboot.jobs.erase_methods.levels import EMMC_SPARE, TABLE
from netboot.shared.language import Language
from netboot.shared.stages.erase import Level, Medium, Verdict
from tests.certificates.pictures import grey

both = pytest.mark.parametrize("language", get_args(Language))


def words(shown: object) -> str:
    """All that stands on the pages."""
    match shown:
        case str():
            return f"{shown}\n"
        case dict():
            return "".join(words(inner) for name, inner in shown.items() if name != "picture")
        case list():
            return "".join(words(inner) for inner in shown)
        case _:
            return ""


def test_every_text_is_there_in_both_languages_and_names_the_same_values() -> None:
    for table in (TEXTS, VERDICTS, LEVELS, MEDIA, WHYS, MISSING, SAID):
        for name, texts in table.items():
            assert set(texts) == set(get_args(Language)), name
            assert len({frozenset(re.findall(r"\{(\w+)\}", text)) for text in texts.values()}) == 1, name
    assert set(MISSING) == set(get_args(Missing))
    assert set(WHYS) == set(get_args(Why))
    assert set(SAID) == set(get_args(AnswerKind))
    assert (set(VERDICTS), set(LEVELS), set(MEDIA)) == tuple(set(get_args(one)) for one in (Verdict, Level, Medium))


def test_every_source_and_condition_of_a_level_is_told_in_french() -> None:
    told = {text for by_medium in TABLE.values() for counts in by_medium.values() if counts.level != "none"
            for text in (counts.source, counts.condition) if text}  # fmt: skip
    assert told | {EMMC_SPARE} == set(LEVEL_WORDS)


@both
def test_a_certificate_says_all_that_nists_list_has(document: Document, language: Language) -> None:
    text = words(laid_out(document.issued, language))
    for name in (
        "maker", "model", "serial", "inventory_number", "medium", "source", "method", "technique", "tool",
        "verification", "done_by", "validated_by", "name", "function", "date_place", "contact", "signature",
        "destination",
    ):  # fmt: skip
        assert TEXTS[name][language] in text, name
    for value in ("LENOVO", "ThinkCentre M720q", "PC0X7Q01", "S1", "H1", "Anne", "Metz", document.issued.seal):
        assert value in text


@both
def test_no_paper_claims_to_conform_or_names_an_anssi_level(
    document: Document, report: Paper, language: Language
) -> None:
    text = words(laid_out(document.issued, language))
    for word in ("ANSSI", "conforme ", "compliant", "certifié", "IEEE 2883-", "DoD", "garanti"):
        assert word.casefold() not in text.casefold(), word
    assert {"fr": "n'affirme aucune conformité", "en": "claims conformity with no standard"}[language] in text
    assert {"fr": "va au-delà", "en": "goes beyond it"}[language] in text


@both
def test_a_report_has_another_title_no_place_to_sign_and_says_on_each_page_what_it_is_not(
    report: Paper, keys: CertificateKeys, document: Document, language: Language
) -> None:
    shown = laid_out(issue(report, keys).issued, language)
    text = words(shown)
    assert TEXTS["certificate"][language] not in text
    assert TEXTS["no_certificate"][language] in text
    assert TEXTS["validated_by"][language] not in text
    assert TEXTS["signature"][language] + "\n" not in text
    assert WHYS["not-erased"][language] in text
    assert TEXTS["no_certificate"][language] not in words({**laid_out(document.issued, language), "no_certificate": ""})
    # The frame is drawn round every page of it, whatever the page holds.
    pictures = [dark_edge(page) for page in make_pictures(shown, dots=36)]
    assert len(pictures) > 1
    assert all(pictures)
    assert not any(dark_edge(page) for page in make_pictures(laid_out(document.issued, language), dots=36))


def dark_edge(png: bytes) -> bool:
    """Whether something is drawn within a centimetre of the page's left edge."""
    dots, width, height = grey(png)
    return any(dot < 128 for row in range(height // 4, height // 2) for dot in dots[row * width : row * width + 14])


def test_in_a_batch_only_the_reports_pages_bear_the_frame(
    document: Document, report: Paper, keys: CertificateKeys
) -> None:
    other = issue(report, keys)
    shown = laid_out_batch([document.issued, other.issued, document.issued], "Ville de Metz", "fr")
    text = words(shown)
    assert "2 PC avec certificat, 1 avec un rapport seulement." in text
    one = words(laid_out_batch([document.issued, other.issued], "Ville de Metz", "en"))
    assert "PCs with a certificate: 1; with a report only: 1." in one
    assert text.count(document.issued.paper.number) > 2
    good, bad = (edges([one])[1:] for one in (document, other))
    assert not any(good)
    assert bad
    assert all(bad)
    # The table of all, then the PCs in their order, each with its own pages.
    assert edges([document, other, document]) == [False, *good, *bad, *good]


def edges(batch: Sequence[Document]) -> list[bool]:
    """Of each page of a batch's PDF whether it bears the frame."""
    shown = laid_out_batch([one.issued for one in batch], "Ville de Metz", "fr")
    return [dark_edge(page) for page in make_pictures(shown, dots=36)]


@both
def test_a_word_that_is_longer_than_its_place_stays_on_the_page(
    certificate: Paper, keys: CertificateKeys, language: Language
) -> None:
    long = "0123456789ABCDEF" * 16
    disk = replace(certificate.disks[0], model=long, serial=long)
    paper = replace(certificate, donor=long, disks=(disk,), machine=replace(certificate.machine, model=long))
    for shown in (
        laid_out(issue(paper, keys).issued, language),
        laid_out_batch([issue(paper, keys).issued], long, language),
    ):
        assert not any(ink_in_the_margin(page) for page in make_pictures(shown, dots=36))


def ink_in_the_margin(png: bytes) -> bool:
    """Whether something stands within a centimetre and a half of the page's right edge."""
    dots, width, height = grey(png)
    return any(dot < 128 for row in range(height) for dot in dots[(row + 1) * width - 21 : (row + 1) * width])


@both
def test_letters_that_the_fonts_do_not_have_are_named_and_no_text_is_code(
    certificate: Paper, keys: CertificateKeys, language: Language
) -> None:
    odd = 'œ€ \N{NO-BREAK SPACE}Ж Ω 硬盘 \N{HEBREW LETTER ALEF} 😀 #panic() $x$ *b* @a \\ " <q> [x] `r`'
    disk = replace(certificate.disks[0], model=odd, serial="#{sys.inputs}")
    paper = replace(certificate, donor=odd, disks=(disk,), machine=replace(certificate.machine, model=odd))
    shown = laid_out(issue(paper, keys).issued, language)
    text = words(shown)
    assert "œ€" in text
    assert "⟨U+786C⟩⟨U+76D8⟩" in text
    assert "⟨U+1F600⟩" in text
    assert "#panic()" in text
    assert make_pdf(shown)


def test_every_letter_that_is_let_through_is_one_that_the_fonts_have(certificate: Paper, keys: CertificateKeys) -> None:
    # typst refuses to write PDF/A or PDF/UA with a letter that no font has.
    letters = "".join(chr(code) for code in range(32, 0x2800) if code != 0xAD)
    issued = issue(replace(certificate, donor=letters), keys).issued
    shown = laid_out(issued, "fr")
    assert "⟨U+2603⟩" in words(shown)
    assert make_pdf(shown)


def test_with_128_disks_it_is_still_a_paper(certificate: Paper, keys: CertificateKeys) -> None:
    disks = tuple(replace(certificate.disks[0], serial=f"S{number}") for number in range(128))
    shown = laid_out(issue(replace(certificate, disks=disks), keys).issued, "en")
    assert "Disk 128 of 128" in words(shown)
    assert make_pdf(shown)


def test_a_speed_profile_is_drawn_with_its_figures_in_words(certificate: Paper, keys: CertificateKeys) -> None:
    speeds = tuple(200_000_000 - 200_000 * place for place in range(600))
    disk = replace(certificate.disks[1], speeds=speeds)
    shown = laid_out(issue(replace(certificate, disks=(disk,)), keys).issued, "fr")
    (picture,) = shown["papers"][0]["annex"]["pictures"]
    assert picture["alt"] == "Courbe de vitesse : de 80 à 200 Mo/s, 140 Mo/s en moyenne"
    assert picture["picture"].count(",") > 100
    assert make_pdf(shown)


def test_disks_that_were_left_alone_are_named(certificate: Paper, keys: CertificateKeys) -> None:
    other = OtherDisk(model="Stick", serial="U1", size=32 * 10**9, why="carried")
    shown: Shown = laid_out(issue(replace(certificate, others=(other,)), keys).issued, "fr")
    assert "Stick, U1, 32,0\N{NO-BREAK SPACE}Go : clé, carte ou disque externe" in words(shown)
