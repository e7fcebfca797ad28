"""The ledgers of customers and suppliers."""
