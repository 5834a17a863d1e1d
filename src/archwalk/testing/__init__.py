"""Tests that every implementation of a contract must pass; needs pytest."""

import pytest

for _suite in ("spaces", "estimators", "strategies"):
    pytest.register_assert_rewrite(f"archwalk.testing.{_suite}")
