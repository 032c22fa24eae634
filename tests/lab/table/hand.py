"""The hand of `tests/lab/table` on a host: as root there, or where the operator sits. Each line that it reads is a list of jobs, as
JSON; it does them, and answers with a line that tells what came of each.

A job has `do`, and `here`, the folder of its case: `give` makes the folder, runs `script` in it and turns every time in it back; `script` runs a
script in it; `look` tells what is in it, at `paths` besides, and what the script `state` prints; `clear` removes it.
"""

import base64
import grp
import hashlib
import json
import os
import pwd
import stat
import subprocess
import sys

# Long before every test, and with a part that whole seconds would lose.
LONG_AGO = 1534046706_123456789


def bash(script, job):
    env = {**os.environ, "HERE": job["here"], "SELF": job["self"], "ROLE": job["role"]}
    done = subprocess.run(
        ("bash", "-euo", "pipefail", "-c", script), cwd=job["here"], env=env, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
    )
    return {"code": done.returncode, "said": done.stdout.decode(errors="backslashreplace")}


def shown(raw):
    return os.fsencode(raw).decode(errors="backslashreplace")


def account(number, look_up):
    try:
        return look_up(number)[0]
    except KeyError:
        return str(number)


def thing(path):
    info = os.lstat(path)
    what = {
        stat.S_IFDIR: "folder", stat.S_IFLNK: "link", stat.S_IFREG: "file", stat.S_IFIFO: "fifo", stat.S_IFSOCK: "socket",
    }.get(stat.S_IFMT(info.st_mode), "device")
    owner = f"{account(info.st_uid, pwd.getpwuid)}:{account(info.st_gid, grp.getgrgid)}"
    text = None
    if what == "link":
        seen = f"{owner} -> {shown(os.readlink(path))}"
    else:
        seen = f"{stat.S_IMODE(info.st_mode):04o} {owner}"
    if what == "file":
        with open(path, "rb") as file:
            content = file.read()
        try:
            text = content.decode() if len(content) <= 1 << 16 else None
        except UnicodeDecodeError:
            pass
        seen += f" {len(content)} {hashlib.sha256(content).hexdigest()}" if text is None else ""
        seen += f" links={info.st_nlink}" if info.st_nlink > 1 else ""
    for attribute in sorted(os.listxattr(path, follow_symlinks=False)):
        value = os.getxattr(path, attribute, follow_symlinks=False)
        seen += f" {attribute}={base64.b64encode(value).decode()}"
    return {"is": f"{what} {seen}", "mtime": info.st_mtime_ns, "ctime": info.st_ctime_ns, "text": text}


def below(path):
    """Every path from this one down, links not followed."""
    yield path
    if os.path.isdir(path) and not os.path.islink(path):
        for name in sorted(os.listdir(path), key=os.fsencode):
            yield from below(os.path.join(path, name))


def look(job):
    things = {}
    here = job["here"]
    for root in (here, *job["paths"]):
        for path in below(root) if os.path.lexists(root) else ():
            name = os.path.relpath(path, here) if path.startswith(here) else path
            try:
                things[shown(name)] = thing(path)
            except FileNotFoundError:
                pass  # gone while we looked
    if job["state"]:
        # The name of the case is in there as often as not, and is no part of what is compared.
        things["(state)"] = {"is": bash(job["state"], job)["said"].replace(job["self"], "SELF"), "mtime": 0, "ctime": 0, "text": None}
    return things


def give(job):
    os.makedirs(job["here"])
    said = bash(job["script"], job)
    for path in below(job["here"]):
        os.utime(path, ns=(LONG_AGO, LONG_AGO), follow_symlinks=False)
    return said


def clear(job):
    subprocess.run(("rm", "-rf", "--", job["here"]), check=True)


DO = {"give": give, "script": lambda job: bash(job["script"], job), "look": look, "clear": clear}
for line in sys.stdin:
    print(json.dumps([DO[job["do"]](job) for job in json.loads(line)]), flush=True)
