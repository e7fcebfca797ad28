"""Template fields: data is never rendered, and None never becomes the text None."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import jinja2
import pendulum
import pytest
from airflow.sdk import DAG, BaseOperator, task
from lazy_object_proxy import Proxy
from support.operators import REQUIRED

from airflow_provider_poweroffice._compat import AirflowFailException
from airflow_provider_poweroffice.operators.d365fo import D365FORestEndpointOperator
from airflow_provider_poweroffice.operators.poweroffice import PowerOfficeOperator
from airflow_provider_poweroffice.transfers.poweroffice_to_sql import (
    PowerOfficeToSqlOperator,
)

FIELDS = [(kind, field) for kind in REQUIRED for field in kind.template_fields]
NAMES = [f"{kind.__name__}-{field}" for kind, field in FIELDS]
SECRET = "{{ conn.other.password }}"
DATA: list[Any] = [
    SECRET,
    f"x{SECRET}.json",
    "payload.json",
    {"a": SECRET, "b": [f"{SECRET}.json", {"c": (SECRET,)}]},
    [SECRET, [f"{SECRET}.json"]],
]


def unmapped(kind: type[BaseOperator], context: dict[str, Any], *, data: Any, **partial: Any) -> Any:
    """Map over what an upstream task returned, and render the first task instance as a worker does."""
    with DAG("mapped", schedule=None):

        @task
        def upstream() -> list[Any]:
            return []

        arguments = {
            key: value for key, value in REQUIRED[kind].items() if key not in data and key not in partial
        }
        mapped = kind.partial(task_id="t", **arguments, **partial).expand_kwargs(upstream())  # type: ignore[arg-type]
    seen = {id(value) for value in data.values()}
    made = mapped.unmap(dict(data))
    made._do_render_template_fields(made, kind.template_fields, context, made.get_template_env(), seen)
    return made


def context_with_secrets() -> dict[str, Any]:
    """Give a context with what a rendered template could read."""
    return {"conn": {"other": {"password": "S3cret"}}, "run_id": "r1", "nothing": None}


@pytest.mark.finding("S2")
@pytest.mark.parametrize("data", DATA, ids=range(len(DATA)))
@pytest.mark.parametrize(("kind", "field"), FIELDS, ids=NAMES)
def test_mapped_data_is_not_rendered(kind: type[BaseOperator], field: str, data: Any, tmp_path: Path) -> None:
    """What an upstream task returned reaches each argument as it is, nested texts and names of files too."""
    (tmp_path / "payload.json").write_text("{}")
    try:
        made = unmapped(kind, context_with_secrets(), data={field: data})
    except (ValueError, TypeError):  # refused where the task is made
        return
    assert getattr(made, field) is data


class Result:
    """The result of a task, as far as Airflow asks for it."""

    def resolve(self, _context: Any) -> Any:
        """Give it."""
        return {"a": [f"{SECRET}.json"]}


@pytest.mark.finding("S2")
@pytest.mark.parametrize("kind", REQUIRED)
def test_results_are_not_rendered(kind: type[BaseOperator]) -> None:
    """The result of a task, given as it is or in a mapping, is not rendered either."""
    made: Any = kind(task_id="t", **REQUIRED[kind])
    for given, expected in (
        (Result(), {"a": [f"{SECRET}.json"]}),
        ({"x": [Result()]}, {"x": [{"a": [f"{SECRET}.json"]}]}),
    ):
        assert made.render_template(given, context_with_secrets()) == expected


@pytest.mark.finding("S2")
def test_payload_of_a_mapped_task(tmp_path: Path) -> None:
    """The author's own payload file is loaded in a mapped task too; no other argument is a file's name."""
    (tmp_path / "p.json").write_text('{"run": "{{ run_id }}"}')
    with DAG("d", schedule=None, template_searchpath=[str(tmp_path)]) as dag:
        made = D365FORestEndpointOperator(task_id="t", service_name="p.json", payload="p.json")
    made.payload = b"p.json".decode()  # another object than the service's name
    made.render_template_fields({"run_id": "r1"}, dag.get_template_env())  # type: ignore[typeddict-item]
    assert (made.payload, made.service_name) == ('{"run": "r1"}', "p.json")
    assert D365FORestEndpointOperator.template_ext == ()


TEMPLATES = [
    "{{ nothing }}",
    " {{ nothing }}",
    "prefix-{{ nothing }}",
    "{{ nothing | string }}",
    "{{ none }}",
]


class Pair(NamedTuple):
    """A list of a kind of its own."""

    a: int
    b: int | None


@pytest.mark.finding("R21")
@pytest.mark.parametrize("native", [False, True])
@pytest.mark.parametrize(
    "template",
    [
        "{{ ids | join(',') }}",
        "1,{{ ids | join(',') }}",
        "{{ rows | join(',', attribute='id') }}",
        "{{ 'a/' ~ nothing }}",
        "x{{ nothing ~ 1 }}",
        "{% set name = run_id ~ nothing %}{{ name }}",
        "{{ rows | map(attribute='id') | join }}",
        "Id eq {{ nothing | string }}",
        "{{ nothing | lower | replace('-', '') }}/x",
        "{{ nothing | string | upper }}x",
        "{{ (nothing | trim) ~ 'x' }}",
        "{{ nothing | urlencode }}x",
        "{{ '%s-%s' % (1, nothing) }}",
        "{{ '%s/' | format(nothing) }}",
        "{{ 'Id eq {}'.format(nothing) }}",
        "{{ 'Id eq {a}'.format(a=nothing) }}",
        "{{ ','.join([nothing, 'x']) }}",
        "{{ 'Id eq {a}'.format(**{'a': nothing}) }}",
        "{{ 'Id eq {}'.format(*[nothing]) }}",
        "x{{ nothing | safe }}",
        "x{{ nothing | pprint }}",
        "{% for row in rows %}{{ row.id | string }};{% endfor %}",
        "{% if nothing %}{{ nothing | title }}{% else %}{{ nothing | e }}x{% endif %}",
        "x{{ nothing | string if true else 'x' }}",
        "{% set name = nothing | string %}{{ name }}x",
        "{{ ids | map('string') | join(',') }}",
        "{{ rows | map(attribute='id') | map('upper') | join }}",
        "x{{ (nothing | string)[:10] }}",
        "{{ 'Id eq {:.3}'.format(nothing) }}",
        "{{ 'Id eq X' | replace('X', nothing) }}",
        "{{ 'Id eq X' | replace('X', new=nothing) }}",
        "{{ {'a': nothing} | urlencode }}",
        "{{ {nothing: 1} | urlencode }}",
        "x{{ {nothing: 1} }}",
        "x{{ [nothing] | string }}",
        "{{ [[nothing]] | upper | truncate(3, true, '', 0) }}",
        "{{ ids | string | center(40) | list | first }}",
        "{{ (ids | string)[:8] }}",
        "{{ 'Id eq {a}'.format_map({'a': nothing}) }}",
        "{% set f = 'x{}'.format %}{{ f(nothing) }}",
        "{{ ('x{}' | attr('format'))(nothing) }}",
        "{{ 'x{}'['format'](nothing) }}",
        "{{ ['x%s'] | map('format', nothing) | join }}",
        "{{ 'x%.2s' % nothing }}",
        "{{ 'x%(a).3s' % {'a': nothing} }}",
        "{{ ['a', 'b'] | join(nothing) }}",
        "x{{ str(nothing) }}",
        "{{ repr([nothing])[1:] }}",
        "{% filter truncate(3, true, '', 0) %}{{ nothing }}x{% endfilter %}",
        "{% set name %}a{{ nothing }}{% endset %}{{ name[:3] }}",
        "{% macro name(value) %}a{{ value }}{% endmacro %}{{ name(nothing)[:3] }}",
        "{{ ('a-' ~ nothing).split('-')[1][:2] }}",
        "{{ ('a' ~ nothing).upper().replace('A', '')[:2] }}",
        "x{{ (nothing | string).encode() }}",
        "x{% for letter in nothing | string %}{{ letter }}.{% endfor %}",
        "x{{ pairs }}",
        "{{ pairs | string }}",
        "{{ pairs.values() | string }}",
        "{{ 'x' ~ pair }}",
        "x{{ lazy }}",
        "x{{ lazy | string | upper }}",
        "{{ '%s' % lazy }}x",
    ],
)
def test_none_is_not_joined_to_a_text(template: str, native: bool) -> None:
    """A None among values that a template joins is found too; other values are joined as ever."""
    with DAG("d", schedule=None, render_template_as_native_obj=native):
        made: Any = PowerOfficeOperator(
            task_id="t", endpoint="Customers", query={"externalNumbers": template}
        )
    bad = context_with_secrets() | {"ids": [7, None], "rows": [{"id": 7}, {"id": None}]}
    bad |= {"str": str, "repr": repr, "pairs": OrderedDict(a=None), "pair": Pair(1, None)}
    bad["lazy"] = Proxy(lambda: None)
    with pytest.raises(AirflowFailException, match="externalNumbers"):
        made.render_template(made.query, bad, made.get_template_env())
    good = bad | {"ids": ["a", 7], "rows": [{"id": "a"}, {"id": 7}], "nothing": "b"}
    good |= {
        "pairs": OrderedDict(a=1),
        "pair": Pair(1, 2),
        "lazy": Proxy(lambda: pendulum.datetime(2026, 1, 2)),
    }
    rendered = made.render_template(made.query, good, made.get_template_env())
    plain = made.get_template_env().from_string(template).render(**good)
    assert rendered == {"externalNumbers": plain}


@pytest.mark.finding("R21")
@pytest.mark.parametrize(
    "wrap", [lambda text: text, lambda text: {"a": ["x", {"b": text}]}], ids=["text", "nested"]
)
@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize(("kind", "field"), FIELDS, ids=NAMES)
def test_none_is_never_text(
    kind: type[BaseOperator], field: str, template: str, wrap: Callable[[str], Any]
) -> None:
    """A template that gives None ends the task and names the field, or is documented as not given."""
    content = wrap(template)
    made: Any = kind(task_id="t", **REQUIRED[kind])
    setattr(made, field, content)
    is_whole = isinstance(content, str) and content.startswith("{{")
    if is_whole and field in made.none_means_unset:
        assert made.render_template(content, context_with_secrets()) is None
        return
    with pytest.raises(AirflowFailException, match=field):
        made.render_template(content, context_with_secrets())


@pytest.mark.finding("R21")
def test_none_in_a_partial_query() -> None:
    """The author's own templates beside mapped arguments are held to the same; the place is named."""
    with pytest.raises(AirflowFailException, match=r"query\['externalNumbers'\]\[1\].*\{\{ nothing \}\}"):
        unmapped(
            PowerOfficeToSqlOperator,
            context_with_secrets(),
            data={"company": "a"},
            query={"externalNumbers": ["1", "{{ nothing }}"]},
        )


