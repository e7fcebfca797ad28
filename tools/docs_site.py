"""
Make the documentation's site from the pages as they stand, the example DAGs and the docstrings.

    python tools/docs_site.py OUT                       the site alone
    python tools/docs_site.py OUT ../versions.html      every page leads to that list of versions, too

Rule: pages read well as plain Markdown in the checkout; what only a site needs is made here. Its contents are
those of docs/README.md. Whatever Sphinx warns of is an error, and so is what would be fetched from elsewhere.
"""

from __future__ import annotations

import ast
import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import griffe
from release import changelog_problems, project
from sphinx.cmd.build import build_main

ROOT = Path(__file__).resolve().parent.parent
STAGE = ROOT / ".work" / "site"
CONTENTS = Path("docs/README.md")
FENCED = re.compile(r"(^```.*?^```$)", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)#\s]*)(#[^)\s]*)?\)")
ENTRY = re.compile(r"\[([^\]]+)\]\(([^)#]+\.md)\)")
EXAMPLES = "examples.md"
FETCHED = re.compile(
    r"""<(?:script|img|link)[^>]+(?:src|href)=["'](?:https?:)?//[^"']+|@import|url\((?:https?:)?//"""
)

PACKAGE = "airflow_provider_poweroffice"
REFERENCE = {
    "operators": (
        "Operators",
        ("operators.poweroffice", "operators.invoice", "operators.companies", "operators.d365fo"),
    ),
    "transfers": (
        "Transfers and task groups",
        (
            "task_groups.load_company",
            "task_groups.company_to_object_storage",
            "transfers.poweroffice_to_sql",
            "transfers.poweroffice_to_object_storage",
            "transfers.sql_to_poweroffice",
            "transfers.object_storage_to_poweroffice",
            "transfers.d365fo",
            "transfers.cloud_warehouse",
        ),
    ),
    "sensors": ("Sensors", ("sensors.poweroffice", "sensors.d365fo")),
    "hooks": ("Hooks", ("hooks.poweroffice", "hooks.d365fo")),
    "client": ("The client, without Airflow", ("api",)),
    "assets": ("Assets", ("assets.poweroffice",)),
    "errors": ("Errors", ("errors",)),
}
"""Page to its title and modules: what DAG files and programs import, and nothing else."""
ALL_OF = re.compile(r": all of :class:`~?([\w.]+)`")
WITH_METHODS = frozenset({"hooks", "client", "errors"})
FIELD = re.compile(r"^:(\w+)(?: +([^:]+))?: *(.*)$")


def staged(page: Path) -> Path:
    """Give where a page of the checkout is in the site."""
    return Path("index.md") if page == Path("README.md") else page


def contents() -> list[tuple[str, list[tuple[str, Path]]]]:
    """Give the headings of the contents, each with its pages and what they are called there."""
    parts = re.split(r"^## +(.+)$", (ROOT / CONTENTS).read_text(encoding="utf-8"), flags=re.MULTILINE)
    return [
        (
            title,
            [
                (words, _from(CONTENTS, target))
                for line in text.splitlines()
                for words, target in ENTRY.findall(line)[:1]
            ],
        )
        for title, text in zip(parts[1::2], parts[2::2], strict=True)
    ]


def _from(page: Path, target: str) -> Path:
    return Path(os.path.normpath(page.parent / target))


def named(page: Path) -> str:
    """Give the heading of a page, which readers of a site know it by; those of a checkout know its file."""
    return (ROOT / page).read_text(encoding="utf-8").partition("# ")[2].partition("\n")[0]


def relinked(page: Path, text: str, pages: set[Path]) -> str:
    """
    Lead links from a page of the checkout to pages of the site, by name; of a link to code its words stay.

    :param page: of the checkout, relative to its root.
    """

    def changed(found: re.Match[str]) -> str:
        picture, words, target, anchor = found.groups(default="")
        if "://" in target or not target:
            return found[0]
        to = _from(page, target)
        if picture:
            (STAGE / to).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / to, STAGE / to)
            goal = to
        elif to in pages:
            goal = staged(to)
            words = named(to) if words.endswith(".md") else words
        elif to.parts[0] == "example_dags":
            goal, anchor = Path(EXAMPLES), f"#{to.stem}" if to.suffix else ""
        else:
            return words
        return f"{picture}[{words}]({os.path.relpath(goal, staged(page).parent)}{anchor})"

    return "".join(part if part.startswith("```") else LINK.sub(changed, part) for part in FENCED.split(text))


