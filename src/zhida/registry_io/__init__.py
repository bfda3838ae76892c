"""Registries in and out: files with a mapping become a registry and a quality report; results become Parquet and CSV.

mapping.yaml ──mapping_reading──> Mapping ─┐
CSV, Parquet ──tables──> SourceTable ──────┴─importing──> ImportResult ──writing──> registry.parquet, quality.*, set-aside.csv
                                                                                        └──registry──> Registry

registry.parquet, Parquet, CSV, PostgreSQL ──sources──> Source: parts, typed as a registry is, for runs of any size
"""
