"""What is on this host, in a form that can be compared: runs as root on the host, HOST its only argument.

One line a thing, sorted, in sections; nothing in it depends on when it is made. README.md says what is left out and why.
"""

import base64
import hashlib
import http.client
import json
import os
import pathlib
import pwd
import grp
import re
import socket
import ssl
import stat
import subprocess
import sys

TREES = (
    "/etc", "/home", "/opt", "/root", "/srv", "/tmp", "/usr/local", "/usr/lib/libravatar-slave", "/usr/share/libravatar-slave",
    "/var/backups", "/var/lib/apache2", "/var/lib/libravatar", "/var/lib/postgresql", "/var/spool/cron", "/var/tmp", "/var/www",
)

# Changes by itself or by being used; or is the tool's own, which a comparison of before and after leaves aside.
LEFT_OUT = re.compile(
    r"""
    /etc/ld\.so\.cache                                     # made again by ldconfig, bytes and all
    | /etc/(passwd|group|shadow|gshadow|subuid|subgid)-    # the version before the last change
    | /etc/\.pwd\.lock | /etc/\.updated
    | /var/lib/postgresql/\d+                              # the server's own; `databases` tells what is in there
    | .*/PG_\d+_\d+                                       # and its tablespaces
    | (/root|/home/[^/]+)/\.(bash_history|lesshst|sudo_as_admin_successful|psql_history|python_history|viminfo|wget-hsts)
    # Jobs, captures and the folders above them, in every home.
    | (/root|/home/[^/]+|/var/lib/postgresql|/var/lib/libravatar/(master|slave))/\.local (/state (/runbook .*)? )?
    | (/tmp|/var/tmp)/systemd-private-.*
    | (/tmp|/var/tmp)/\.?(X11|ICE|XIM|font|Test|X\d+)-?(unix|lock).*
    | /var/tmp/runbook-\d+ (/.*)?
    """,
    re.VERBOSE | re.DOTALL,
)

# Started and stopped by systemd as it sees fit: sessions, on-demand helpers, one-shots that come to rest.
PASSING_UNITS = re.compile(
    r"(user@|user-runtime-dir@|session-|run-|systemd-(hostnamed|localed|timedated|tmpfiles-clean|update-utmp|ask-password)|apt-|ssh@|polkit).*"
)

SITES = ("www.libravatar.org", "stats.libravatar.org", "cdn.libravatar.org", "seccdn.libravatar.org", "libravatar.org", "libravatar.com")
AN_AVATAR = "/avatar/" + hashlib.md5(b"person1@example.com").hexdigest()

ZONES = ("libravatar.com", "libravatar.org")


def output(*command, user=None, stdin=None):
    """What a command prints; None if it fails."""
    as_user = ("runuser", "-u", user, "--") if user else ()
    done = subprocess.run((*as_user, *command), input=stdin, capture_output=True, text=True, check=False, cwd="/")
    return done.stdout if done.returncode == 0 else None


def shown(name):
    """A name on one line, whatever bytes it has: what would confuse is escaped as in Python."""
    raw = os.fsencode(name)
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return ascii(raw)[1:]
    return text if text.isprintable() and "\\" not in text and not text.endswith(" ") else repr(text)


def account(number, look_up, cache={}):
    if (number, look_up) not in cache:
        try:
            cache[number, look_up] = look_up(number)[0]
        except KeyError:
            cache[number, look_up] = "?"
    return f"{cache[number, look_up]}({number})"


def contents(path, info):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    hole = " sparse" if info.st_blocks * 512 < info.st_size else ""
    return f"{info.st_size} {digest.hexdigest()}{hole}"


def described(path, info):
    kind = stat.S_IFMT(info.st_mode)
    mode = f"{stat.S_IMODE(info.st_mode):04o}"
    owner = account(info.st_uid, pwd.getpwuid) + ":" + account(info.st_gid, grp.getgrgid)
    match kind:
        case stat.S_IFDIR:
            what = f"dir {mode} {owner}"
        case stat.S_IFLNK:
            what = f"link {owner} -> {shown(os.readlink(path))}"
        case stat.S_IFREG:
            what = f"file {mode} {owner} {contents(path, info)}"
        case stat.S_IFBLK | stat.S_IFCHR:
            what = f"device {mode} {owner} {info.st_rdev:x}"
        case _:
            what = f"{'fifo' if kind == stat.S_IFIFO else 'socket'} {mode} {owner}"
    for attribute in sorted(os.listxattr(path, follow_symlinks=False)):
        value = os.getxattr(path, attribute, follow_symlinks=False)
        what += f" {attribute}={base64.b64encode(value).decode()}"
    return what


def walk(folder):
    """Every path below, depth first by name, and each just once more if it is a folder."""
    yield folder
    for name in sorted(os.listdir(folder), key=os.fsencode):
        path = os.path.join(folder, name)
        if LEFT_OUT.fullmatch(path):
            continue
        if os.path.isdir(path) and not os.path.islink(path):
            yield from walk(path)
        else:
            yield path


def files():
    first_of = {}
    for tree in filter(os.path.isdir, TREES):
        for path in walk(tree):
            try:
                info = os.lstat(path)
                line = f"{shown(path)}  {described(path, info)}"
            except FileNotFoundError:
                continue  # gone while we looked
            if info.st_nlink > 1 and not stat.S_ISDIR(info.st_mode):
                first = first_of.setdefault((info.st_dev, info.st_ino), path)
                line += f" links={info.st_nlink}" + (f" same-as={shown(first)}" if first != path else "")
            yield line


