from __future__ import annotations

import pytest

from tests.architecture import tree


def test_archive_lists_what_git_lists() -> None:
    if not (tree.ROOT / ".git").exists():
        pytest.skip("there is no repository to compare with")
    known = set(tree.project_files())

    found = {path for path in tree.unignored(tree.ROOT) if not path.is_symlink()}

    assert known <= found
