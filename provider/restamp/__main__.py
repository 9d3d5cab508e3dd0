"""`python -m restamp`: the command line."""

from restamp.cli import main

main()
