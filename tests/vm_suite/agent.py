# SPDX-License-Identifier: MIT
"""Runs in the virtual machine: does the commands that machine.py sends over a serial port, several at once. One JSON object a
line each way: {id, argv, user, stdin} and {id, status, out, err}; the first line says which boot this is."""
import json
import os
import pathlib
import pwd
import subprocess
import threading

PORT = "/dev/virtio-ports/sdmed"
ONE_AT_A_TIME = threading.Lock()


def say(port, **what):
    line = json.dumps(what).encode() + b"\n"
    with ONE_AT_A_TIME:
        while line:
            line = line[os.write(port, line):]


def environment(entry):
    return {"HOME": entry.pw_dir, "USER": entry.pw_name, "LOGNAME": entry.pw_name, "SHELL": entry.pw_shell, "LANG": "C.UTF-8",
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}


def do(port, request):
    entry = pwd.getpwnam(request["user"])
    try:
        with open(request["stdin"] or "/dev/null", "rb") as stdin:
            done = subprocess.run(request["argv"], stdin=stdin, capture_output=True, check=False, user=entry.pw_uid, group=entry.pw_gid,
                                  extra_groups=os.getgrouplist(entry.pw_name, entry.pw_gid), cwd=entry.pw_dir, env=environment(entry))
        status, out, err = done.returncode, done.stdout, done.stderr
    except OSError as error:
        status, out, err = 127, b"", str(error).encode()
    say(port, id=request["id"], status=status, out=out.decode(errors="replace"), err=err.decode(errors="replace"))


def main():
    port = os.open(PORT, os.O_RDWR | os.O_CLOEXEC)
    say(port, boot=pathlib.Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip())
    rest = b""
    while read := os.read(port, 65536):
        *lines, rest = (rest + read).split(b"\n")
        for line in lines:
            threading.Thread(target=do, args=(port, json.loads(line)), daemon=True).start()


if __name__ == "__main__":
    main()
