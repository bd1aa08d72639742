"""What the server believes of a stage's question: who answered is not the agent's to say."""

import hashlib
from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from netboot.jobs.stage_questions import Counted, GivenAnswer, counted, key_of
from netboot.shared.protocol import ProtocolError, QuestionClosed, decode_from_agent, encode
from netboot.shared.stage_question import How, Sentence, StageQuestion
from tests.workshop.asked import QUESTION, question

ANNE = GivenAnswer("again", "digest of anne")


def closed(how: How, choice: str) -> QuestionClosed:
    return QuestionClosed(number=1, job="j1", stage="check", question=QUESTION, how=how, choice=choice)


@pytest.mark.parametrize(
    ("how", "choice", "given_answer", "as_counted"),
    [
        ("keyboard", "again", None, ("keyboard", "")),
        ("keyboard", "leave", ANNE, ("keyboard", "")),
        ("page", "again", ANNE, ("page", ANNE.by)),
        ("page", "again", None, ("unclear", "")),
        ("page", "leave", ANNE, ("unclear", "")),
        ("keyboard", "erase", None, ("unclear", "")),
        ("keyboard", "", None, ("unclear", "")),
        ("time-out", "", ANNE, ("time-out", "")),
        ("time-out", "again", ANNE, ("unclear", "")),
        ("withdrawn", "", None, ("withdrawn", "")),
    ],
)
def test_who_answered_is_whom_the_server_let_answer(
    how: How, choice: str, given_answer: GivenAnswer | None, as_counted: tuple[Counted, str]
) -> None:
    assert counted(closed(how, choice), given_answer) == as_counted


@given(
    st.sampled_from(get_args(How)),
    st.sampled_from(["", "again", "leave", "erase"]),
    st.none() | st.builds(GivenAnswer, st.sampled_from(["again", "leave"]), st.just("digest")),
)
def test_nobody_is_named_for_an_answer_that_they_did_not_give(
    how: How, choice: str, given_answer: GivenAnswer | None
) -> None:
    _, by = counted(closed(how, choice), given_answer)
    assert not by or (how == "page" and given_answer is not None and given_answer.choice == choice)


def test_an_answer_is_to_every_word_that_was_read() -> None:
    others = [
        replace(QUESTION, id="00000000000000ab"),
        replace(QUESTION, text=Sentence(fr=QUESTION.text.fr, en="Erase all?")),
        replace(QUESTION, choices=QUESTION.choices[::-1]),
        replace(QUESTION, seconds=601.0),
        question(),
    ]
    keys = {key_of("j1", "check", one) for one in (QUESTION, *others)}
    keys |= {key_of("j2", "check", QUESTION), key_of("j1", "erase", QUESTION)}
    assert len(keys) == 8
    assert key_of("j1", "check", msgspec.json.decode(msgspec.json.encode(QUESTION), type=StageQuestion)) in keys


def test_a_key_is_the_beginning_of_the_hash_of_all_that_was_asked() -> None:
    """Keys stand on the record: one of before an update is to be found again after it."""
    choices = ",".join(
        f'{{"id":"{choice.id}","words":{{"fr":"{choice.words.fr}","en":"{choice.words.en}"}}}}'
        for choice in QUESTION.choices
    )
    text = f'{{"fr":"{QUESTION.text.fr}","en":"{QUESTION.text.en}"}}'
    content = f'["j1","check",{{"id":"{QUESTION.id}","text":{text},"choices":[{choices}],"seconds":600.0}}]'
    assert key_of("j1", "check", QUESTION) == hashlib.sha256(content.encode()).hexdigest()[:32]


@pytest.mark.parametrize(
    "wrong",
    [
        '"text":{"fr":"","en":"x"}',
        '"text":{"fr":"x"}',
        f'"text":{{"fr":"x","en":"{"x" * 301}"}}',
        '"choices":[]',
        '"choices":[{"id":"a","words":{"fr":"x","en":"x"}},{"id":"a","words":{"fr":"y","en":"y"}}]',
        '"choices":[{"id":"A\\n","words":{"fr":"x","en":"x"}}]',
        '"choices":[' + ",".join(f'{{"id":"a{n}","words":{{"fr":"x","en":"x"}}}}' for n in range(10)) + "]",
        '"seconds":0',
        '"seconds":1e9',
        '"id":"x"',
    ],
)
def test_a_question_out_of_bounds_is_no_message(wrong: str) -> None:
    good = encode(closed("time-out", ""))
    assert decode_from_agent(good) == closed("time-out", "")
    fields: dict[str, msgspec.Raw] = msgspec.json.decode(msgspec.json.encode(QUESTION), type=dict[str, msgspec.Raw])
    name, _, value = wrong.partition(":")
    fields[name.strip('"')] = msgspec.Raw(value.encode())
    text = good.replace(msgspec.json.encode(QUESTION).decode(), msgspec.json.encode(fields).decode())
    assert text != good
    with pytest.raises(ProtocolError):
        decode_from_agent(text)
