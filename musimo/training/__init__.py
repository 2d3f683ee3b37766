"""Training and evaluation: data sets, losses, training loops, distillation, baselines, figures and reports.

Must never: be imported by scan or search, evaluate a network on clips or artists it was trained on, or print
(work is a generator of `progress` events).

Entry points: `run.train` and `run.evaluate`, with a configuration file (`recipe.find_config`) and a
`workspace.Workspace` of folders and device.
"""
