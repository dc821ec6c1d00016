"""Acts out GitHub's and GitLab's runners: files, variables and shells as they give them.

Of expressions only `inputs` and `steps.*.outputs` are known; anything else fails, and is no guess.
The interpreter that the action is told to install with only writes down what it was asked for.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from tests import patience

ROOT = Path(__file__).parent.parent.parent
_EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
_INSTALLER = """\
#!/bin/sh
mkdir -p "$3/bin"
printf '#!/bin/sh\\necho "$@" >>"%s/installed"\\n' "$3" >"$3/bin/pip"
chmod +x "$3/bin/pip"
ln -sf OAKUM "$3/bin/oakum"
"""


@dataclass
class Run:
    """What a job has left behind."""

    code: int
    log: str
    summary: str
    outputs: dict[str, str] = field(default_factory=dict)
    installed: str = ""


def oakum_program() -> Path:
    """The program of this environment."""
    return Path(sys.executable).with_name("oakum")


def git(folder: Path, *arguments: str) -> str:
    """Git in a repository, with no setting of this machine."""
    done = subprocess.run(
        ["git", *arguments], cwd=folder, env=environment(), capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    return done.stdout.strip()


def environment() -> dict[str, str]:
    nowhere = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    who = {
        f"GIT_{role}_{key}": said
        for role in ("AUTHOR", "COMMITTER")
        for key, said in (("NAME", "ann"), ("EMAIL", "ann@example.com"))
    }
    return {"PATH": os.environ["PATH"], "NO_COLOR": "1", "LANG": "C.UTF-8", **nowhere, **who}


# --------------------------------------------------------------------------- GitHub


def github(workspace: Path, runner: Path, event: dict[str, str] | None = None, **given: str) -> Run:
    """The action in a checkout; `event` are variables such as GITHUB_BASE_REF, `runner` a folder
    for what a runner keeps beside the checkout."""
    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    inputs = {name: str(each.get("default", "")) for name, each in action["inputs"].items()}
    asked = {name.replace("_", "-"): value for name, value in given.items()}
    assert asked.keys() <= inputs.keys()
    (temp := runner / "temp").mkdir(parents=True, exist_ok=True)
    installer = runner / "python"
    installer.write_text(_INSTALLER.replace("OAKUM", str(oakum_program())), encoding="utf-8")
    installer.chmod(0o755)
    inputs |= {"python": str(installer), **asked}
    known = {f"inputs.{name}": value for name, value in inputs.items()}
    base = environment() | {
        "CI": "true",
        "GITHUB_ACTIONS": "true",
        "GITHUB_WORKSPACE": str(workspace),
        "GITHUB_ACTION_PATH": str(ROOT),
        "RUNNER_TEMP": str(temp),
        **(event or {}),
    }
    code, log, summaries = 0, "", ""
    for number, step in enumerate(action["runs"]["steps"]):
        files = {name: runner / f"{name.lower()}-{number}" for name in _FILES}
        for file in files.values():
            file.write_bytes(b"")
        script = runner / f"step-{number}.sh"
        script.write_text(step["run"], encoding="utf-8")
        assert step["shell"] == "bash"
        assert "${{" not in step["run"], "an input must not become a command"
        done = patience.run(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", str(script)],
            cwd=workspace / _said(step.get("working-directory", "."), known),
            env=base
            | {name: _said(str(value), known) for name, value in step.get("env", {}).items()}
            | {name: str(file) for name, file in files.items()},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, seconds=120,
        )  # fmt: skip
        log += done.stdout
        summaries += files["GITHUB_STEP_SUMMARY"].read_text(encoding="utf-8")
        for line in files["GITHUB_OUTPUT"].read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition("=")
            known[f"steps.{step['id']}.outputs.{name}"] = value
        if code := done.returncode:
            break
    outputs = {name: _said(each["value"], known) for name, each in action["outputs"].items()}
    installed = temp / "oakum/installed"
    return Run(code, log, summaries, outputs, installed.read_text() if installed.exists() else "")


_FILES = ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_ENV", "GITHUB_PATH")


def _said(text: str, known: dict[str, str]) -> str:
    """A text with its expressions evaluated; an output that no step has set is empty."""

    def value(found: re.Match[str]) -> str:
        name = found[1]
        assert name in known or re.fullmatch(r"steps\.[\w-]+\.outputs\.[\w-]+", name), name
        return known.get(name, "")

    return _EXPRESSION.sub(value, text)


# --------------------------------------------------------------------------- GitLab


def gitlab(project: Path, variables: dict[str, str] | None = None, **given: str) -> Run:
    """The component's job in a checkout, without what installs Oakum."""
    text = (ROOT / "templates/gate/template.yml").read_text(encoding="utf-8")
    spec, _ = yaml.safe_load_all(text)
    inputs = {name: each.get("default") for name, each in spec["spec"]["inputs"].items()}
    assert given.keys() <= inputs.keys()
    inputs |= given
    body = text.split("\n---\n")[1]
    body = re.sub(r"\$\[\[ inputs\.(\w+) \]\]", lambda found: inputs[found[1]] or '""', body)
    (job,) = yaml.safe_load(body).values()
    named = {name: str(value or "") for name, value in job["variables"].items()}
    done = patience.run(
        ["bash", "-e", "-o", "pipefail", "-c", "\n".join(job["script"])],
        cwd=project,
        env=environment()
        | {"CI": "true", "GITLAB_CI": "true", "CI_PROJECT_DIR": str(project)}
        | {"PATH": f"{oakum_program().parent}{os.pathsep}{os.environ['PATH']}"}
        | named | (variables or {}),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, seconds=120,
    )  # fmt: skip
    return Run(done.returncode, done.stdout, "")
