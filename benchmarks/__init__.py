"""Measurements that anyone can make again; see docs/benchmarks.md."""
