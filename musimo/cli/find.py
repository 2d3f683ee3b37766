"""``musimo find``: tracks that match a description."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from musimo.cli.answer import choice_of, print_answer
from musimo.cli.context import Invocation, pass_invocation
from musimo.cli.exit_codes import DONE, NOT_FOUND
from musimo.cli.lists import duration_option, note_length, order_option, with_duration
from musimo.cli.options import make_selection, output_options, selection_options
from musimo.output.formats import TRACKS

if TYPE_CHECKING:
    from musimo.search.order import Order
    from musimo.search.results import FindResult


@click.command("find")
@click.argument("words", nargs=-1, required=True)
@selection_options(limit=10)
@duration_option
@order_option
@click.option(
    "--explain", "explained", is_flag=True, help="Show for each track how well it matches each word."
)
@output_options
@pass_invocation
def command(
    invocation: Invocation,
    /,
    words: tuple[str, ...],
    duration: str | None,
    order: Order,
    explained: bool,
    **options: Any,
) -> int:
    """List the tracks of the library that best match a description in words.

    Words are tags heard in the audio (piano, "female vocals"), genres, moods, a tempo (slow, 120 bpm), a key
    (in A minor), a decade (80s) or a scene (rainy, late night, workout, dinner, focus). "not", "without" and
    "-word" ask against the word that follows. Genres, instruments and moods may be German, French or Spanish.

    The answer says how each word was understood; an unknown word is named and left out. Another English word
    stands for the known one that is near it in meaning, marked with ≈. [words] in the settings adds words.

    The score is the mean, over the words, of the share of the library that matches a word less well. A genre
    in the tags of a file counts as well.

    \b
      musimo find "sad piano"
      musimo find "energetic metal without vocals" --where year:..1999
      musimo find "rainy late night jazz, 70s" --explain
      musimo find "happy 120-126 bpm in A minor" --order flow -o set.m3u8
    """
    library = invocation.library()
    choice = choice_of(options, TRACKS)
    selection = with_duration(make_selection(library.settings, scale=choice.scale, **options), duration)
    result = library.find(" ".join(words), order=order, explain=explained, selection=selection)
    if choice.format != "table" or choice.output is not None:
        _note_reading(invocation, result)
    note_length(invocation, result, selection)
    print_answer(invocation, result, choice)
    return DONE if result else NOT_FOUND


def _note_reading(invocation: Invocation, result: FindResult) -> None:
    """Say how the words were understood, where the output does not show it."""
    from musimo.output.list_text import not_answered, understood

    invocation.note("; ".join(map(understood, result.description.words)))
    for sentence in not_answered(result.description):
        invocation.note(sentence)
