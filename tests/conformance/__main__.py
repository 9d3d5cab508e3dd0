"""`python -m tests.conformance FOLDER... [-v] [--scramble N]`."""

import sys

from tests.conformance.replay import main

sys.exit(main())
