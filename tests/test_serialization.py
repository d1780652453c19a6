"""JSON data from outside as something that every file, database and terminal takes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.serialization import encodable

TEXTS = st.text(st.characters() | st.characters(categories=["Cs"]), max_size=6)
DATA = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


def replaced(text: str) -> str:
    return "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in text)


@given(DATA)
def test_any_data_is_the_same_but_for_half_characters(data: Any) -> None:
    """What `encodable` returns is what JSON said, each half character in texts and keys replaced."""

    def expected(value: Any) -> Any:
        if isinstance(value, list):
            return [expected(item) for item in value]
        if isinstance(value, dict):
            return {replaced(key): expected(item) for key, item in value.items()}
        return replaced(value) if isinstance(value, str) else value

    found = json.dumps(encodable(data), ensure_ascii=False)
    found.encode()
    assert found == json.dumps(expected(data), ensure_ascii=False)


@pytest.mark.parametrize("text", ["plain", "zwölf", "half \ud83d", "\udc00", "\U0001f600"])
def test_a_text_is_taken_by_itself(text: str) -> None:
    """A text alone loses its half characters and nothing else."""
    assert encodable(text) == replaced(text)
