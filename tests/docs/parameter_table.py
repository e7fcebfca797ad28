"""docs/parameters.md, read: its rows, and each row's example over a tapped wire."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from airflow.sdk import DAG
from support import FakeClock, Unthrottled
from support.airflow_home import ROOT

from airflow_provider_poweroffice.hooks.d365fo import D365FOHook
from poweroffice_sandbox import D365FOSandbox, Sandbox, V1Sandbox

if TYPE_CHECKING:
    from tap import Seen, Tap

PAGE = ROOT / "docs" / "parameters.md"
TEXT = PAGE.read_text()
ROWS = re.findall(r"^\| (?!there)(.+?) \| (.+?) \| (.+?) \| `(\w+)` \|$", TEXT, re.MULTILINE)
"""What it is called there, what it is here, where it differs, the example."""

SNIPPETS = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
CONNECTIONS = dict(re.findall(r"connection `(\w+)`:\n\n```json\n(.*?)```", TEXT, re.DOTALL))


def connection(name: str, values: dict[str, str], **further: Any) -> str:
    """Give a connection of the page, with real values in place of those in capitals."""
    text = re.sub(r'"([A-Z_]{3,})"', lambda found: json.dumps(values[found[1]]), CONNECTIONS[name])
    fields = json.loads(text)
    fields["extra"] |= further.pop("extra", {}) | {"requests_per_second": 1000}
    return json.dumps(fields | further)


@dataclass
class Example:
    """One example: its operator, what it gives, and what it sent."""

    name: str
    sandbox: Sandbox | V1Sandbox | D365FOSandbox
    tap: Tap
    system: Tap
    clock: FakeClock
    params: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        (code,) = [code for code in SNIPPETS if f'task_id="{self.name}"' in code] or [""]
        self.space: dict[str, Any] = {"__name__": "snippet"}
        with DAG("snippet", schedule=None) as self.dag:
            exec(compile(code, self.name, "exec", dont_inherit=True), self.space)
        self.task: Any = self.dag.get_task(self.name) if code else None

    def run(self, task: Any = None) -> Any:
        """Render and execute the operator."""
        task = task or self.task
        task.render_template_fields({"run_id": "manual__1", "params": self.params})
        if "clock" in vars(type(task)):
            task.__dict__["clock"] = self.clock
        return task.execute({})

    def in_fake_time(self) -> None:
        """Give the operator's client this clock and no throttle, so that its waits take no time."""
        if isinstance(self.sandbox, D365FOSandbox):
            self.task.__dict__["_hook"] = self._unthrottled
            return
        hook = self.task.hook
        hook.__dict__["client"] = hook._settings().open(
            hook.retry_options, clock=self.clock, throttle=Unthrottled()
        )

    def _unthrottled(self, left: float) -> D365FOHook:
        hook: D365FOHook = type(self.task)._hook(self.task, left)
        hook._throttle = Unthrottled()
        return hook

    @property
    def calls(self) -> list[Seen]:
        """Give what was sent, tokens aside."""
        return self.tap.calls()

    @property
    def call(self) -> Seen:
        """Give the one call that was sent."""
        (one,) = self.calls
        return one


Check = Callable[[Example], None]
CHECKS: dict[str, Check] = {}
"""What each example must do, by its name."""


def check(function: Check) -> Check:
    """Note what the example of the same name must do."""
    CHECKS[function.__name__.removeprefix("_")] = function
    return function
