"""Kills without end: a recovery that is ended at random points, again and again, until it is done."""
