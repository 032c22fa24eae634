#!/usr/bin/python3
"""images.py ROOT: the site's images, the same at every build, with all that a copy of a tree could lose."""

import hashlib
import os
import pathlib
import pwd
import shutil
import struct
import subprocess
import sys
import zlib

ROOT = pathlib.Path(sys.argv[1])
AVATAR, USER = ROOT / "avatar", ROOT / "user"


def png(seed: str) -> bytes:
    """A picture of 8 by 8 pixels whose colours come from the seed."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    colours = hashlib.shake_256(seed.encode()).digest(8 * 8 * 3)
    rows = b"".join(b"\0" + colours[row * 24 : row * 24 + 24] for row in range(8))
    header = struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def write(path: pathlib.Path, data: bytes, mode: int, owner: str, group: str) -> None:
    path.write_bytes(data)
    shutil.chown(path, owner, group)
    path.chmod(mode)


def avatars() -> None:
    """An image an address, under two names: older programs ask by MD5, newer ones by SHA-256."""
    for number in range(1, 201):
        address = f"person{number}@example.{('org', 'com', 'net')[number % 3]}"
        image = AVATAR / hashlib.md5(address.encode()).hexdigest()
        write(image, png(address), 0o644, "libravatar-img", "libravatar-img")
        os.link(image, AVATAR / hashlib.sha256(address.encode()).hexdigest())


def uploads() -> None:
    for number in range(1, 221):
        name = hashlib.md5(f"photo{number}".encode()).hexdigest() + ".png"
        owner = ("www-data", "libravatar-img", "libravatar-master")[number % 3]
        write(USER / name, png(name), (0o644, 0o664, 0o604, 0o444)[number % 4], owner, "www-data")
        os.utime(USER / name, (1_300_000_000 + number * 86_399,) * 2)


def oddities() -> None:
    odd = USER / "odd names"
    odd.mkdir()
    for name in ("with  two spaces", "-leading-dash", "new\nline", "tab\there", "naïve-名前-🦆", "$(true) `true` 'x' \"y\"",
                 "star*?[a]", "back\\slash", ".hidden", "trailing space ", "#hash", "percent%20"):
        write(odd / name, png(name), 0o644, "www-data", "libravatar-img")
    # A name that is no UTF-8 at all: old uploads have such.
    write(odd / os.fsdecode(b"latin-1-\xe9t\xe9"), png("latin"), 0o644, "www-data", "www-data")

    (USER / "newest").symlink_to("odd names/new\nline")
    (USER / "gone").symlink_to("removed/long ago.png")
    (USER / "absolute").symlink_to("/var/lib/libravatar/avatar")
    for link, owner in (("gone", "libravatar-img"), ("newest", "www-data")):
        os.lchown(USER / link, pwd.getpwnam(owner).pw_uid, pwd.getpwnam(owner).pw_gid)

    # Three names in three folders for one file.
    (USER / "albums" / "2018" / "empty").mkdir(parents=True)
    write(USER / "albums" / "cover.png", png("cover"), 0o640, "www-data", "libravatar-master")
    os.link(USER / "albums" / "cover.png", USER / "albums" / "2018" / "cover.png")
    os.link(USER / "albums" / "cover.png", USER / "cover.png")
    shutil.chown(USER / "albums" / "2018", "libravatar-img", "www-data")
    (USER / "albums" / "2018").chmod(0o2775)
    (USER / "albums" / "2018" / "empty").chmod(0o1777)

    write(USER / "nothing.png", b"", 0o644, "www-data", "www-data")
    sparse = USER / "disk.img"
    with sparse.open("wb") as file:
        file.seek(1 << 20)
        file.write(b"the end of a file that is mostly hole")
    shutil.chown(sparse, "libravatar-img", "libravatar-img")
    sparse.chmod(0o644)

    shared = USER / "shared.png"
    write(shared, png("shared"), 0o644, "libravatar-img", "libravatar-img")
    subprocess.run(["setfacl", "-m", "u:libravatar-master:rw", shared], check=True)
    os.setxattr(shared, "user.comment", "kept for Zoë".encode())


def main() -> None:
    for folder in (AVATAR, USER):
        folder.mkdir()
        shutil.chown(folder, "libravatar-img", "www-data")
        folder.chmod(0o775)
    avatars()
    uploads()
    oddities()


main()
