"""The scan: walk, plan, extract, predict, journal.

``walk`` finds files, ``plan`` compares them with the library, ``workers`` extract features in processes,
``pipeline`` predicts and stores batches, ``scan.scan`` runs these stages and yields ``events``, the last one
an audit. It must never show progress, exit, or choose a device.
"""