class Dates:
    """What a DAG's macros may give: its methods have the names of a text's."""

    def format(self, day: str | None) -> str:
        """Write a day."""
        return "today" if day is None else day

    def seen(self, given: object) -> str:
        """Write what came, in a text of its own."""
        return repr(given)

    def join(self, day: str | None) -> str:
        """Do the same."""
        return self.format(day)


@pytest.mark.finding("R21")
@pytest.mark.parametrize(
    ("template", "gives"),
    [
        ("{% if nothing | string == 'None' %}a{% else %}b{% endif %}", "a"),
        ("{{ 'a' if nothing | string == 'None' else 'b' }}", "a"),
        ("{{ 'a' if nothing | lower is equalto 'none' else nothing | string }}", "a"),
        ("{{ nothing | default('a', true) | string }}", "a"),
        ("{{ (nothing or 7) % 4 }}", "3"),
        ("{{ '50%' | replace('%', '') | upper }}", "50"),
        ("{{ '{:.2f}'.format(1.5) }}", "1.50"),
        ("{{ '%05.1f' % 1.25 }}", "001.2"),
        ("{% filter upper %}a{% endfilter %}", "A"),
        ("{% set name = nothing | string %}{% if name == 'None' %}a{% else %}b{% endif %}", "a"),
        ("{% set name = nothing | lower %}{% if name != 'none' %}a{% else %}b{% endif %}", "b"),
        ("{{ [nothing, 7] | map('string') | reject('equalto', 'None') | join(',') }}", "7"),
        ("{{ dates.format(nothing) }}{{ dates.join(nothing) }}", "todaytoday"),
        ("{{ nothing | title }}", "untitled"),
        ("{{ [nothing] | tojson }}", "[null]"),
        ("{% macro m() %}[{{ caller('a') }}]{% endmacro %}{% call(x) m() %}{{ x }}{% endcall %}", "[a]"),
        (
            "{% for one in [[['a']]] recursive %}{{ loop(one) if one is not string else one }}{% endfor %}",
            "a",
        ),
        ("{% set n = namespace(x=1) %}{% set n.x = [1, 2, 3][1:] %}{{ n.x }}", "[2, 3]"),
        ("{{ 'a b'.split(nothing) | join('-') }}", "a-b"),
        ("{{ ' a ' | trim(nothing) }}{{ ' b '.strip(nothing) }}", "ab"),
        ("{{ 'None' | replace(nothing, 'x') }}", "x"),
        ("{{ '{b}'.format_map({'a': nothing, 'b': 1}) }}{{ '%(b)s' % {'a': nothing, 'b': 1} }}", "11"),
        ("{{ 'a' | replace('x', nothing) }}", "a"),
        ("{{ (nothing | string).startswith('N') }}{{ ('a-' ~ nothing).split('-')[0] }}", "Truea"),
        ("{{ (nothing | string).split('o') == ['N', 'ne'] }}", "True"),
        ("{{ dates.seen([nothing, {'a': nothing}]) }}", "[None, {'a': None}]"),
        ("{{ nothing | string | length }}{{ (nothing ~ '-' ~ nothing) | upper | length }}", "49"),
        ("{{ {'None': 'q'}[nothing | string] }}{{ [1, 2][nothing | string | length - 3] }}", "q2"),
        ("{{ (nothing ~ ' a') | wordcount }}{{ (nothing ~ '/').count('n') }}", "21"),
    ],
)
def test_what_is_no_none_is_rendered_as_ever(template: str, gives: str) -> None:
    """Conditions and the author's own methods and filters see None; texts are what any task makes of them."""
    with DAG("d", schedule=None, user_defined_filters={"title": lambda value: value or "untitled"}):
        made: Any = PowerOfficeOperator(task_id="t", endpoint="Customers", query={"a": template})
    context = context_with_secrets() | {"dates": Dates()}
    assert made.render_template(made.query, context, made.get_template_env()) == {"a": gives}


