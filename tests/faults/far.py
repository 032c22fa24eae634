"""A line to a host far away, for ssh's ProxyCommand: HOST PORT DELAY LOSS.

Each way takes DELAY seconds. What TCP does about lost packets is done to pieces of a packet's size: one that is lost comes after another
time-out, which doubles with each loss in a row, and what was sent behind it waits for it.
"""

import os
import random
import selectors
import socket
import sys
import time
from collections import deque

PACKET = 1448
# TCP's least time-out, beyond the way there and back.
TIMEOUT = 0.2
# So much is on its way at most.
WINDOW = 64 * PACKET


class Way:
    """One direction: what was read, and when it arrives."""

    def __init__(self, source, sink):
        self.source, self.sink = source, sink
        self.under_way = deque()
        self.size = 0
        self.last = 0.0
        self.ended = False

    def take(self, delay, loss):
        piece = os.read(self.source, PACKET)
        arrival, timeout = time.monotonic() + delay, TIMEOUT + 2 * delay
        while piece and random.random() < loss:
            arrival += timeout
            timeout *= 2
        self.last = max(self.last, arrival)
        self.under_way.append((self.last, piece))
        self.size += len(piece)
        self.ended = not piece

    def give(self):
        """Hands over what has arrived. Whether there may be more."""
        while self.under_way and self.under_way[0][0] <= time.monotonic():
            _, piece = self.under_way.popleft()
            if not piece:
                return False
            self.size -= len(piece)
            while piece:
                piece = piece[os.write(self.sink, piece) :]
        return True


def main():
    host, port, delay, loss = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4])
    line = socket.create_connection((host, port), timeout=20)
    line.setblocking(True)
    ways = [Way(0, line.fileno()), Way(line.fileno(), 1)]
    while True:
        with selectors.DefaultSelector() as selector:
            for way in ways:
                if not way.ended and way.size < WINDOW:
                    selector.register(way.source, selectors.EVENT_READ, way)
            due = [way.under_way[0][0] for way in ways if way.under_way]
            wait = max(0.0, min(due) - time.monotonic()) if due else None
            if selector.get_map():
                for key, _ in selector.select(wait):
                    key.data.take(delay, loss)
            elif wait:
                time.sleep(wait)
        for way in ways:
            if not way.give():
                return


if __name__ == "__main__":
    try:
        main()
    except (BrokenPipeError, ConnectionError):
        sys.exit(1)