def toctree(title: str, names: list[str]) -> str:
    """Give a hidden list of contents, which the site shows at the side."""
    lines = "\n".join(names)
    return f"```{{toctree}}\n:hidden:\n:caption: {title}\n\n{lines}\n```\n\n"


def examples() -> str:
    """Give the page of the example DAGs."""
    parts = ["# Example DAGs\n"]
    for path in sorted((ROOT / "example_dags").glob("*.py")):
        code = path.read_text(encoding="utf-8")
        said = ast.get_docstring(ast.parse(code)) or ""
        body = code.split('"""\n', 2)[-1].strip()
        parts.append(f"## {path.stem}\n\n{said.replace('``', '`')}\n\n```python\n{body}\n```\n")
    return "\n".join(parts)


def fields(text: str) -> tuple[str, list[tuple[str, str, str]]]:
    """
    Split a docstring into what it says and its fields.

    :return: the text, and (kind, name, description) of each field.
    """
    said: list[str] = []
    found: list[tuple[str, str, str]] = []
    inside = False
    for line in text.splitlines():
        if field := FIELD.match(line):
            found.append((field[1], field[2] or "", field[3]))
            inside = True
        elif inside and line.startswith(" "):
            kind, name, so_far = found[-1]
            found[-1] = (kind, name, f"{so_far} {line.strip()}")
        else:
            inside = False
            said.append(line)
    return "\n".join(said).strip(), found


def sphinx_text(text: str) -> str:
    """Lead what docstrings say of guides to the pages of the site."""
    text = ALL_OF.sub("", text)
    return re.sub(r"\bdocs/(\w+)\.md", r":doc:`/docs/\1`", text)


def described(item: Any, kind: str, signature: str, bases: list[Any]) -> Iterator[str]:
    """
    Describe a class, function or attribute, with the arguments of its bases.

    :param kind: directive of Sphinx's Python domain.
    :param bases: classes of this package that it inherits from, nearest first.
    """
    yield f".. py:{kind}:: {item.name}{signature}"
    yield ""
    said, own = fields(item.docstring.value if item.docstring else "")
    known = {parameter.name: parameter for cls in reversed([item, *bases]) for parameter in parameters(cls)}
    listed = {(field, argument) for field, argument, _ in own}
    for base in bases:
        more, inherited = fields(base.docstring.value if base.docstring else "")
        if base.name in ALL_OF.findall(said):  # what it has is described as its own
            first, *rest = said.split("\n\n")
            said = "\n\n".join([first, *more.split("\n\n")[1:], *rest])
        own += [field for field in inherited if field[:2] not in listed and field[0] == "param"]
        listed |= {field[:2] for field in own}
    for line in sphinx_text(said).splitlines():
        yield f"   {line}"
    yield ""
    for field, argument, text in own:
        yield f"   :{f'{field} {argument}'.strip()}: {sphinx_text(text)}{default_of(known.get(argument))}"
        if field == "param" and argument in known and known[argument].annotation is not None:
            yield f"   :type {argument}: {known[argument].annotation}"
    yield ""


def parameters(item: Any) -> list[Any]:
    """Give the parameters of a function, or of a class's ``__init__``; of a dataclass those of its fields."""
    function = item
    if item.is_class:
        function = item.members.get("__init__")
    if function is None or not hasattr(function, "parameters"):
        return []
    return [one for one in function.parameters if one.name not in {"self", "cls", "args", "kwargs"}]


def default_of(parameter: Any) -> str:
    """Give the words for a parameter's default."""
    shown = "None" if parameter is None else str(parameter.default)
    return "" if shown == "None" else f" Default ``{shown}``."


def signature(item: Any) -> str:
    """Give what stands behind a function's name."""
    given = [one for one in item.parameters if one.name not in {"self", "cls"}]
    prefix = {"variadic positional": "*", "variadic keyword": "**"}
    shown: list[str] = []
    for one in given:
        kind = one.kind.value if one.kind else ""
        if kind == "keyword-only" and not any(text.startswith("*") for text in shown):
            shown.append("*")
        typed = f": {one.annotation}" if one.annotation is not None else ""
        default = f" = {one.default}" if one.default is not None and kind not in prefix else ""
        shown.append(f"{prefix.get(kind, '')}{one.name}{typed}{default}")
    result = f" -> {item.returns}" if item.returns is not None else ""
    return f"({', '.join(shown)}){result}"


