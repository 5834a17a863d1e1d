import pytest


@pytest.fixture
def marks(tmp_path) -> str:
    """A file with a line for each network that was really built."""
    return str(tmp_path / "marks")
