# SPDX-License-Identifier: ISC
"""A measured figure beside what it is held to, for the table of figures (tests/figures.py).

With CHANT_FIGURES set it is the path of a file that a line is appended to; otherwise the figure is
printed.  A test says its figure and then asserts it as well: the table only shows what was found.
Under pytest what a test says counts when it has passed; what one says that fails is put beside it,
into `$CHANT_FIGURES.missed`, as it may pass when it is run once more.
"""

import os

_held_back = None  # lines of the test that runs now


def hold_back():
    """From now on lines wait for settle()."""
    global _held_back
    _held_back = []


def settle(failed):
    """The test that said them has ended."""
    global _held_back
    lines, _held_back = _held_back, []
    if lines:
        path = os.environ["CHANT_FIGURES"] + (".missed" if failed else "")
        with open(path, "a", encoding="utf-8") as out:
            out.writelines(lines)


def figure(group, what, value, relation, hold, unit):
    """`group` and `what` name a row of doc/accuracy.md; `relation` is "<=" or ">=".

    Several figures make one row, the worst of them, if they differ only in what `what` has in
    brackets at its end.
    """
    line = f"{group}\t{what}\t{value:.6g}\t{relation}\t{hold:.6g}\t{unit}\n"
    path = os.environ.get("CHANT_FIGURES")
    if not path:
        print(line, end="")
    elif _held_back is not None:
        _held_back.append(line)
    else:
        with open(path, "a", encoding="utf-8") as out:
            out.write(line)
