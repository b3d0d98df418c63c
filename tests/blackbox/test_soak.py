"""A long run of everything at once: clients of every kind, servers that fail by dice, switches, reloads, rotations.
Afterwards nothing is left: no exchange, no descriptor, no memory; and each exchange has its line."""
import asyncio
import collections
import random
import signal

from harness.daemon import shop
from harness.logcheck import lines_by_id
from harness.mixed import MixedClients
from harness.moody import MoodyOrigin
from harness.waiting import eventually

CLIENTS = 24
MIB = 1024 * 1024
REMEMBERED = 500  # switches: the events, history and operations that a daemon keeps in memory are full then
# What the heap may keep of the busiest moments: half a KiB an exchange in a minute, and no more in ten; and connections that the
# control plane holds for a moment.
SPARE_MEMORY, SPARE_DESCRIPTORS = 12 * MIB, 2
TIMEOUTS = {"connect": "1s", "response": "3s", "between_bytes": "3s", "request_head": "3s", "request_body": "12s", "write": "5s"}
SPLITS = (["blue"], ["green"], ["blue", "green"])


def config_of(origins, extra=0):
    pools = collections.defaultdict(list)
    for number, origin in enumerate(origins):
        pools[origin.pool].append({"address": origin.address, "name": f"{origin.pool}-{number}"})
    config = shop(pools, timeouts=TIMEOUTS, switch={"drain": "1s", "stream_drain": "2s"})
    for number in range(extra):
        name = f"extra{number}"
        config["services"][name] = {**config["services"]["shop"], "hosts": [f"{name}.test"]}
    return config


async def operate(daemon, origins, dice, stop):
    """Switches, reloads and rotates, without pause."""
    done = collections.Counter()
    while not stop.is_set():
        act = dice.choices(("switch", "reload", "rotate"), (6, 3, 1))[0]
        if act == "switch":
            answer = await asyncio.to_thread(daemon.control.switch, *dice.choice(SPLITS), until="switched")
            assert answer.ok, answer
        elif act == "reload":
            daemon.write_config(config_of(origins, extra=dice.randint(0, 5)))
            answer = await asyncio.to_thread(daemon.control.post, "/v1/reload")
            assert answer.ok, answer
        else:
            daemon.child.send(signal.SIGUSR1)
        done[act] += 1
        try:
            await asyncio.wait_for(stop.wait(), dice.random() * 0.6)
        except asyncio.TimeoutError:
            pass
    return done


async def soak(daemon, origins, clients, seconds):
    """The resident memory at rest: when the heap has seen most sizes, and at the end."""
    for origin in origins:
        origin.begin()
    stop, resident = asyncio.Event(), []
    operator = asyncio.create_task(operate(daemon, origins, random.Random(5), stop))
    for share in (0.4, 0.6):
        clients.go()
        await asyncio.wait({operator}, timeout=seconds * share)
        await clients.rest()
        await asyncio.to_thread(daemon.wait_until_idle, 60)
        resident.append(daemon.resident_bytes())
    stop.set()
    print(f"{dict(await operator)}, {sum(origin.faults for origin in origins)} faults")
    for origin in origins:
        await origin.end()
    return resident


def demand_lines(daemon, clients):
    """Lines = exchanges: by the daemon's own count, one for each answered id, at most one for any id."""
    eventually(lambda: len(daemon.access_log()) == daemon.control.status()["finished"], 20, "a line for each exchange")
    lines = lines_by_id(daemon)
    surplus = [name for name in clients.sent if len(lines.get(name, ())) > 1]
    missing = [name for name in clients.answered if name not in lines]
    assert not surplus and not missing, f"with several lines {surplus[:5]}, without one {missing[:5]}"
    return collections.Counter(line["end"] for found in lines.values() for line in found)


def test_soak(stage, is_long, is_sanitized):
    seconds = 600 if is_long else 30 if is_sanitized else 60
    origins = [MoodyOrigin(pool, seed) for seed, pool in enumerate(("blue", "blue", "green", "green"))]
    daemon = stage.daemon(config_of(origins))
    descriptors = daemon.descriptors()
    for number in range(REMEMBERED):
        assert daemon.control.switch("blue" if number % 2 else "green", until="switched").ok
    clients = MixedClients(daemon.port, CLIENTS, seed=6)
    before, after = asyncio.run(soak(daemon, origins, clients, seconds))
    print("\n".join(f"{count:7} {words}" for words, count in sorted(clients.outcomes.items())))
    assert not clients.wrong, clients.wrong[:5]
    ends = demand_lines(daemon, clients)
    print(dict(ends), f"resident {before / MIB:.1f} → {after / MIB:.1f} MiB")
    assert ends["ok"] > sum(ends.values()) / 2
    eventually(lambda: daemon.descriptors() <= descriptors + SPARE_DESCRIPTORS, 20, "the descriptors' return")
    if not is_sanitized:
        assert after <= before + SPARE_MEMORY, f"{before / MIB:.1f} → {after / MIB:.1f} MiB"
    daemon.stop()
