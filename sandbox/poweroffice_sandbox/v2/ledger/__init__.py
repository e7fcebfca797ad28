"""The ledger of a v2 company: generated rows, posted vouchers, what is asked of them."""
