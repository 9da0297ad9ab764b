"""pack.lock: the digest of every rule under the pack's version, so that no content changes without a new version."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from rules.pack.changelog import ordered
from rules.pack.pack import Pack


def lock(pack: Pack) -> str:
    """The text of the pack's lock file."""
    return json.dumps(_content(pack), indent=2, sort_keys=True) + "\n"


def mismatch(pack: Pack, path: Path) -> str | None:
    """What is wrong between the pack and its lock file, in one sentence."""
    try:
        locked = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return "is missing; run `forbear rules lock`"
    except (OSError, ValueError):
        return "cannot be read; run `forbear rules lock` to write it anew"
    if locked == _content(pack):
        return None
    if (
        not isinstance(locked, dict)
        or not isinstance(locked.get("rules"), dict)
        or locked.get("id") != pack.manifest.id
    ):
        return "is not the lock file of this pack; run `forbear rules lock`"
    if locked.get("version") != pack.manifest.version:
        return f"locks another version than {pack.manifest.version}; run `forbear rules lock`"
    what = ", ".join(_changed(locked["rules"], _rules(pack))) or "files other than rules"
    return (
        f"the content changed under the same version {pack.manifest.version} ({what}); "
        "raise version in pack.yaml, then run `forbear rules lock`"
    )


def refusal(pack: Pack, path: Path) -> str | None:
    """Why the lock file must not be written, in one sentence: a locked version keeps its content, a new one tells all.

    None where there is no lock file of this pack that could be lost.
    """
    try:
        locked = json.loads(path.read_text(encoding="utf-8"))
        version, rules = locked["version"], dict(locked["rules"])
        raised = ordered(version) < ordered(pack.manifest.version)
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None
    if locked == _content(pack) or locked.get("id") != pack.manifest.id:
        return None
    if not raised:
        return (
            f"{path} holds other content under version {version}: raise version in pack.yaml above it, "
            "say in changelog.yaml what changed, and run `forbear rules lock` again."
        )
    newer = [edition for edition in pack.changelog if ordered(edition.version) > ordered(version)]
    told = {rule for edition in newer for rule in (*edition.added, *edition.changed, *edition.removed)}
    untold = [rule for rule in _changed(rules, _rules(pack)) if rule not in told]
    return f"changelog.yaml does not tell what changed since {version}: name {', '.join(untold)}." if untold else None


def _changed(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    return sorted(rule for rule in {*before, *after} if before.get(rule) != after.get(rule))


def _content(pack: Pack) -> dict[str, object]:
    return {
        "id": pack.manifest.id,
        "version": pack.manifest.version,
        "sha256": pack.sha256,
        "rules": _rules(pack),
    }


def _rules(pack: Pack) -> dict[str, str]:
    return {rule.rule.id: hashlib.sha256(pack.files[rule.path]).hexdigest() for rule in pack.rules}
