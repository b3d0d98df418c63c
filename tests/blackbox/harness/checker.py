"""Judges a run: every request answered exactly once, rightly, by a pool of the split; every POST executed
exactly once; no connection closed or reset unannounced. Knows no sockets: the clients of load.py report to
it."""
import collections
import dataclasses


@dataclasses.dataclass
class Exchange:
    """One request as its client saw it."""

    id: str
    method: str
    target: str
    began: float  # just before its first byte was written
    ended: float = 0.0
    status: int = 0
    pool: str = ""
    server: str = ""
    answer_begun: bool = False
    trouble: str = ""  # why there is no whole answer: "reset", "closed before the end of the body", "wrong body", …

    def __str__(self):
        took = (self.ended - self.began) * 1000
        return f"{self.method} {self.target} [{self.id}] → {self.status} of {self.server or '?'} after {took:.0f} ms"


class Checker:
    # How many faults of one kind are kept in words.
    KEPT = 5

    def __init__(self, timeline):
        self.timeline = timeline
        self.exchanges = 0
        self.ids = []
        self.failed = []  # exchanges without a whole 2xx
        self.by_pool = collections.Counter()
        self.by_method = collections.Counter()
        self.faults = collections.defaultdict(list)
        self.counts = collections.Counter()
        self._posts = {}  # id → exchange, of those not settled
        self._executed = collections.defaultdict(list)  # id → (server, begun, executed)

    def fault(self, kind, words):
        self.counts[kind] += 1
        if len(self.faults[kind]) < self.KEPT:
            self.faults[kind].append(words)

    def record(self, exchange):
        self.exchanges += 1
        self.ids.append(exchange.id)
        if exchange.trouble or not 200 <= exchange.status < 300:
            self.failed.append(exchange)
        self.by_pool[exchange.pool] += 1
        self.by_method[exchange.method] += 1
        if exchange.method == "POST":
            self._posts[exchange.id] = exchange
        if exchange.trouble:
            self.fault(exchange.trouble, str(exchange))
        elif not 200 <= exchange.status < 300:
            self.fault("not 2xx", str(exchange))
        else:
            self._check_pool(exchange)

    def _check_pool(self, exchange):
        allowed = self.timeline.allowed(exchange.began, exchange.ended)
        if exchange.pool not in allowed:
            self.fault("outside the split", f"{exchange}: {exchange.pool!r}, not {sorted(allowed)}")

    def connection_fault(self, kind, words):
        """Something a connection suffered between exchanges: closed unannounced, bytes nobody asked for."""
        self.fault(kind, words)

    def note_executed(self, server, ids):
        """What one server says it executed: {id: (begun, executed)}."""
        for post, (begun, executed) in ids.items():
            self._executed[post].append((server, begun, executed))

    def settle(self):
        """Compares what clients sent with what servers executed. The load must be at rest and every server asked."""
        for post, exchange in self._posts.items():
            runs = self._executed.pop(post, [])
            begun = sum(run[1] for run in runs)
            executed = sum(run[2] for run in runs)
            answered = 200 <= exchange.status < 300 and not exchange.trouble
            if begun > 1 or executed > 1:
                self.fault("POST executed twice", f"{exchange}: {runs}")
            elif answered and executed != 1:
                self.fault("POST answered, not executed", f"{exchange}: {runs}")
        for post, runs in self._executed.items():
            self.fault("POST nobody sent", f"{post}: {runs}")
        self._posts.clear()
        self._executed.clear()

    def verdict(self):
        """Nothing if all is well; else every kind of fault with its count and some examples."""
        lines = []
        for kind, count in self.counts.most_common():
            lines.append(f"{count} × {kind}")
            lines += [f"    {words}" for words in self.faults[kind]]
        return "\n".join(lines)

    def demand(self, least_exchanges=1, pools=()):
        """Asserts that nothing is wrong and that enough was looked at."""
        assert not self.counts, f"{self.exchanges} exchanges:\n{self.verdict()}"
        assert self.exchanges >= least_exchanges, f"only {self.exchanges} exchanges"
        for pool in pools:
            assert self.by_pool[pool], f"{pool} answered nothing: {dict(self.by_pool)}"

    def summary(self):
        pools = ", ".join(f"{pool} {count}" for pool, count in sorted(self.by_pool.items()))
        methods = ", ".join(f"{method} {count}" for method, count in sorted(self.by_method.items()))
        return f"{self.exchanges} exchanges ({methods}; {pools}), {self.timeline.announcements} switches"
