//! Benchmarks of trestle, each its own bench target.
