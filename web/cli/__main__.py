"""Runs the command line as `python -m web.cli`, where no script is installed."""

from __future__ import annotations

import sys

from web.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