def methods(cls: Any) -> Iterator[str]:
    """Describe the public methods and properties of a class, inherited ones too."""
    seen: set[str] = set()
    for owner in [cls, *cls.mro()]:
        for name, item in owner.members.items():
            if name.startswith(("_", "get_")) or name in seen or item.is_alias or not item.docstring:
                continue
            seen.add(name)
            if item.is_function:
                lines = described(item, "method", signature(item), [])
            elif item.is_attribute and "property" in item.labels:
                lines = described(item, "property", "", [])
            else:
                continue
            yield from (f"   {line}" for line in lines)


def public(module: Any) -> Iterator[Any]:
    """Give what a module offers: the names of its ``__all__``, else its own without an underscore."""
    names = module.exports or [
        name for name, item in module.members.items() if not name.startswith("_") and not item.is_alias
    ]
    for name in names:
        item = module[str(name)]
        item = item.final_target if item.is_alias else item
        if item.is_class or item.is_function:
            yield item


def reference(page: str, package: Any) -> str:
    """Give a page of the reference."""
    title, modules = REFERENCE[page]
    lines = [title, "=" * len(title), ""]
    for module in modules:
        for item in public(package[module]):
            lines += [
                item.name,
                "-" * len(item.name),
                "",
                f"``from {PACKAGE}.{module} import {item.name}``",
                "",
            ]
            lines += [f".. py:currentmodule:: {PACKAGE}.{module}", ""]
            if item.is_class:
                bases = [base for base in item.mro() if base.path.startswith(PACKAGE)]
                lines += described(item, "class", "", bases)
                if page == "errors" and bases:
                    lines += [f"   Base: :class:`{bases[0].name}`", ""]
                lines += methods(item) if page in WITH_METHODS else ()
            else:
                lines += described(item, "function", signature(item), [])
    return "\n".join(lines) + "\n"


def lay_out() -> None:
    """Write the pages of the site."""
    shutil.rmtree(STAGE, ignore_errors=True)
    STAGE.mkdir(parents=True)
    parts = contents()
    pages = {Path("README.md"), CONTENTS, *(page for _, found in parts for _, page in found)}
    trees = toctree("Contents", ["docs/README", "examples"])
    trees += "".join(
        toctree(title, [f"{words} <{page.with_suffix('')}>" for words, page in found])
        for title, found in parts
    )
    trees += toctree("Reference", [f"reference/{name}" for name in REFERENCE])
    texts = {staged(page): relinked(page, (ROOT / page).read_text(encoding="utf-8"), pages) for page in pages}
    texts[Path("index.md")] += f"\n{trees}"
    texts[Path(EXAMPLES)] = examples()
    package = griffe.load(PACKAGE, search_paths=[str(ROOT)])
    texts |= {Path(f"reference/{page}.rst"): reference(page, package) for page in REFERENCE}
    for page, text in texts.items():
        (STAGE / page).parent.mkdir(parents=True, exist_ok=True)
        (STAGE / page).write_text(text, encoding="utf-8")


def fetched(out: Path) -> list[str]:
    """Find what a reader's browser would fetch from elsewhere."""
    return [
        f"{path.relative_to(out)}: {found[0]}"
        for path in sorted(out.rglob("*"))
        if path.suffix in {".html", ".css"} and (found := FETCHED.search(path.read_text(encoding="utf-8")))
    ]


def title() -> str:
    """Name the site, with its version."""
    version = project(ROOT)["version"]
    waiting = changelog_problems((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), version)
    return f"PowerOffice for Airflow {version}{', unreleased' if waiting else ''}"


def unled(out: Path, versions: str) -> list[str]:
    """
    Find pages that do not lead to the list of versions.

    :param versions: where it is, seen from the site's folder.
    """
    pages = ((page, f'href="{os.path.relpath(out / versions, page.parent)}"') for page in out.rglob("*.html"))
    return [
        f"{page.relative_to(out)}: no {link}"
        for page, link in sorted(pages)
        if link not in page.read_text("utf-8")
    ]


def main(out: str, versions: str = "") -> int:
    """Make the site; each page says which version it is of."""
    lay_out()
    options = ["-W", "--keep-going", "-q", "-E", "-c", str(ROOT / "docs"), "-D", f"html_title={title()}"]
    code: int = build_main([*options, "-A", f"versions={versions}", str(STAGE), out])
    if code:
        return code
    problems = fetched(Path(out)) + (unled(Path(out), versions) if versions else [])
    print("\n".join(problems) or f"{len(list(Path(out).rglob('*.html')))} pages in {out}")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