def packages():
    return sorted(output("dpkg-query", "--show", "--showformat", "${Package} ${Version} ${db:Status-Abbrev}\n").splitlines())


def units():
    kinds = ("--type=service,socket,timer,path", "--output=json")
    state = {unit["unit_file"]: unit["state"] for unit in json.loads(output("systemctl", "list-unit-files", *kinds))}
    # What is not active is not always in systemd's memory, so 'inactive' is said of all that are not.
    active = {unit["unit"]: unit["active"] for unit in json.loads(output("systemctl", "list-units", "--all", *kinds)) if unit["load"] != "not-found"}
    for name in sorted(state.keys() | active.keys()):
        if not PASSING_UNITS.fullmatch(name) and not name.endswith("@.service"):
            yield f"{name}  {state.get(name, '-')} {active.get(name, 'inactive')}"


def query(database, sql):
    done = subprocess.run(
        ("runuser", "-u", "postgres", "--", "psql", "-XAtq", "-F", "  ", "-v", "ON_ERROR_STOP=1", "-d", database),
        input=sql, capture_output=True, text=True, check=True, cwd="/",
    )
    return done.stdout.splitlines()


# Each row's own digest, sorted: neither the order of rows nor their place in the file counts.
TABLES = r"""
SELECT format('SELECT %L, count(*) || '' rows'', md5(coalesce(string_agg(d, '''' ORDER BY d), '''')) FROM (SELECT md5(t::text) AS d FROM %I.%I t) r',
              format('table %I.%I', schemaname, tablename), schemaname, tablename)
FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY schemaname, tablename \gexec
SELECT format('SELECT %L, last_value, is_called FROM %I.%I', format('sequence %I.%I', schemaname, sequencename), schemaname, sequencename)
FROM pg_sequences ORDER BY schemaname, sequencename \gexec
SELECT 'large object ' || oid, lomowner::regrole, md5(lo_get(oid)) FROM pg_largeobject_metadata ORDER BY oid;
"""


def schema(database):
    """Definitions, owners and grants; without what pg_dump makes up anew each time."""
    text = output("pg_dump", "--schema-only", "--dbname", database, user="postgres") or ""
    lines = (line.rstrip() for line in text.splitlines())
    return (line for line in lines if line and not line.startswith(("--", "\\restrict", "\\unrestrict")))


def databases():
    if output("systemctl", "is-active", "postgresql@*.service") is None or not pathlib.Path("/var/run/postgresql/.s.PGSQL.5432").exists():
        yield "no server runs"
        return
    yield from query("postgres", "SELECT 'role ' || rolname, rolsuper, rolcanlogin, md5(rolpassword) FROM pg_authid WHERE rolname !~ '^pg_' ORDER BY 1")
    for line in query(
        "postgres",
        "SELECT datname, datdba::regrole, pg_encoding_to_char(encoding), datcollate, datctype, datacl"
        " FROM pg_database WHERE datname <> 'template0' ORDER BY 1",
    ):
        name = line.split("  ")[0]
        yield f"database {line}"
        yield from (f"  {entry}" for entry in query(name, TABLES))
        yield from (f"  | {entry}" for entry in schema(name))


def zones():
    for zone in ZONES:
        transfer = output("dig", "@127.0.0.1", "+noall", "+answer", "+onesoa", zone, "AXFR") or ""
        records = sorted(" ".join(line.split()) for line in transfer.splitlines() if line and not line.startswith(";"))
        if not records:
            yield f"{zone}: no transfer"
        for record in records:
            # The serial counts the changes, so it is no part of the state.
            yield re.sub(r"( IN SOA \S+ \S+) \d+", r"\1 SERIAL", record)


def answer(scheme, site, path):
    """What this host's own web server says now, whatever its configuration files hold."""
    try:
        connection = http.client.HTTPConnection("127.0.0.1", 80, timeout=5)
        if scheme == "https":
            raw = socket.create_connection(("127.0.0.1", 443), timeout=5)
            connection.sock = ssl.create_default_context().wrap_socket(raw, server_hostname=site)
        connection.request("GET", path, headers={"Host": site, "Connection": "close"})
        response = connection.getresponse()
        body = response.read()
        return f"{response.status} {response.getheader('Location', '-')} {hashlib.sha256(body).hexdigest()}"
    except (OSError, http.client.HTTPException) as error:
        return type(error).__name__


def answers():
    for scheme in ("http", "https"):
        for site in SITES:
            for path in ("/", AN_AVATAR):
                yield f"{scheme}://{site}{path}  {answer(scheme, site, path)}"


def main():
    sections = [("files", files), ("packages", packages), ("units", units)]
    if pathlib.Path("/etc/apache2").is_dir() and output("systemctl", "is-active", "apache2.service"):
        sections.append(("answers", answers))
    if output("systemctl", "is-enabled", "postgresql.service"):
        sections.append(("databases", databases))
    if output("systemctl", "is-active", "named.service"):
        sections.append(("zones", zones))
    print(f"# host {sys.argv[1]}")
    for title, lines in sections:
        print(f"\n## {title}\n")
        for line in lines():
            print(line)


main()
