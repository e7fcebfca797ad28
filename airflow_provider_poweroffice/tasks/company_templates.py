"""``{{ company }}`` in the templates of a task that works for a company."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_poweroffice.tasks.rendering import RenderedOperator

if TYPE_CHECKING:
    import jinja2
    from airflow.sdk import Context


class CompanyOperator(RenderedOperator):
    """
    Base of all tasks with the argument ``company``, the first of their template fields.

    The fields after it, ``map_index_template`` and the callbacks of the task find the alias as ``company``
    in the context. Without a company the name is undefined there: a path with it fails instead of holding
    "None".
    """

    none_means_unset = frozenset({"changed_since", "created_since", "full_refresh"})
    company: str | None

    def render_template(
        self,
        content: Any,
        context: Context,
        jinja_env: jinja2.Environment | None = None,
        seen_oids: set[int] | None = None,
    ) -> Any:
        """Render, with the company at hand."""
        if isinstance(self.company, str):
            context["company"] = self.company  # type: ignore[typeddict-unknown-key]  # a name of our own
        return super().render_template(content, context, jinja_env, seen_oids)


def marked(company: str | None, text: str) -> str:
    """Begin a log line with its company, if the task has one."""
    return f"[{company}] {text}" if company else text
