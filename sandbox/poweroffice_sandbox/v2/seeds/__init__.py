"""The tables filled by seeds, by name. Rule: only puts the ``seeds_`` modules together."""

from __future__ import annotations

from .assumed import ASSUMED_SEEDS
from .contacts import CONTACT_SEEDS
from .invoices import INVOICE_SEEDS
from .payroll import PAYROLL_SEEDS
from .seed import Seed
from .settings import SETTINGS_SEEDS

SEEDS: dict[str, Seed] = {
    **SETTINGS_SEEDS,
    **CONTACT_SEEDS,
    **PAYROLL_SEEDS,
    **INVOICE_SEEDS,
    **ASSUMED_SEEDS,
}