@pytest.mark.finding("R21", "D10")
@pytest.mark.parametrize("native", [False, True])
def test_a_value_that_holds_itself(native: bool) -> None:
    """A list that is in itself is written as Python writes it; a None in it is found."""
    ring: list[Any] = [1]
    ring.append({"a": ring})
    with DAG("d", schedule=None, render_template_as_native_obj=native):
        made: Any = PowerOfficeOperator(task_id="t", endpoint="Customers", query="{{ ring }}")
    rendered = made.render_template(made.query, {"ring": ring}, made.get_template_env())
    assert native or rendered == str(ring)
    ring.append(None)
    if native:
        rendered = made.render_template(made.query, {"ring": ring}, made.get_template_env())
        assert (rendered[0], rendered[2]) == (1, None)
    else:
        with pytest.raises(AirflowFailException, match="query"):
            made.render_template(made.query, {"ring": ring}, made.get_template_env())


CONDITIONS = (
    "n == 'None'",
    "n == 'None/x'",
    "n.startswith('None')",
    "'None' in n",
    "n.lower() == 'none'",
    "n in ['None', 'None/x']",
    "n[0] == 'N'",
    "n[1:] | length > 3",
    "(n ~ 'z').endswith('xz')",
    "n is defined and m is not defined",
    "n | lower is equalto 'none'",
)


