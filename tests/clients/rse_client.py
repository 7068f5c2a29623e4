"""RSE clients by the guide: writers that retry until they are answered, readers whose cursor is the last id they saw.

Writers retry with an idempotency key, since the broker is killed under them. Ends well when every reader saw the whole log of
its selection, each id once and rising.
"""

import json
import sys
import threading
import time
import urllib.error
import urllib.request
import uuid

BASE = sys.argv[1]
WRITERS, EVENTS = 3, 150
DEADLINE = time.monotonic() + 100


def call(path, agent, body=None, key=None):
    """One request, repeated while the broker is away."""
    headers = {"User-Agent": agent}
    if key:
        headers["Idempotency-Key"] = key
    while True:
        try:
            request = urllib.request.Request(BASE + path, data=body, headers=headers)
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            if error.code < 500:
                raise
        except OSError:
            pass
        if time.monotonic() > DEADLINE:
            raise TimeoutError("the broker stayed away")
        time.sleep(0.05)


def write(number):
    agent = f"writer/1 uuid/{uuid.uuid4()}"
    for n in range(EVENTS):
        body = json.dumps({"Event": "Counted", "Data": [number, n]}).encode()
        channel = ["/shop", "/shop/eu", "/shop/eu/orders"][n % 3]
        call(channel, agent, body, key=str(uuid.uuid4()))


def read(channel, events, done, seen):
    agent = f"reader/1 uuid/{uuid.uuid4()}"
    last = 0
    while True:
        ended = done.is_set()
        status, body = call(f"{channel}?events={events}&last-known-id={last}&max-events=7", agent)
        page = json.loads(body)["events"] if status == 200 else []
        for event in page:
            assert event["id"] > last, (event["id"], last)
            last = event["id"]
            seen.append(tuple(event["data"]["Data"]))
        if ended and not page:
            return
        time.sleep(0.002)


done = threading.Event()
readers = [("/shop/eu/orders", "exact"), ("/shop/eu/orders", "parent"), ("/shop", "all"), ("/shop/eu", "all")]
seen = [[] for _ in readers]
threads = [threading.Thread(target=read, args=(*reader, done, list_)) for reader, list_ in zip(readers, seen)]
writers = [threading.Thread(target=write, args=(number,)) for number in range(WRITERS)]
for thread in threads + writers:
    thread.start()
for thread in writers:
    thread.join()
done.set()
for thread in threads:
    thread.join()

every = {(number, n) for number in range(WRITERS) for n in range(EVENTS)}
expected = [
    {pair for pair in every if pair[1] % 3 == 2},
    every,
    every,
    {pair for pair in every if pair[1] % 3 != 0},
]
for reader, got, want in zip(readers, seen, expected):
    assert len(got) == len(set(got)), f"{reader} saw something twice"
    assert set(got) == want, f"{reader} missed {sorted(want - set(got))[:5]}"
print("every reader saw the whole log")
