"""Where the sandbox listens, how it starts and how it stops."""

import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from integrations.sandbox.server import NotLoopback, SandboxServer

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "sandbox.example", ""])
def test_it_refuses_to_listen_where_others_could_reach_it(host):
    with pytest.raises(NotLoopback, match="loopback only"):
        SandboxServer(host, 0)


def test_it_takes_localhost_for_the_literal_address():
    with SandboxServer("localhost", 0) as server:
        assert server.base_url == f"http://127.0.0.1:{server.port}"
        answer = httpx.get(server.base_url, headers={"host": "www.nordfraes.example"}, trust_env=False)
        assert answer.status_code == 200


def test_two_servers_have_ports_of_their_own_and_none_after_the_end():
    with SandboxServer(port=0) as first, SandboxServer(port=0) as second:
        assert first.port != second.port
        port = first.port
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_a_taken_port_is_said_in_plain_words():
    with SandboxServer(port=0) as server, pytest.raises(OSError, match="cannot listen on"):
        SandboxServer(port=server.port).start()


def test_the_command_refuses_other_addresses_with_exit_code_2():
    command = [sys.executable, "-m", "integrations.sandbox", "--host", "0.0.0.0"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 2
    assert "loopback only" in ended.stderr
