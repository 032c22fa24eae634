"""The site, as small as it can be and still be one: pages from the database, images from the disk."""

import json
import pathlib
import re
import socket

import psycopg2

SETTINGS = json.loads(pathlib.Path("/etc/libravatar/settings.json").read_text())
IMAGES = pathlib.Path("/var/lib/libravatar/avatar")
IMAGE = re.compile(r"/avatar/([0-9a-f]{64}|[0-9a-f]{32})")

PAGE = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>Libravatar</title></head>
<body>
<h1>Libravatar</h1>
<p>{users} users with {emails} e-mail addresses and {photos} photos. The newest is {newest}.</p>
</body>
</html>
"""


def counts():
    """What the front page says, read through pgbouncer: without it there is no page."""
    connection = psycopg2.connect(connect_timeout=3, **SETTINGS["database"])
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM emails), (SELECT count(*) FROM photos),"
                " (SELECT name FROM users ORDER BY id DESC LIMIT 1)"
            )
            return dict(zip(("users", "emails", "photos", "newest"), cursor.fetchone()))
    finally:
        connection.close()


def front_page():
    return "200 OK", "text/html; charset=utf-8", PAGE.format(**counts()).encode()


def statistics():
    return "200 OK", "application/json", json.dumps(counts(), ensure_ascii=False).encode()


def image(name):
    try:
        return "200 OK", "image/png", (IMAGES / name).read_bytes()
    except FileNotFoundError:
        return "404 Not Found", "text/plain", b"nobody has this address\n"


def respond(host, path):
    if found := IMAGE.fullmatch(path):
        return image(found.group(1))
    if path != "/":
        return "404 Not Found", "text/plain", b"no such page\n"
    try:
        return statistics() if host.startswith("stats.") else front_page()
    except psycopg2.OperationalError:
        return "503 Service Unavailable", "text/plain", b"no database\n"


def application(environ, start_response):
    status, kind, body = respond(environ.get("HTTP_HOST", ""), environ.get("PATH_INFO", "/"))
    headers = [("Content-Type", kind), ("Content-Length", str(len(body))), ("X-Served-By", socket.gethostname())]
    if environ["wsgi.url_scheme"] == "https":
        headers.append(("Strict-Transport-Security", "max-age=31536000"))
    start_response(status, headers)
    return [body]
