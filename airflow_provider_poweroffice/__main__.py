"""``python -m airflow_provider_poweroffice``: see :mod:`airflow_provider_poweroffice.cli`."""

from __future__ import annotations

import sys

from airflow_provider_poweroffice.cli import main

if __name__ == "__main__":
    sys.exit(main())
