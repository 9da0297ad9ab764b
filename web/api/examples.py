"""Examples of what the API takes and answers, by schema, as JSON beside this module; a test holds them to it."""

import json
from pathlib import Path
from typing import Any

EXAMPLES: dict[str, Any] = json.loads(Path(__file__).with_name("examples.json").read_text(encoding="utf-8"))
