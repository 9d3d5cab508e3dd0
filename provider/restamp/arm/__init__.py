"""The way to a stamp: signing in, requests, long-running operations, one limiter. The only code that imports azure."""

import logging

# what goes wrong is raised, once, in our words; the SDK would print it too
for _name in ("azure", "msal"):
    logging.getLogger(_name).addHandler(logging.NullHandler())
