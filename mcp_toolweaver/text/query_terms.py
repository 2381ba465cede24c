"""The terms of a question: those that say what is wanted, without the talk around it.

"Hey, I'm trying to figure out ..." is rare in catalogs, so BM25 would take it for the heart of
the question. The words left out here are English function words beyond those that no text
keeps, and the small talk of requests; none of them names a thing or an action on one.
"""

from __future__ import annotations

from functools import cache

from mcp_toolweaver.text.tokenize import STOP_WORDS, stem, tokenize

_TALK = (
    "am ain aren isn wasn weren don doesn didn hasn haven hadn won wouldn couldn shouldn ll ve re m s t d let he him "
    "his she her hers himself herself itself yourself myself ourselves themselves being been doing having here why "
    "whom whose both each few more most other such only own same very too again further once because until while "
    "during through above below between against under over down out off nor not no yes ok okay "
    "hey hi hello thanks thank appreciate kindly well really actually maybe perhaps quite also even still already "
    "need needs want wants wanted know try trying tried help helping look looking let lets going gonna honestly "
    "basically simply thing things stuff kind sort lot lots bit planning hoping hope curious wondering wonder "
    "think thinking thought feel figure figuring excited super pretty ideally able possible someone something "
    "anything everything somehow sure"
)


def query_terms(text: str) -> tuple[str, ...]:
    """Return the terms that matter, in their order; all of them if none does."""
    return content_terms(text) or tuple(tokenize(text))


def content_terms(text: str) -> tuple[str, ...]:
    """Return the terms that matter, in their order; none if there is only talk."""
    return tuple(term for term in tokenize(text) if term not in _talk() and term not in STOP_WORDS)


@cache
def _talk() -> frozenset[str]:
    return frozenset(stem(word) for word in _TALK.split())
