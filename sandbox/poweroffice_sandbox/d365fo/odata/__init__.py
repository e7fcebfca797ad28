"""The OData service of Finance & Operations: entities, queries, writes, actions, batches, metadata."""
