"""`python -m empo.cli` is `empo`."""

import sys

from empo.cli import main

sys.exit(main())