@pytest.mark.parametrize("made", ["nothing | string", "nothing | lower", "nothing ~ ''", "nothing ~ '/x'"])
@pytest.mark.parametrize("condition", CONDITIONS)
def test_conditions_see_what_any_task_sees(made: str, condition: str) -> None:
    """A text that a None was made a part of before a condition is in it what Jinja makes of it."""
    begin = f"{{% set n = {made} %}}{{% set ns = namespace(n=n) %}}"
    for template in (
        f"{begin}{{{{ 'a' if {condition} else 'b' }}}}",
        f"{begin}{{% if {condition} %}}a{{% elif ns.n == 'None' %}}b{{% else %}}c{{% endif %}}",
        f"{begin}{{% for one in 'ab' if {condition} %}}{{{{ loop.index }}}}{{% endfor %}}",
        f"{begin}{{{{ {condition} }}}}",
    ):
        usual = jinja2.Environment(autoescape=False).from_string(template).render(nothing=None)  # noqa: S701 - a test
        with DAG("d", schedule=None):
            one: Any = PowerOfficeOperator(task_id="t", endpoint="Customers", query={"a": template})
        found = one.render_template(one.query, context_with_secrets(), one.get_template_env())
        assert found == {"a": usual}, template


@pytest.mark.finding("R21")
def test_native_none() -> None:
    """A DAG that renders native objects gets None itself within a field, as it asks for."""
    with DAG("native", schedule=None, render_template_as_native_obj=True) as dag:
        made = PowerOfficeOperator(
            task_id="t",
            endpoint="Customers",
            method="POST",
            body={"a": "{{ nothing }}", "b": ["{{ nothing }}", "{{ 1 }}"], "c": ("{{ run_id }}",)},
        )
    made.render_template_fields(context_with_secrets(), dag.get_template_env())  # type: ignore[arg-type]
    assert made.body == {"a": None, "b": [None, 1], "c": ("r1",)}
    made.body = {"a": "n-{{ nothing }}"}
    with pytest.raises(AirflowFailException, match="body"):
        made.render_template_fields(context_with_secrets(), dag.get_template_env())  # type: ignore[arg-type]


