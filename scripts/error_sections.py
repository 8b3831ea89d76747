"""Bring docs/errors.md up to date: add a section for each code that has none, remove those of no code.

python scripts/error_sections.py           write the page
python scripts/error_sections.py --check   change nothing; exit 1 if the page is not up to date

Sections that are there stay as they are written. A new one is drafted from the line in base/codes.py and from the
messages and next steps where the code is raised; read it, and say it better.
"""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "errors.md"
SECTION = re.compile(r"^## ([a-z0-9-]+)\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)

HEAD = """# Errors

Every error of unitwork says what failed, on which object, and what to do next; at its end stands a code in brackets,
also found as `error.code`. Here is what each code means. Codes are never renamed.

"""


class Raised:
    """What the source says where a code is raised: classes, messages, next steps; each once, in order."""

    def __init__(self) -> None:
        self.classes: dict[str, None] = {}
        self.messages: dict[str, None] = {}
        self.steps: dict[str, None] = {}


def main(arguments: list[str]) -> int:
    """Write or check the page, and return the exit status."""
    sys.path.insert(0, str(ROOT / "src"))
    from unitwork.base.codes import CODES

    written = dict(SECTION.findall(PAGE.read_text(encoding="utf-8"))) if PAGE.exists() else {}
    raised = read_source()
    sections = {code: written.get(code) or draft(meaning, raised.get(code)) for code, meaning in CODES.items()}
    page = HEAD + "\n".join(f"## {code}\n{sections[code].rstrip()}\n" for code in sorted(sections))
    changed = not PAGE.exists() or page != PAGE.read_text(encoding="utf-8")
    if "--check" in arguments:
        return int(changed)
    PAGE.write_text(page, encoding="utf-8")
    for code in sorted(set(sections) - set(written)):
        print(f"drafted: {code}{'' if raised.get(code) else ' (raised with a computed text: write it by hand)'}")
    for code in sorted(set(written) - set(sections)):
        print(f"removed: {code}")
    return 0


def read_source() -> dict[str, Raised]:
    """Code to what is said where it is raised, for calls that give ``code=`` as a text."""
    found: dict[str, Raised] = {}
    for path in sorted((ROOT / "src" / "unitwork").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                note_call(node, found)
    return found


def note_call(node: ast.Call, found: dict[str, Raised]) -> None:
    """Note a call that makes an error with a code."""
    given = {keyword.arg: keyword.value for keyword in node.keywords}
    code = given.get("code")
    if not (isinstance(code, ast.Constant) and isinstance(code.value, str)):
        return
    raised = found.setdefault(code.value, Raised())
    name = ast.unparse(node.func).rpartition(".")[2]
    if name[:1].isupper():
        raised.classes[name] = None
    if node.args and (message := template(node.args[0])):
        raised.messages[message] = None
    if (do := given.get("do")) and (step := template(do)):
        raised.steps[step] = None


def template(node: ast.expr) -> str:
    """The text of a message with an ellipsis for what is filled in; empty when it is computed."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(template(part) if isinstance(part, ast.Constant) else "…" for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = template(node.left), template(node.right)
        return (left or "…") + (right or "…") if left or right else ""
    return ""


def draft(meaning: str, raised: Raised | None) -> str:
    """A first text of a section."""
    raised = raised or Raised()
    classes = ", ".join(f"`{name}`" for name in raised.classes)
    cause = sentence(meaning) + (f" Raised as {classes}." if classes else "")
    says = [f"> {message}" for message in raised.messages if not message.startswith("…")]
    steps = " Or: ".join(sentence(step) for step in raised.steps)
    if "BrokenInvariantError" in raised.classes and not steps:
        steps = "This cannot happen, and did: please report it, with the traceback."
    steps = steps or "See the error's own text and its facts."
    return "\n\n".join(["", f"**Cause.** {cause}", *says, f"**What to do.** {steps}"]).removeprefix("\n")


def sentence(text: str) -> str:
    """With a full stop, and a capital unless it begins with a name of the code."""
    text = text.strip()
    begins_with_code = any(sign in text.partition(" ")[0] for sign in "(_.=")
    return (text if begins_with_code else text[:1].upper() + text[1:]) + ("" if text.endswith((".", "!", "?")) else ".")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
