"""Prepared answers, and the comments of a user."""

import pytest

from pw13.errors import OptionError, UserError
from pw13.report.outline import item_keys, questions
from pw13.report.sections.answers import prepared_answers, read_comments, template


def test_the_questions_of_the_handout_have_prepared_answers():
    assert set(prepared_answers()) == {"1f", "conv-b", "3a", "3b", "3c"}


def test_answers_hold_for_images_of_any_size():
    answer = " ".join(prepared_answers()["conv-b"]["text"])
    assert "28, 14 and 7 for the handout's images of 28 x 28" in answer
    assert "from 1 to 128, 128 times, while their area shrinks 16 times" in answer


def test_the_answers_say_what_the_temperature_pooling_and_teacher_forcing_do():
    answers = {key: " ".join(answer["text"]) for key, answer in prepared_answers().items()}
    assert "above 1 the distribution is flattened" in answers["3c"]
    assert "teacher forcing" in answers["3c"] and "exposure bias" in answers["3c"]
    assert "Max-pooling leaves something out" in answers["conv-b"]
    assert "Nothing forces" not in answers["conv-b"]


def test_comments_are_read_by_item(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text('1a = "We chose 32."\nconv-a = "x"\n', "utf-8")
    assert read_comments(path, item_keys()) == {"1a": "We chose 32.", "conv-a": "x"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('conv-1 = "a"', "unknown item 'conv-1'; did you mean 'conv-"),
        ('9z = "a"', "unknown item '9z'; items: 1a, 1b"),
        ("1a = 3", "1a: expected a string, received 3"),
        ("= 3", "not TOML: "),
        (f"a = {'9' * 5000}", "not TOML: "),
        (f"a = {'[' * 3000}{']' * 3000}", "not TOML: nested too deeply"),
    ],
)
def test_invalid_comments_are_refused(tmp_path, content, message):
    path = tmp_path / "own.toml"
    path.write_text(content, "utf-8")
    with pytest.raises(OptionError) as refused:
        read_comments(path, item_keys())
    assert str(refused.value).startswith(f"--comments {path}: {message}")


def test_unreadable_comments_are_refused(tmp_path):
    with pytest.raises(UserError, match=r"none\.toml: cannot be read: No such file"):
        read_comments(tmp_path / "none.toml", [])


def test_the_template_has_every_item_and_is_a_valid_file_of_comments(tmp_path):
    text = template(questions())
    path = tmp_path / "mine.toml"
    path.write_text(text, "utf-8")
    assert read_comments(path, item_keys()) == dict.fromkeys(item_keys(), "")
    assert "# How could such a compression be judged" in text and "# What are autoencoders used for?" in text
