"""`python tests/conformance FOLDER [-v] [--scramble N]`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from conformance.replay import main

sys.exit(main())
