"""Questions that a stage may ask."""

from netboot.shared.stage_question import DIGITS, GIVE, AnswerChoice, Sentence, ShortWords, StageQuestion

TEXT = Sentence(fr="Le câble du disque est-il bien branché ?", en="Is the disk's cable plugged in well?")
CHOICES = (
    AnswerChoice(id="again", words=ShortWords(fr="Oui, essayer encore", en="Yes, try again")),
    AnswerChoice(id="leave", words=ShortWords(fr="Non, laisser ce disque", en="No, leave this disk")),
)
QUESTION = StageQuestion(id="00000000000000aa", text=TEXT, choices=CHOICES, seconds=600.0)

LABEL = "LABPSID0123456789ABCDEFGHJKLMNPQ"
FOR_A_CODE = StageQuestion(
    id="00000000000000cc",
    text=Sentence(fr="Quel est le code de ce disque ?", en="Which is this disk's code?"),
    choices=(
        AnswerChoice(id=GIVE, words=ShortWords(fr="Envoyer ce code", en="Give this code")),
        AnswerChoice(id="none", words=ShortWords(fr="Aucun code", en="No code")),
    ),
    seconds=600.0,
    types="psid",
)


def question(number: int = 1, *, text: str = "Wait?", words: tuple[str, ...] = ("Yes", "No")) -> StageQuestion:
    """Another question, in the same words in both languages."""
    choices = tuple(
        AnswerChoice(id=f"choice-{place}", words=ShortWords(fr=one, en=one)) for place, one in enumerate(words, 1)
    )
    return StageQuestion(id=f"{number:016x}", text=Sentence(fr=text, en=text), choices=choices, seconds=600.0)


LONGEST = StageQuestion(
    id="0" * 16,
    text=Sentence(fr="Où est " * 42 + "?", en="Where is" * 37 + "?"),
    choices=tuple(
        AnswerChoice(id=f"c{number}", words=ShortWords(fr=f"{number}" + "é" * 59, en=f"{number}" + "y" * 59))
        for number in range(1, DIGITS + 1)
    ),
    seconds=600.0,
)
