"""Words agree with the number before them, in every phrase of every language, in Python as in the pages."""

import json
import os
import re
import shutil
import subprocess

import pytest

from geoaccess import phrases
from geoaccess.phrases import catalogue
from geoaccess.phrases.catalogue import _leaves
from geoaccess.phrases.filling import BLANK

# What stands for no count, or for one that is never 1: blocks are of 4 cells at the least, people are masked
# below 2 at the least, and several places are found together.
NEVER_ONE = {"k", "band", "below", "share", "ratio"}
NEVER_ONE_THERE = {("planner.together_gap", "n")}
BESIDE = {"of", "av", "i", "enn", "than", "that", "may", "cannot", "does", "har", "ikke", "gir", "når"}  # not its noun
NOT_SEVERAL = {"is", "was", "has", "as", "this", "does", "goes", "closes", "means", "takes", "its", "afterwards", "s"}


def own(language):
    return {".".join(path): text for path, text in _leaves(catalogue._files()[language]) if path[0] != "language"}


def words_of_several(texts):
    """Return the words that the catalogue itself has for any number but one, and not for one."""
    blanks = [blank for text in texts for blank in BLANK.finditer(text) if blank[3] is not None]
    one, several = ({word for blank in blanks for word in blank[side].split()} for side in (2, 3))
    return several - one


def bare(texts, *, english):
    """Return the numbers that are followed by a word of several, whatever the number is."""
    several = words_of_several(texts.values())
    found = []
    for key, text in texts.items():
        for count, one, other in re.findall(r"\{(\w+)\} ([^\W\d_][\w-]*)(?: ([^\W\d_][\w-]*))?", text):
            near = [one] if one in BESIDE else [word for word in (one, other) if word]
            plural = [w for w in near if w in several or (english and re.search("[^s]s$", w) and w not in NOT_SEVERAL)]
            if plural and count not in NEVER_ONE and (key, count) not in NEVER_ONE_THERE:
                found.append((key, count, plural[0]))
    return found


@pytest.mark.parametrize("language", phrases.languages())
def test_words_after_a_number_are_chosen_by_it(language):
    assert bare(own(language), english=language == "en") == []


def test_that_guard_can_fail():
    known = "{m} {m:innbygger|innbyggere}, {n} {n:person has|people have} one"
    for text, word in (("{n} sailings are to be booked", "sailings"), ("of {all} people ({share})", "people")):
        assert [wrong[2] for wrong in bare({"known": known, "new": text}, english=True)] == [word]
    assert bare({"known": known, "new": "{n} nye innbyggere"}, english=False) == [("new", "n", "innbyggere")]
    assert bare({"known": known, "new": "{n} of your changes, in blocks of {k} cells"}, english=True) == []


@pytest.mark.parametrize("language", phrases.languages())
def test_what_is_chosen_by_number_is_a_blank_of_the_phrase_and_differs(language):
    for key, text in own(language).items():
        assert not re.search(r"[{}|]", BLANK.sub("", text)), key
        plain = {blank[1] for blank in BLANK.finditer(text) if blank[2] is None}
        for blank in BLANK.finditer(text):
            assert blank[1] in plain, (key, blank[0])
            assert blank[2] is None or blank[2] != blank[3], (key, blank[0])


@pytest.mark.parametrize(
    ("language", "key", "values", "written"),
    [
        ("en", "terminal.c_to_be_booked", {"n": 1}, "1 sailing of the day is to be booked"),
        ("en", "terminal.c_to_be_booked", {"n": 12}, "12 sailings of the day are to be booked"),
        ("nb", "terminal.c_to_be_booked", {"n": 1}, "1 av dagens avganger må bestilles"),
        ("nb", "map.people_n", {"n": "1"}, "1 innbygger"),
        ("en", "map.people_n", {"n": "1.0"}, "1.0 people"),
        ("nb", "terminal.fleet_title", {"label": "Ambulanse", "n": 1}, "Ambulanse: 1 bil til"),
        ("nb", "terminal.fleet_title", {"label": "Ambulanse", "n": 2}, "Ambulanse: 2 flere biler"),
    ],
)
def test_one_and_several(language, key, values, written):
    assert phrases.text(language, key, **values) == written
    name, _, rest = key.partition(".")
    assert phrases.Writer(language, (name,)).text(rest, **values) == written


@pytest.mark.parametrize("n", [0, 1, 2, 21])
def test_a_note_is_known_again_by_either_word(n):
    kept = phrases.note("ends_joined", n=n)
    assert phrases.note_in("nb", kept) == f"{n} {'endepunkt' if n == 1 else 'endepunkter'} koblet til nærmeste vei"
    assert phrases.note_in("nb", f"{kept}; {kept}") == "; ".join([phrases.note_in("nb", kept)] * 2)


def test_the_pages_choose_as_python_does(root):
    node = shutil.which("node")
    if node is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("there is no node: phrases are not compared")
    texts = [text for language in phrases.languages() for text in own(language).values() if "|" in text]
    assert len(texts) > 100
    blanks = [[blank[1] for blank in BLANK.finditer(text)] for text in texts]
    given = {name: [dict.fromkeys(those, n) for those in blanks] for name, n in (("one", 1), ("two", "2"))}
    script = """
    const { load } = require("./tests/javascript/page.js");
    const { fill } = load(["shared/format.js"]);
    const { texts, given } = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
    const each = (values) => texts.map((text, i) => fill(text, values[i]));
    process.stdout.write(JSON.stringify({ one: each(given.one), two: each(given.two) }));
    """
    asked = json.dumps({"texts": texts, "given": given})
    done = subprocess.run([node, "-e", script], input=asked, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for name, written in json.loads(done.stdout).items():
        ours = [phrases.Phrase(text).format(**values) for text, values in zip(texts, given[name], strict=True)]
        assert written == ours, name
