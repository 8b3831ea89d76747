"""The flush, in four stages: gather, plan, execute, settle. Each takes data and returns data."""
