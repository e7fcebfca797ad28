"""
Look at a built wheel: our package and nothing else, its parts and its entry points complete.

    python tools/check_wheel.py dist/*.whl
"""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "airflow_provider_poweroffice"


def main(wheel: str) -> int:
    """Check one wheel."""
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names if ".dist-info/" not in name}
    ours = {str(path.relative_to(ROOT)) for path in (ROOT / PACKAGE).rglob("*.py")} | {f"{PACKAGE}/py.typed"}
    problems = []
    if tops != {PACKAGE}:
        problems.append(f"{wheel} holds {sorted(tops)}, not {PACKAGE} alone")
    if missing := sorted(ours - set(names)):
        problems.append(f"{wheel} lacks {missing}")
    problems += [
        f"{wheel} lacks {part}"
        for part in ("entry_points.txt", "licenses/LICENSE")
        if not any(name.endswith(f".dist-info/{part}") for name in names)
    ]
    print("\n".join(problems) or f"{Path(wheel).name}: {len(names)} files, complete")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
