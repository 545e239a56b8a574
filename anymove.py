"""The ``anymove`` command: hands each subcommand to the package that owns it."""
