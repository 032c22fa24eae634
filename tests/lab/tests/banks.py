"""Plays the web sites of many banks, each by its name: `banks.py FOLDER`, with NAME.pem (key and chain) for each certificate in there.

One answers as a bank should, others not at all. `/all/N` answers only once N requests are waiting for that at the same time. `/announce` takes
what is posted, `/lost` takes it and hangs up, `/slow` takes it and does not answer before there is FOLDER/go; each notes it in FOLDER/posted, a line
of JSON for each, which `/posted` tells.
"""

import asyncio
import json
import os
import ssl
import sys

HEADER = "Strict-Transport-Security"

# What a name says over TLS: the status and its headers.
SAYS = {
    "plain": (200, [(HEADER, "max-age=31536000")]),
    "zero": (200, [(HEADER, "max-age=0; includeSubDomains")]),
    "without": (200, []),
    "good-first": (200, [(HEADER, "max-age=100"), (HEADER, "max-age=0")]),
    "bad-first": (200, [(HEADER, "max-age=0"), (HEADER, "max-age=100")]),
    "quoted": (200, [(HEADER, 'max-age="31536000"')]),
    "subdomains": (200, [(HEADER, "max-age=31536000 ; includeSubDomains; preload")]),
    "unknown": (200, [("strict-TRANSPORT-security", 'foo; bar = "a;\\"max-age=0"; MAX-AGE = 5; baz=1')]),
    "soon": (200, [(HEADER, "max-age=soon")]),
    "negative": (200, [(HEADER, "max-age=-1")]),
    "twice": (200, [(HEADER, "max-age=100; Max-Age=100")]),
    "ageless": (200, [(HEADER, "includeSubDomains")]),
    "bare": (200, [(HEADER, "max-age")]),
    "commas": (200, [(HEADER, "max-age=100, includeSubDomains")]),
    "semicolons": (200, [(HEADER, ";;max-age=0100;;")]),
    "endless-age": (200, [(HEADER, "max-age=" + "9" * 400)]),
    "forbidden": (403, [(HEADER, "max-age=100")]),
    "elsewhere": (302, [("Location", "https://plain.bank.test:8443/login a"), (HEADER, "max-age=0")]),
    "to-worse": (302, [("Location", "https://without.bank.test:8443/"), (HEADER, "max-age=100")]),
    "down": (302, [("Location", "http://plain-only.bank.test:8080/"), (HEADER, "max-age=100")]),
    "round": (302, [("Location", "/again"), (HEADER, "max-age=100")]),
    "self-signed": (200, [(HEADER, "max-age=100")]),
    "expired": (200, [(HEADER, "max-age=100")]),
    "misnamed": (200, [(HEADER, "max-age=100")]),
}

# And without TLS.
SAYS_PLAINLY = {
    "plain-only": (200, [(HEADER, "max-age=100")]),
    "moved": (301, [("Location", "https://plain.bank.test:8443/")]),
}

waiting = {}
peak = 0
in_flight = 0


async def head_of(reader):
    first = await reader.readexactly(1)
    if first == b"\x16":
        raise ValueError("TLS where none is")
    head = first + await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.decode().strip().split("\r\n")
    headers = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return *first.split(" ")[:2], headers, body.decode()


async def answer(writer, status, headers, body):
    lines = [f"HTTP/1.1 {status} -", *(f"{name}: {value}" for name, value in headers), f"Content-Length: {len(body)}", "", body]
    writer.write("\r\n".join(lines).encode())
    await writer.drain()


async def all_together(count):
    """Waits until so many wait; says whether that came about."""
    barrier = waiting.setdefault(count, asyncio.Barrier(count))
    try:
        await asyncio.wait_for(barrier.wait(), 15)
        return True
    except (asyncio.BrokenBarrierError, TimeoutError):
        return False


def site(says):
    async def talk(reader, writer):
        global in_flight, peak
        in_flight += 1
        peak = max(peak, in_flight)
        try:
            method, path, headers, body = await head_of(reader)
            name = headers["host"].split(".")[0]
            if path in ("/announce", "/lost", "/slow"):
                token = headers.get("authorization")
                with open(f"{sys.argv[1]}/posted", "a") as posted:
                    posted.write(json.dumps({"method": method, "token": token, "body": body}) + "\n")
                while path == "/slow" and not os.path.exists(f"{sys.argv[1]}/go"):
                    await asyncio.sleep(0.05)
                if path != "/lost":
                    await answer(writer, 201, [("X-Token", token)], f"taken from {token}")
            elif path == "/posted":
                noted = f"{sys.argv[1]}/posted"
                await answer(writer, 200, [], open(noted).read() if os.path.exists(noted) else "")
            elif path == "/peak":
                await answer(writer, 200, [], str(peak))
                peak = 0
            elif path.startswith("/all/"):
                came = await all_together(int(path.split("/")[2]))
                await answer(writer, 200, [(HEADER, "max-age=100")] if came else [], "")
            elif name == "drip":
                for byte in b"HTTP/1.1 200 OK\r\nX-Filler: " + b"x" * 100:
                    writer.write(bytes([byte]))
                    await writer.drain()
                    await asyncio.sleep(1)
            elif name == "silent":
                await asyncio.sleep(100)
            elif not headers["user-agent"].startswith("Mozilla/5.0 "):
                await answer(writer, 400, [], "no browser")
            else:
                status, headers = says[name]
                await answer(writer, status, headers, "x" * 1000)
        except ValueError:
            await answer(writer, 400, [], "speak plainly")
        except (OSError, asyncio.IncompleteReadError):
            pass  # Whoever has seen enough hangs up.
        finally:
            in_flight -= 1
            writer.close()

    return talk


def context(folder, name):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{folder}/{name}.pem")
    return context


async def main(folder):
    usual = context(folder, "bank")
    others = {name: context(folder, name) for name in ["self-signed", "expired", "misnamed"]}

    def choose(socket, name, _):
        socket.context = others.get((name or "").split(".")[0], usual)

    usual.sni_callback = choose

    async def mute(_reader, _writer):
        await asyncio.sleep(100)

    many = {"backlog": 1000}
    await asyncio.start_server(site(SAYS), None, 8443, ssl=usual, **many)
    await asyncio.start_server(site(SAYS_PLAINLY), None, 8080, **many)
    await asyncio.start_server(mute, None, 8444, **many)
    await asyncio.Event().wait()


asyncio.run(main(sys.argv[1]))
