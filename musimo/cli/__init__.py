"""The command line: parse, call one verb of :class:`musimo.Library`, show progress, print, exit.

Must never: hold a decision worth a unit test, or import a heavy library before a command needs it.
Entry points: ``main.main`` (the program) and ``main.cli`` (the click group); one module per command.
"""
