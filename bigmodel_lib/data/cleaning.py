"""Cleaning text: one form for texts that are equal."""

from __future__ import annotations

import re
import unicodedata

# Control characters (C0, DEL, C1) without tab and line feed; the byte-order mark; noncharacters at the end of the plane
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufeff\ufffe\uffff]")


def clean(text: str) -> str:
    """Bring a text into the one form in which equal texts are equal strings. It says what it said.

    In this order: every line ending (CR LF, CR, U+2028, U+2029, NEL) becomes a line feed; control characters other than tab
    and line feed and the byte-order mark go; Unicode's composed form, NFC ("e" + accent becomes "é"); white space at the end of
    a line goes; more than one empty line becomes one; empty lines at both ends go. Indentation stays: it means something in
    code. Case, punctuation, width (NFKC) and spelling stay too: changing them changes what the text says.

    Args:
        text: any string; lone surrogates pass through.

    Returns:
        The clean text, without a line feed at its end. Cleaning twice gives the same as cleaning once.

    Raises:
        TypeError: bytes or something else that is not a string.

    Example:
        >>> clean("cafe\\u0301  \\r\\n\\r\\n\\r\\n\\tbar\\x00\\n")
        'café\\n\\n\\tbar'

    Source: Unicode Standard Annex 15 (normalisation forms). Taught in: 2.1.
    """
    if not isinstance(text, str):
        raise TypeError(f"clean needs a string, not {type(text).__name__}: decode bytes first, for instance as UTF-8")
    text = re.sub("\r\n|[\r\u2028\u2029\x85]", "\n", text)
    text = unicodedata.normalize("NFC", _CONTROL.sub("", text))
    text = "\n".join(
        line.rstrip() for line in text.split("\n")
    )  # a pattern for it would be quadratic in runs of spaces
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n")
