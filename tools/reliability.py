"""
The table of docs/reliability.md: each fault found from outside, and the tests that keep it from coming back.

A test names what it holds by ``@pytest.mark.finding("D2", "R1")``; the source is read, nothing is run.

    python tools/reliability.py            print the table; exit status 1 when a fault has no test
"""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

SHOWN = 3
HOLDS = {
    "D1": "A POST is sent once, whatever its reply makes a parser raise.",
    "D2": "Rows that come or go while pages are read hide no other row; the read repeats or fails.",
    "D3": "Deferred sensors keep their deadline and leave the triggerer's threads to others.",
    "D4": "A key that a server repeats in an escape or another encoding reaches no text, error or result.",
    "D5": "No log line holds a query value; an answer whose headers cannot be parsed is a lost reply.",
    "D6": "A page that repeats another one under its own number is noticed.",
    "D7": "The watermark is the first page's `Date`, or there is none.",
    "D8": "A server clock ahead of the worker's does not stop incremental loads.",
    "D9": "The shared rate limit comes back after its file was held, lost or spoilt.",
    "D10": "Nothing but the errors of `errors.py` leaves the client or a store.",
    "D11": "One row with half a surrogate pair does not stop its collection.",
    "D12": "A false empty page, 404 or short page in the middle is asked for again, then an error.",
    "D13": "`replace` does not empty a table because of one empty answer.",
    "D14": "A repeated DELETE may find nothing; a 303 answers no POST; two 401s in a row are not final.",
    "R1": "A total that stays the same while rows go and come hides nothing.",
    "R2": "Expanded collections with a link of their own are followed, or an error names the field.",
    "R3": "v1: an empty 2xx is no success.",
    "R3b": "v1: a 2xx that is no envelope is no success.",
    "R4": "Windows line breaks in any row load into DuckDB.",
    "R5": "A decimal finer than its column is never rounded in silence, in a new table either.",
    "R6": "Typed Python values in a sensor's condition compare, deferred too.",
    "R6b": "No comparison and no type of value fires falsely.",
    "R7": "Raw and NDJSON pass on what the server sent; columns name row, field and way out.",
    "R8": "One record has one raw key, however the server spells its values.",
    "R9": "A page header that contradicts itself never ends a read early.",
    "R10": "The receipt names the object that was written, or the path is refused.",
    "R11": "A compressed or chunked body that was cut is a lost reply.",
    "R12": "A column's own type decides what fits it.",
    "R12b": "v1's change times are timestamps in a new table.",
    "R13": "Numbers that drift from whole to decimal keep loading.",
    "R14": "PostgreSQL: no column type rounds in silence.",
    "R15": "PostgreSQL databases of other encodings load, the second time too.",
    "R16": "The least and largest dates of .NET do not end a load.",
    "R17": "`changed_since` from the beginning of the calendar works.",
    "R18": "`Retry-After` and `Date` beyond the calendar are read as absent.",
    "R19": "A body in another encoding is decoded as declared, or an error says so.",
    "R20": "Next links that differ by scheme, port or inner host keep our origin.",
    "R21": "A template that renders None is refused, never sent as the text None.",
    "R22": "NaN and Infinity in an answer for XCom are an error that names the field.",
    "R23": "Stray whitespace in a secret of Finance & Operations is refused by name.",
    "S1": "A stored secret goes to known token hosts only; Test opens no Redis.",
    "S2": "Data is never rendered as a template.",
    "S3": "A reply that cannot be parsed does not repeat a POST.",
    "S4": "No expression runs long on a hostile text.",
    "S5": "Every body is bounded, counted after decompression.",
    "S6": "A deadline bounds the whole call, a dripping body too.",
    "S7": "Loopback is never reached through a proxy.",
    "S8": "`files=` reads plain files below roots that the worker names, up to a size.",
    "S9": "Headers that frame or route a message are refused.",
    "S10": "A killed task leaves no rows in temporary files.",
    "S11": "A carriage return in the first row does not refuse a load.",
    "S12": "No frame that raises holds a key.",
    "S13": "An endpoint cannot inject SQL through a table's comment.",
    "S14": "A company of Dynamics cannot lead out of a path.",
    "S15": "Deeply nested JSON is a typed error.",
    "S16": "A server cannot make the client sleep for longer than 15 minutes at a time.",
    "S17": "A server's text is one printable line, at most 1,000 characters, in messages, receipts and XCom.",
    "S18": "A good answer that repeats a key is blanked too.",
    "S19": "A new client key does not go to XCom.",
    "S20": "A key pasted into the wrong field is not printed.",
    "S21": "Implausible state of the rate limit is refused; a squatted folder does not un-share it.",
    "S22": "Fields named like a column of ours or of the database load.",
    "S23": "No web page controls the sandbox; its bodies are bounded.",
}


def tests_by_finding() -> dict[str, list[str]]:
    """Give, for each name in a ``finding`` marker, the tests that carry it, as ``file::test``."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted([*ROOT.glob("tests/**/test_*.py"), *ROOT.glob("sandbox/tests/**/test_*.py")]):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        whole = [name for node in tree.body if isinstance(node, ast.Assign) for name in _findings(node.value)]
        for node in ast.walk(tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name.startswith("test_"):
                for name in dict.fromkeys(
                    [*whole, *(n for mark in node.decorator_list for n in _findings(mark))]
                ):
                    found[name].append(f"{path.relative_to(ROOT)}::{node.name}")
    return found


def _findings(expression: ast.expr) -> list[str]:
    return [
        argument.value
        for call in ast.walk(expression)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "finding"
        for argument in call.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    ]


def problems() -> list[str]:
    """List faults without a test, and markers that name none."""
    found = tests_by_finding()
    return [f"no test carries finding({name!r})" for name in HOLDS if name not in found] + [
        f"{found[name][0]}: finding({name!r}) is not in tools/reliability.py"
        for name in found
        if name not in HOLDS
    ]


def table() -> str:
    """Give the table in Markdown; a fault with many tests names the first three."""
    found = tests_by_finding()
    lines = ["| | what holds | held by |", "|---|---|---|"]
    for name, promise in HOLDS.items():
        tests = [f"[{test.partition('::')[2]}](../{test.partition('::')[0]})" for test in found.get(name, [])]
        more = f" and {len(tests) - SHOWN} more" if len(tests) > SHOWN else ""
        lines.append(f"| {name} | {promise} | {', '.join(tests[:SHOWN])}{more} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(table())
    sys.exit("\n".join(problems()) or 0)
