"""Tests that every implementation of a contract must pass; needs pytest."""

import pytest

pytest.register_assert_rewrite("archwalk.testing.spaces")
