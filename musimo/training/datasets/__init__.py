"""Loaders of labeled data sets: one module per data set, each with source, license, layout and scale.

Must never: download or redistribute data, change the files of a data set, or return a rating that is not on
the 1-9 scale.

Entry points: `catalog.load_dataset` with a `catalog.DatasetConfig`. A new loader is a module with ``load``,
registered in `catalog`; `loading` has the shared helpers.
"""
