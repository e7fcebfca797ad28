"""The operations of v2 that do something: orders, vouchers, drafts, approval, documents."""
