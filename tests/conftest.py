"""Hypothesis profiles for every test; fixtures live in the folders that use them."""

from __future__ import annotations

import os

from hypothesis import settings

# Shared machines are slow at odd moments, and a red run must be red again when repeated.
settings.register_profile("ci", deadline=None, derandomize=True)
settings.register_profile("dev", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "dev")
