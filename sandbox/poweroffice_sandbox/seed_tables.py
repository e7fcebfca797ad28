"""The tables filled by seeds, by name. Rule: only puts the ``seeds_`` modules together."""

from __future__ import annotations

from .seeds import Seed
from .seeds_assumed import ASSUMED_SEEDS
from .seeds_contacts import CONTACT_SEEDS
from .seeds_invoices import INVOICE_SEEDS
from .seeds_payroll import PAYROLL_SEEDS
from .seeds_settings import SETTINGS_SEEDS

SEEDS: dict[str, Seed] = {
    **SETTINGS_SEEDS,
    **CONTACT_SEEDS,
    **PAYROLL_SEEDS,
    **INVOICE_SEEDS,
    **ASSUMED_SEEDS,
}
