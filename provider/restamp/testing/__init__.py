"""What authors of plugins get: a contract to subclass, a scene to try steps in, and pytest fixtures.

`pytest_plugins = ["restamp.testing.fixtures"]` in a conftest brings the fixtures.
"""

from restamp.testing.contract import PluginContract
from restamp.testing.scene import Scene

__all__ = ["PluginContract", "Scene"]