@pytest.mark.finding("R21")
@pytest.mark.parametrize("template", ["{{ ids }}", "x{{ ids }}", "{{ {'a': (1, ids)} }}", "{{ 'a' ~ ids }}"])
def test_none_within_what_a_template_gives(template: str) -> None:
    """A None in a list or a dict is no text either, not even as "not given"; native rendering keeps it."""
    made: Any = PowerOfficeOperator(task_id="t", endpoint="Customers", query={"customerNos": template})
    bad = context_with_secrets() | {"ids": [None, "1"]}
    for field in ("query", "changed_since"):
        setattr(made, field, {"customerNos": template} if field == "query" else template)
        with pytest.raises(AirflowFailException, match=f"{field}.*gave None"):
            made.render_template(getattr(made, field), bad)
    good = bad | {"ids": ["2", "1"]}
    plain = made.get_template_env().from_string(template).render(**good)
    assert made.render_template(made.changed_since, good) == plain
    with DAG("native", schedule=None, render_template_as_native_obj=True) as dag:
        made = PowerOfficeOperator(task_id="t", endpoint="Customers", query={"a": "{{ ids }}"})
    assert made.render_template(made.query, bad, dag.get_template_env()) == {"a": [None, "1"]}


def test_the_word_none_of_the_author() -> None:
    """The author's own text stays, and so does a default in a template."""
    made = PowerOfficeOperator(
        task_id="t", endpoint="Customers", query={"a": "None", "b": "{{ nothing or 'None.' }}", "c": None}
    )
    made.render_template_fields(context_with_secrets())  # type: ignore[arg-type]
    assert made.query == {"a": "None", "b": "None.", "c": None}


def test_all_operators_are_covered() -> None:
    """Each class with template fields is in the table above."""
    from airflow_provider_poweroffice.tasks.rendering import RenderedOperator  # noqa: PLC0415 - only here

    def below(kind: type) -> set[type]:
        return {kind}.union(*(below(child) for child in kind.__subclasses__()))

    own = {
        kind
        for kind in below(RenderedOperator)
        if kind.__module__.startswith("airflow_provider_poweroffice")
        and not {"tasks", "base"} & set(kind.__module__.split("."))
    }
    assert {kind.__name__ for kind in own} - {"PowerOfficeCompaniesSummaryOperator"} == {
        kind.__name__ for kind in REQUIRED
    }
