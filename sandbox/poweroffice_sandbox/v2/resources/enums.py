"""The string enums of the API, by name. Rule: values exactly as the OpenAPI file spells them."""

from __future__ import annotations

from .tables import named_words

ENUMS: dict[str, tuple[str, ...]] = {
    name: tuple(words.split()) for name, words in named_words("enums").items()
}
