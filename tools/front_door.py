"""
Do what a user does who has nothing but the two wheels: load the description's DAGs and the examples, run one.

    python -I tools/front_door.py HOME

Run by tools/check_wheel.py with the Python of an environment into which only the wheels were installed; HOME
is an empty folder for Airflow.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from contextlib import redirect_stdout
from importlib.metadata import metadata, version
from importlib.resources import files
from io import StringIO
from pathlib import Path

from poweroffice_sandbox import Sandbox

PROVIDER = "airflow-provider-poweroffice"
FIRST = "first_poweroffice_dag"


def snippets() -> list[str]:
    """Give the Python of the description that an index shows."""
    return re.findall(r"```python\n(.*?)```", str(metadata(PROVIDER)), re.DOTALL)


def dags_folder(home: Path) -> Path:
    """Make a folder of the description's DAGs, and of the examples as they are in the package."""
    folder = home / "dags"
    shutil.copytree(str(files("airflow_provider_poweroffice") / "example_dags"), folder)
    for number, code in enumerate(snippets()):
        if "DAG(" in code:
            (folder / f"description_{number}.py").write_text(code.replace("file:///tmp", home.as_uri()))
    return folder


def main(home: Path) -> str:
    """
    Run it all.

    :return: what was done, in a line.
    :raises AssertionError: something that the description says is not so.
    """
    if f"\n## {version(PROVIDER)} - " not in str(metadata(PROVIDER)):
        raise AssertionError("the description does not say what this version holds")
    folder = dags_folder(home)
    os.environ |= {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(folder),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
    }
    with Sandbox() as sandbox:
        os.environ["AIRFLOW_CONN_POWEROFFICE_DEFAULT"] = sandbox.connection_json()
        for code in snippets():
            if "DAG(" not in code:
                exec(compile(code, "description", "exec", dont_inherit=True), {})  # noqa: S102 - README's own

        from airflow.configuration import conf  # noqa: PLC0415 - after its home is set
        from airflow.dag_processing.dagbag import DagBag  # noqa: PLC0415 - as above
        from airflow.providers_manager import ProvidersManager  # noqa: PLC0415 - as above
        from airflow.utils.db import initdb  # noqa: PLC0415 - as above

        initdb()
        if missing := {"poweroffice", "d365fo"} - set(ProvidersManager().hooks):
            raise AssertionError(f"no connection types {sorted(missing)}")
        if conf.get("poweroffice", "rate_limit_dir") != "":
            raise AssertionError("[poweroffice] rate_limit_dir is no option that Airflow knows")
        bag = DagBag()
        if bag.import_errors:
            raise AssertionError(str(bag.import_errors))
        run = bag.dags[FIRST].test()
        written = sorted(home.glob("poweroffice/*/customers.ndjson.gz"))
        if str(run.state) != "success" or len(written) != 1:
            raise AssertionError(f"{FIRST}: {run.state}, {written}")
    return f"the wheels alone: {len(bag.dags)} DAGs of the description and the examples, {FIRST} ran"


if __name__ == "__main__":
    with redirect_stdout(StringIO()) as said:
        try:
            line = main(Path(sys.argv[1]))
        except BaseException:
            print(said.getvalue()[-4000:], file=sys.stderr)
            raise
    print(line)
