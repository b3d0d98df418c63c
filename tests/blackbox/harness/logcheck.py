"""Compares the access log with what clients saw: every exchange has exactly one line, with the right end
word."""
import collections

from harness.waiting import TooLate, eventually


def lines_by_id(daemon):
    """{request id: its lines}"""
    lines = collections.defaultdict(list)
    for line in daemon.access_log():
        lines[line.get("request_id")].append(line)
    return lines


def demand_one_line_each(daemon, ids, within=10.0):
    """Every id has one line; the lines by id."""
    ids = set(ids)

    def complete():
        lines = lines_by_id(daemon)
        return lines if ids <= lines.keys() else None

    try:
        lines = eventually(complete, within)
    except TooLate:
        missing = sorted(ids - lines_by_id(daemon).keys())
        raise AssertionError(f"{len(missing)} exchanges without a line: {missing[:5]}") from None
    surplus = {key: found for key, found in lines.items() if key in ids and len(found) != 1}
    assert not surplus, f"{len(surplus)} exchanges with several lines: {list(surplus.items())[:2]}"
    return {key: lines[key][0] for key in ids}
